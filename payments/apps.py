"""Django's registration of the `payments` app, and what it hears of the bookings' outbox."""

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "payments"
    verbose_name = "Money"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register what the outbox is to call."""
        from payments import cleanup, handlers, waypoints  # noqa: F401 — waypoints names its points
        from payments.services import reporting

        handlers.register()
        cleanup.register()
        reporting.register()
