"""Django's registration of the `frontend` app, and what it hears of the bookings' outbox."""

from django.apps import AppConfig


class FrontendConfig(AppConfig):
    name = "frontend"
    verbose_name = "Letters"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register what the outbox is to call."""
        from frontend import handlers

        handlers.register()
