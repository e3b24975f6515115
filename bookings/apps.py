"""Django's registration of the `bookings` app."""

from django.apps import AppConfig


class BookingsConfig(AppConfig):
    name = "bookings"
    verbose_name = "Cinema"

    def ready(self) -> None:
        from bookings.services import show_cancelling
        from bookings.services.catalogue import connect_invalidation
        from bookings.services.outbox import on_event
        from bookings.services.reports.jobs import REPORT_ASKED, send_left_behind
        from bookings.services.roles import connect_roles
        from bookings.services.tickets import issue_on_confirmation

        connect_invalidation()
        connect_roles()
        on_event("booking.confirmed", issue_on_confirmation)
        show_cancelling.register()
        on_event(REPORT_ASKED, send_left_behind)
