"""Django's registration of the `bookings` app."""

from django.apps import AppConfig


class BookingsConfig(AppConfig):
    name = "bookings"

    def ready(self) -> None:
        from bookings.services.catalogue import connect_invalidation

        connect_invalidation()
