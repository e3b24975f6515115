"""The pages of screens and the two calls by which one is paired. Who sees which frames is decided in realtime."""

import time
from datetime import datetime
from functools import cache
from typing import Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_POST, require_safe

from bookings import api as bookings
from frontend.kiosk_fonts import FONTS, read_font
from frontend.kiosk_page import booking_path, door_data, lobby_data, look_from, page_version, path_of
from frontend.seat_page import show_context
from frontend.tickets.qr import qr_svg
from realtime import api as realtime

# A screen asks once in ten minutes; a whole lobby that is switched on asks at once.
PAIRINGS_PER_MINUTE: Final = 30
FONT_SECONDS: Final = 365 * 24 * 3600
BEARER: Final = "Bearer "


@require_safe
@never_cache
def kiosk(request: HttpRequest) -> HttpResponse:
    """A screen that does not know yet what it is: it shows a code, or goes where it belongs."""
    pair_path = reverse("frontend:pair-screen")
    data = {
        "page": "pairing",
        "begin": reverse("frontend:begin-pairing"),
        "state": reverse("frontend:screen-state"),
        "pair": request.build_absolute_uri(pair_path),
        "version": page_version(),
        "look": look_from(request.GET),
    }
    pair_url = request.build_absolute_uri(pair_path)
    context = {"page_data": data, "pair_url": pair_url.partition("://")[2], "qr": qr_svg(pair_url)}
    return render(request, "frontend/kiosk/pairing.html", context)


@require_safe
@never_cache
@gzip_page
def lobby_board(request: HttpRequest, slug: str) -> HttpResponse:
    """The lobby board of a theatre; anybody may look at it."""
    theatre = next((each for each in bookings.list_theatres() if each.slug == slug), None)
    if theatre is None:
        raise Http404
    look = look_from(request.GET)
    book_url = request.build_absolute_uri(booking_path(theatre))
    context = {
        "theatre": theatre,
        "look": look,
        "page_data": lobby_data(theatre, look, now=_now()),
        "book_host": request.get_host(),
        "qr": qr_svg(book_url),
    }
    return render(request, "frontend/kiosk/lobby.html", context)


@require_safe
@never_cache
@gzip_page
def door_display(request: HttpRequest, show_id: int) -> HttpResponse:
    """The door display of a show: its whole live map, to look at."""
    picture: bookings.SeatPicture | None
    try:
        detail = bookings.get_show(show_id)
        picture = bookings.get_seat_picture(show_id, holder="")
    except bookings.NotFound:
        raise Http404 from None
    except bookings.NotReady:
        picture = None
    now, look = _now(), look_from(request.GET)
    seats = show_context(detail, picture=picture, now=now)
    book_url = request.build_absolute_uri(reverse("frontend:show", args=[show_id]))
    context = {
        **seats,
        "look": look,
        "page_data": {**seats["page_data"], **door_data(detail.show, look, now=now)},
        "qr": qr_svg(book_url),
    }
    return render(request, "frontend/kiosk/door.html", context)


@require_safe
def font(request: HttpRequest, name: str) -> HttpResponse:
    """One of the faces of boards: whatever fonts a player has, a board fits and speaks Hindi."""
    if name not in FONTS:
        raise Http404
    response = HttpResponse(read_font(name), content_type="font/ttf")
    response["Cache-Control"] = f"public, max-age={FONT_SECONDS}, immutable"
    return response


# No cookie counts for these two, so there is nothing that a strange page could make a browser do with them.
@csrf_exempt
@require_POST
@never_cache
def begin_pairing(request: HttpRequest) -> HttpResponse:
    """A code to show, and the secret by which the screen is known once somebody has entered the code."""
    address = bookings.client_address(
        str(request.META.get("REMOTE_ADDR", "")), request.headers.get("X-Forwarded-For", ""), settings.TRUSTED_PROXIES
    )
    household = bookings.household(address)
    try:
        if wait_ms := _limit().wait_ms(household, time.monotonic()):
            raise bookings.RateLimited("Too many screens from this address.", retry_after_ms=wait_ms)
        pairing = realtime.begin_pairing(household=household, now=_now())
    except bookings.RateLimited as refused:
        return JsonResponse(refused.as_reply(), status=429)
    reply = {
        "code": pairing.code,
        "secret": pairing.secret,
        "expires_ms": pairing.expires_ms,
        "server_ms": round(_now().timestamp() * 1000),
    }
    return JsonResponse(reply, status=201)


@require_safe
@never_cache
def screen_state(request: HttpRequest) -> HttpResponse:
    """What has become of the screen that asks, by its secret: `waiting`, `paired` with its page, or neither (404)."""
    header = request.headers.get("Authorization", "")
    secret = header.removeprefix(BEARER) if header.startswith(BEARER) else ""
    state = realtime.look_up(secret, now=_now())
    if isinstance(state, realtime.Waiting):
        return JsonResponse({"status": "waiting", "expires_ms": state.expires_ms})
    if state is None or state.revoked:
        detail = "This screen was signed off." if state else "No screen is known by this secret."
        return JsonResponse({"code": "not_found", "detail": detail, "retryable": False}, status=404)
    return JsonResponse({"status": "paired", "name": state.name, "path": path_of(state, now=_now())})


@cache
def _limit() -> bookings.RateLimit:
    return bookings.RateLimit(0 if settings.LIMIT_PROFILE == "bench" else PAIRINGS_PER_MINUTE)


def _now() -> datetime:
    return timezone.now()  # noqa: TID251  (views are where the clock is read)
