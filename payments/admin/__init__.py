"""Money in Django's admin: everything to be read, nothing to be edited, and acts for those who may.

Records are records.py, a booking with its timeline bookings.py, what is open open_money.py, acts acts.py, the end of
a show cancelling.py; what an act does is services/staff.py.
"""

from bookings.api import offer_card, offer_log, sql_file
from payments.admin import bookings, cancelling, records
from payments.admin.open_money import MAY_LOOK, open_money_card

__all__ = ["bookings", "cancelling", "records"]

offer_card(MAY_LOOK, open_money_card, order=10)
offer_log("money", sql_file("payments", "staff_log").as_string())
