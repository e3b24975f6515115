"""Every URL of the house, composed from the apps."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from config import health
from config.api import api, root_calls
from payments.http.webhook import webhook

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.prometheus),
    path("admin/", include("frontend.staff_urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", api.urls),
    path("", root_calls.urls),
    path("payments/webhook/", webhook),
    path("", include("frontend.urls")),
]
