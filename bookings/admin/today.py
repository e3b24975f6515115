"""Today: what somebody who opens the admin should see, as far as his role goes."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from bookings.desk import cards_for
from bookings.selectors.today import get_today


def add_today(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The theme's hook: what the first page shows beside its menu."""
    return context | _today(request) | {"title": "Today"}


def today_view(request: HttpRequest) -> HttpResponse:
    """What moves on that page, asked for again every few seconds."""
    return TemplateResponse(request, "bookings/admin/today_now.html", _today(request))


def _today(request: HttpRequest) -> dict[str, Any]:
    now = timezone.now()  # noqa: TID251  (views read the clock)
    sees_shows = request.user.has_perm("bookings.view_show")
    return {
        "now": now,
        "cards": cards_for(request.user.has_perm, now=now),
        "theatres": get_today(now=now) if sees_shows else [],
        "sees_shows": sees_shows,
    }
