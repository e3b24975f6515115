"""Every URL of the house, composed from the apps."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from config import health
from config.api import api, root_calls
from payments.http.webhook import webhook

# Django tries them one after another: what is called most comes first.
urlpatterns: list[URLPattern | URLResolver] = [
    path("payments/webhook/", webhook),
    path("api/v1/", api.urls),
    path("", root_calls.urls),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.prometheus),
    path("admin/", include("frontend.staff_urls")),
    path("admin/", admin.site.urls),
    path("", include("frontend.urls")),
]
