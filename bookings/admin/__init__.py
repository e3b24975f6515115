"""Django's admin for the people who run the cinema: one module for each part of their work.

What it looks like is config/admin_theme.py; what each role may do, services/roles.py.
"""

from django.contrib import admin

from bookings.admin import catalogue, cleanup, log, people, seat_history, shows, tickets

__all__ = ["catalogue", "cleanup", "log", "people", "seat_history", "shows", "tickets"]

admin.site.index_template = "bookings/admin/today.html"
