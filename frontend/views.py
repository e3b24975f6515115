"""The pages: each view asks bookings for values, picks a template, and decides nothing else."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from bookings import api as bookings
from frontend.identity import with_holder
from frontend.seat_page import show_context

# A poster's address changes with its drawing (poster_stamp), so a browser may keep it for ever.
POSTER_SECONDS: Final = 365 * 24 * 3600
# Four chips fill the width of a card; the movie's own page has the rest.
TIMES_SHOWN_MAX: Final = 4


@require_safe
@gzip_page
def now_showing(request: HttpRequest) -> HttpResponse:
    """Every movie with a show to come, with today's times."""
    now = _now()
    cities = bookings.list_cities()
    city = _chosen_city(request, cities)
    times = defaultdict(list)
    for show in bookings.list_shows(now=now, city=city):
        times[show.movie_slug].append(show)
    movies = [
        {"movie": entry.movie, **_first_times(times[entry.movie.slug], now)}
        for entry in bookings.list_movies_now_showing(now=now, city=city)
    ]
    shown = [show for entry in movies for show in entry["shows"]]
    context = {"movies": movies, "cities": cities, "city": city, "fills": _fills(shown, now)}
    return render(request, "frontend/now_showing.html", context)


@require_safe
@gzip_page
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
    day = chosen or next(iter(page.days), None)
    shown = [show for at in day.theatres for show in at.shows] if day else []
    context = {
        "movie": page.movie,
        "days": page.days,
        "day": day,
        "cities": cities,
        "city": city,
        "fills": _fills(shown, now),
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
@gzip_page
@with_holder
def show(request: HttpRequest, holder: str, show_id: int) -> HttpResponse:
    """The live seat map of one show, drawn as it is at this moment."""
    picture: bookings.SeatPicture | None
    try:
        detail = bookings.get_show(show_id)
        picture = bookings.get_seat_picture(show_id, holder=holder)
    except bookings.NotFound:
        raise Http404 from None
    except bookings.NotReady:
        picture = None
    return render(request, "frontend/show.html", show_context(detail, picture=picture, now=_now()))


def _now() -> datetime:
    return timezone.now()  # noqa: TID251  (views are where the clock is read)


def _chosen_city(request: HttpRequest, cities: list[str]) -> str | None:
    """The city asked for, in its own spelling; None is all of them, also for one without a theatre."""
    asked = request.GET.get("city", "").casefold()
    return next((city for city in cities if city.casefold() == asked), None)


def _fills(shows: Sequence[bookings.ShowSummary], now: datetime) -> dict[int, bookings.Fill]:
    """How full the shows on sale are, by id; those with plenty of room have no word."""
    fills = bookings.get_fills(show for show in shows if show.sales_state(now) == "open")
    return {show: fill for show, fill in fills.items() if fill != "open"}


def _first_times(shows: list[bookings.ShowSummary], now: datetime) -> dict[str, Any]:
    """The shows on the first date that has one, whether that is today at the theatre, and how many more there are."""
    if not shows:
        return {"shows": [], "more": 0}
    first = shows[0].local_date
    on_first = [show for show in shows if show.local_date == first]
    return {
        "shows": on_first[:TIMES_SHOWN_MAX],
        "more": len(shows) - len(on_first[:TIMES_SHOWN_MAX]),
        "date": first,
        "today": first == now.astimezone(ZoneInfo(shows[0].time_zone)).date(),
    }
