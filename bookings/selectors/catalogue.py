"""What is on, where and when, as typed values for pages and the API.

Reads go through the catalogue cache. The clock is an argument; dates are the theatre's own. Who sits where
is not here, nor is anything that changes with a click.
"""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Final

from django.core.validators import slug_re
from django.db.models import Q

from bookings.errors import NotFound
from bookings.selectors.cache import MOVIES, SHOWS, THEATRES, catalogue_cache
from bookings.selectors.catalogue_queries import (
    load_city_runs,
    load_movie,
    load_poster,
    load_screens,
    load_show,
    load_shows,
    load_theatres,
    on_date,
)
from bookings.selectors.catalogue_values import (
    CityRun,
    DayOfShows,
    MoviePage,
    MovieSummary,
    NowShowing,
    ShowDetail,
    ShowSummary,
    TheatreShows,
    TheatreSummary,
)

# How far ahead a list without a date looks: a week of shows, whatever the hour now.
LISTED_AHEAD: Final = timedelta(days=8)
# A list keeps a show that has begun while seats are still sold for it; no show sells longer than this.
LISTED_AFTER_START: Final = timedelta(hours=1)
# Dates outside have no shows, and some of them no UTC.
YEARS_WITH_SHOWS: Final = range(2000, 2101)
SLUG_CHARS_MAX: Final = 50


def list_theatres(city: str | None = None) -> list[TheatreSummary]:
    """The theatres, of one city or all, by city and name."""
    theatres = catalogue_cache.read("theatres", things=[THEATRES], shape=list[TheatreSummary], load=load_theatres)
    return [theatre for theatre in theatres if city is None or theatre.city.casefold() == city.casefold()]


def list_screens(theatre_slug: str) -> list[str]:
    """The names of a theatre's screens, in order; none for a theatre that there is not."""
    if not _is_slug(theatre_slug):
        return []
    return catalogue_cache.read(
        f"screens:{theatre_slug}", things=[THEATRES], shape=list[str], load=lambda: load_screens(theatre_slug)
    )


def list_cities() -> list[str]:
    """The cities that have a theatre, in order."""
    return list(dict.fromkeys(theatre.city for theatre in list_theatres()))


def list_movies_now_showing(*, now: datetime, city: str | None = None) -> list[NowShowing]:
    """The movies with a show that begins within LISTED_AHEAD, the soonest first."""
    minute = _minute(now)
    runs = catalogue_cache.read(
        f"city-runs:{_stamp(minute)}",
        things=[MOVIES, THEATRES, SHOWS],
        shape=list[CityRun],
        load=lambda: load_city_runs(Q(starts_at__gt=minute, starts_at__lt=minute + LISTED_AHEAD)),
    )
    runs_of_movie: dict[str, list[CityRun]] = defaultdict(list)
    for run in runs:
        if city is None or run.city.casefold() == city.casefold():
            runs_of_movie[run.movie.slug].append(run)
    return [
        NowShowing(
            movie=of_movie[0].movie,
            next_show_at=of_movie[0].next_show_at,
            shows_count=sum(run.shows_count for run in of_movie),
            cities=sorted(run.city for run in of_movie),
        )
        for of_movie in runs_of_movie.values()
    ]


def list_shows(
    *, now: datetime, date: date | None = None, city: str | None = None, movie_slug: str | None = None
) -> list[ShowSummary]:
    """Shows by start: of one date (the theatre's own, begun ones too), or without it those to come."""
    if movie_slug is not None and not _is_slug(movie_slug):
        return []
    shows = _shows_coming(now, movie_slug) if date is None else _shows_on(date, movie_slug)
    return [show for show in shows if city is None or show.city.casefold() == city.casefold()]


def get_movie(slug: str) -> MovieSummary:
    """One movie. Raises NotFound."""
    _require_slug(slug)
    return catalogue_cache.read(f"movie:{slug}", things=[MOVIES], shape=MovieSummary, load=lambda: load_movie(slug))


def get_movie_page(slug: str, *, now: datetime, city: str | None = None) -> MoviePage:
    """One movie and its coming shows by date and theatre. Raises NotFound."""
    movie = get_movie(slug)
    shows = list_shows(now=now, city=city, movie_slug=slug)
    theatres = {theatre.slug: theatre for theatre in list_theatres()} if shows else {}
    days: dict[date, dict[str, list[ShowSummary]]] = defaultdict(lambda: defaultdict(list))
    for show in shows:
        days[show.local_date][show.theatre_slug].append(show)
    return MoviePage(
        movie=movie,
        days=[
            DayOfShows(
                date=day,
                theatres=[
                    TheatreShows(theatre=theatres[theatre], shows=days[day][theatre])
                    # In the order of the theatres, so that a theatre keeps its place from day to day.
                    for theatre in theatres
                    if theatre in days[day]
                ],
            )
            for day in sorted(days)
        ],
    )


def get_poster(slug: str) -> str:
    """The movie's poster as SVG text, empty when it has none. Raises NotFound."""
    _require_slug(slug)
    return catalogue_cache.read(f"poster:{slug}", things=[MOVIES], shape=str, load=lambda: load_poster(slug))


def get_show(show_id: int) -> ShowDetail:
    """One show with its seats, whatever its status. Raises NotFound."""
    return catalogue_cache.read(
        f"show:{show_id}",
        things=[MOVIES, THEATRES, SHOWS],
        shape=ShowDetail,
        load=lambda: load_show(show_id),
    )


def _shows_coming(now: datetime, movie_slug: str | None) -> list[ShowSummary]:
    minute = _minute(now)
    starting = Q(starts_at__gt=minute - LISTED_AFTER_START, starts_at__lt=minute + LISTED_AHEAD)
    shows = catalogue_cache.read(
        f"shows:{_stamp(minute)}:{movie_slug or 'all'}",
        things=[MOVIES, THEATRES, SHOWS],
        shape=list[ShowSummary],
        load=lambda: load_shows(starting, movie_slug),
    )
    return [show for show in shows if show.is_listed(now)]


def _shows_on(day: date, movie_slug: str | None) -> list[ShowSummary]:
    if day.year not in YEARS_WITH_SHOWS:
        return []
    return catalogue_cache.read(
        f"shows:{day}:{movie_slug or 'all'}",
        things=[MOVIES, THEATRES, SHOWS],
        shape=list[ShowSummary],
        load=lambda: load_shows(on_date(day, {t.time_zone for t in list_theatres()}), movie_slug),
    )


def _minute(now: datetime) -> datetime:
    """The minute of `now`: what depends on the clock is made once a minute, not for each asker's second."""
    return now.astimezone(UTC).replace(second=0, microsecond=0)


def _stamp(minute: datetime) -> str:
    return f"{minute:%Y%m%dT%H%MZ}"


def _is_slug(text: str) -> bool:
    return len(text) <= SLUG_CHARS_MAX and slug_re.fullmatch(text) is not None


def _require_slug(text: str) -> None:
    # Before it becomes part of a cache key: people type anything into an address.
    if not _is_slug(text):
        raise NotFound("There is no such movie.")
