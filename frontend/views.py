"""The pages: each view asks bookings for values, picks a template, and decides nothing else."""

from collections import defaultdict
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from bookings import api as bookings
from frontend.identity import with_holder
from frontend.pay_page import pay_context
from frontend.seat_page import show_context

# A poster's address changes with its drawing (poster_stamp), so a browser may keep it for ever.
POSTER_SECONDS = 365 * 24 * 3600


@require_safe
def now_showing(request: HttpRequest) -> HttpResponse:
    """Every movie with a show to come, with today's times."""
    now = _now()
    cities = bookings.list_cities()
    city = _chosen_city(request, cities)
    times = defaultdict(list)
    for show in bookings.list_shows(now=now, city=city):
        times[show.movie_slug].append(show)
    movies = [
        {"movie": entry.movie, **_todays_times(times[entry.movie.slug], now)}
        for entry in bookings.list_movies_now_showing(now=now, city=city)
    ]
    context = {"movies": movies, "cities": cities, "city": city, "now": now}
    return render(request, "frontend/now_showing.html", context)


@require_safe
def movie(request: HttpRequest, slug: str) -> HttpResponse:
    """One movie: its facts, and its times on one date by theatre."""
    now = _now()
    cities = bookings.list_cities()
    city = _chosen_city(request, cities)
    try:
        page = bookings.get_movie_page(slug, now=now, city=city)
    except bookings.NotFound:
        raise Http404 from None
    chosen = next((day for day in page.days if day.date.isoformat() == request.GET.get("date")), None)
    context = {
        "movie": page.movie,
        "days": page.days,
        "day": chosen or next(iter(page.days), None),
        "cities": cities,
        "city": city,
        "now": now,
    }
    return render(request, "frontend/movie.html", context)


@require_safe
def poster(request: HttpRequest, slug: str) -> HttpResponse:
    """The movie's poster, an SVG that may run nothing."""
    try:
        drawing = bookings.get_poster(slug)
    except bookings.NotFound:
        raise Http404 from None
    if not drawing:
        raise Http404
    response = HttpResponse(drawing, content_type="image/svg+xml")
    response["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    response["Cache-Control"] = f"public, max-age={POSTER_SECONDS}, immutable"
    return response


@require_safe
@never_cache
@with_holder
def show(request: HttpRequest, holder: str, show_id: int) -> HttpResponse:
    """The live seat map of one show, drawn as it is at this moment."""
    try:
        context = show_context(show_id, holder=holder, now=_now())
    except bookings.NotFound:
        raise Http404 from None
    return render(request, "frontend/show.html", context)


@require_safe
@never_cache
@with_holder
def pay(request: HttpRequest, holder: str, public_id: UUID) -> HttpResponse:
    """What is held, what it costs and how long it stays: the page where payment will begin."""
    try:
        context = pay_context(public_id, holder=holder, now=_now())
    except bookings.NotFound:
        raise Http404 from None
    return render(request, "frontend/pay.html", context)


def _now() -> datetime:
    return timezone.now()  # noqa: TID251  (views are where the clock is read)


def _chosen_city(request: HttpRequest, cities: list[str]) -> str | None:
    """The city asked for, in its own spelling; None is all of them, also for one without a theatre."""
    asked = request.GET.get("city", "").casefold()
    return next((city for city in cities if city.casefold() == asked), None)


def _todays_times(shows: list[Any], now: datetime) -> dict[str, Any]:
    """The shows on the first date that has one, and whether that is today at the theatre."""
    first: date | None = shows[0].local_date if shows else None
    today = first is not None and first == now.astimezone(ZoneInfo(shows[0].time_zone)).date()
    return {
        "shows": [show for show in shows if show.local_date == first],
        "later": sum(show.local_date != first for show in shows),
        "date": first,
        "today": today,
    }
