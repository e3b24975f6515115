"""Composition: settings, ASGI, URLs and Celery. Imports all the house; nobody imports it."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
