"""Money in Django's admin: everything to be read, nothing to be edited, and acts for those who may.

Records are records.py, a booking with its timeline bookings.py, what is open open_money.py, acts acts.py; what an act
does is services/staff.py.
"""

from django.contrib import admin

from payments.admin import bookings, records

__all__ = ["bookings", "records"]

admin.site.index_template = "payments/admin/index.html"
