"""The pages of ushers: which door they stand at, and letting people in there. For staff with the permission only."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from bookings import api as bookings

P = ParamSpec("P")


def for_ushers(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Only for who may let people in; nobody signed in is led to the sign-in first."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not request.user.has_perm(bookings.CHECK_IN):
            raise PermissionDenied
        get_token(request)  # Its cookie comes too: letting people in needs it.
        return view(request, *args, **kwargs)

    return guarded


@require_safe
@never_cache
@for_ushers
def choose_door(request: HttpRequest) -> HttpResponse:
    """Today's shows by theatre."""
    now = _now()
    theatres: dict[tuple[str, str], list[bookings.ShowSummary]] = defaultdict(list)
    for show in bookings.list_doors(now):
        theatres[show.city, show.theatre_name].append(show)
    doors = [
        {"city": city, "name": name, "shows": [{"show": show, "is_open": now >= _opens(show)} for show in shows]}
        for (city, name), shows in sorted(theatres.items())
    ]
    return render(request, "frontend/doors.html", {"doors": doors})


@require_safe
@never_cache
@for_ushers
def door(request: HttpRequest, show_id: int) -> HttpResponse:
    """The door of one show."""
    try:
        detail = bookings.get_show(show_id)
    except bookings.NotFound:
        raise Http404 from None
    counts = bookings.count_door(show_id)
    page_data = {
        "show": show_id,
        "theatre": detail.show.theatre_slug,
        "zone": detail.show.time_zone,
        "counts": {"admitted": counts.admitted, "expected": counts.expected, "as_of_ms": counts.as_of_ms},
    }
    context = {"show": detail.show, "movie": detail.movie, "opens_at": _opens(detail.show), "page_data": page_data}
    return render(request, "frontend/door.html", {**context, "counts": counts})


def _opens(show: bookings.ShowSummary) -> datetime:
    return show.starts_at - timedelta(minutes=settings.DOORS_OPEN_MINUTES)


def _now() -> datetime:
    return timezone.now()  # noqa: TID251  (views are where the clock is read)
