"""Django's registration of the `config` app."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"
