"""Django's admin for the people who run the cinema: one module for each part of their work."""

from django.contrib import admin

from bookings.admin import catalogue, cleanup, seat_history

__all__ = ["catalogue", "cleanup", "seat_history"]

admin.site.site_header = admin.site.site_title = "Housefull"
