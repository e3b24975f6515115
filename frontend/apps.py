"""Django's registration of the `frontend` app."""

from django.apps import AppConfig


class FrontendConfig(AppConfig):
    name = "frontend"
