"""Django's registration of the `bookings` app."""

from django.apps import AppConfig


class BookingsConfig(AppConfig):
    name = "bookings"
