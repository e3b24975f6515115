"""Django's registration of the `frontend` app, and what it hears of the bookings' outbox."""

from django.apps import AppConfig


class FrontendConfig(AppConfig):
    name = "frontend"
    verbose_name = "Letters"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register what the outbox is to call, what clean-up takes, and what staff see of letters."""
        from frontend import handlers
        from frontend.letters import cleanup, desk

        handlers.register()
        cleanup.register()
        desk.register()
