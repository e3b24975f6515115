"""The catalogue's queries: PostgreSQL rows into values, a known number of statements each, nothing cached."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Func, IntegerField, Min, Q

from bookings.domain.pricing import by_price
from bookings.errors import NotFound
from bookings.models import Movie, Screen, Show, Theatre
from bookings.selectors.catalogue_values import (
    CityRun,
    MovieSummary,
    SeatView,
    ShowDetail,
    ShowSummary,
    TheatreSummary,
)

POSTER_STAMP_LENGTH: Final = 12


def load_theatres() -> list[TheatreSummary]:
    """Every theatre, by city and name."""
    return [
        TheatreSummary(
            slug=theatre.slug,
            name=theatre.name,
            city=theatre.city,
            address=theatre.address,
            time_zone=theatre.time_zone,
        )
        for theatre in Theatre.objects.order_by("city", "name")
    ]


def load_screens(theatre_slug: str) -> list[str]:
    """The names of the screens of one theatre."""
    names = Screen.objects.filter(theatre__slug=theatre_slug).order_by("name").values_list("name", flat=True)
    return list(names)


def load_city_runs(starting: Q) -> list[CityRun]:
    """Movies with such shows, one entry a city, the soonest first."""
    runs = list(
        Show.objects.filter(starting)
        .exclude(status=Show.Status.CANCELLED)
        .values("movie_id", "screen__theatre__city")
        .annotate(next_show_at=Min("starts_at"), shows_count=Count("id"))
        .order_by("next_show_at", "movie_id")
    )
    movies = {movie.pk: movie_summary(movie) for movie in Movie.objects.filter(pk__in={r["movie_id"] for r in runs})}
    return [
        CityRun(
            movie=movies[run["movie_id"]],
            city=run["screen__theatre__city"],
            next_show_at=run["next_show_at"],
            shows_count=run["shows_count"],
        )
        for run in runs
    ]


def load_shows(starting: Q, movie_slug: str | None) -> list[ShowSummary]:
    """Such shows that are not cancelled, of one movie or all, by start."""
    shows = Show.objects.filter(starting).exclude(status=Show.Status.CANCELLED)
    if movie_slug is not None:
        shows = shows.filter(movie__slug=movie_slug)
    shows = (
        shows.select_related("movie", "screen__theatre")
        # The seats and the drawing are large, and a list shows neither.
        .defer("movie__poster", "movie__synopsis")
        .annotate(seats_count=Func(F("layout__seats"), function="jsonb_array_length", output_field=IntegerField()))
        .order_by("starts_at", "screen__theatre__name", "screen__name", "id")
    )
    return [_show_summary(show, show.seats_count) for show in shows]


def load_movie(slug: str) -> MovieSummary:
    """One movie. Raises NotFound."""
    return movie_summary(_movie(slug))


def load_poster(slug: str) -> str:
    """The drawing of one movie. Raises NotFound."""
    return _movie(slug).poster


def load_show(show_id: int) -> ShowDetail:
    """One show with every seat. Raises NotFound."""
    show = Show.objects.select_related("movie", "screen__theatre", "layout").filter(pk=show_id).first()
    if show is None:
        raise NotFound("There is no such show.")
    return ShowDetail(
        show=_show_summary(show, len(show.layout.seats)),
        movie=movie_summary(show.movie),
        layout_revision=show.layout.revision,
        seats=[SeatView(**seat, price_paise=show.prices[seat["category"]]) for seat in show.layout.seats],
    )


def on_date(day: date, time_zones: Iterable[str]) -> Q:
    """Shows that start on `day` by the calendar of their own theatre."""
    condition = Q(pk__in=())
    for name in time_zones:
        zone = ZoneInfo(name)
        begin = datetime.combine(day, time.min, tzinfo=zone)
        end = datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone)
        condition |= Q(
            screen__theatre__time_zone=name,
            starts_at__gte=begin.astimezone(UTC),
            starts_at__lt=end.astimezone(UTC),
        )
    return condition


def movie_summary(movie: Movie) -> MovieSummary:
    """The movie without its drawing."""
    return MovieSummary(
        slug=movie.slug,
        title=movie.title,
        certificate=movie.certificate,
        language=movie.language,
        duration_minutes=movie.duration_minutes,
        genre=movie.genre,
        synopsis=movie.synopsis,
        poster_stamp=_stamp(movie.poster),
    )


def _stamp(poster: str) -> str:
    return hashlib.sha256(poster.encode()).hexdigest()[:POSTER_STAMP_LENGTH] if poster else ""


def _movie(slug: str) -> Movie:
    movie = Movie.objects.filter(slug=slug).first()
    if movie is None:
        raise NotFound("There is no such movie.")
    return movie


def _show_summary(show: Show, seats_count: int) -> ShowSummary:
    theatre = show.screen.theatre
    return ShowSummary(
        id=show.pk,
        movie_slug=show.movie.slug,
        movie_title=show.movie.title,
        certificate=show.movie.certificate,
        language=show.movie.language,
        theatre_slug=theatre.slug,
        theatre_name=theatre.name,
        city=theatre.city,
        time_zone=theatre.time_zone,
        screen_name=show.screen.name,
        starts_at=show.starts_at,
        ends_at=show.ends_at,
        local_date=show.starts_at.astimezone(ZoneInfo(theatre.time_zone)).date(),
        sales_open_at=show.sales_open_at,
        sales_close_at=show.sales_close_at,
        status=show.status,
        prices_paise=by_price(show.prices),
        seats_count=seats_count,
    )
