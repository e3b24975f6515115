"""Django's registration of the `config` app."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        """Let every command run the house's own checks."""
        from config.checks import register_checks

        register_checks()
