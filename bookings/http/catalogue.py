"""What is on: movies, shows and the seats of a show. Cached reads, told from the selectors' values.

They run in a thread: the catalogue cache and the ORM block. Replies carry an ETag, so that asking again is cheap.
"""

import re
from contextlib import suppress
from datetime import date, datetime
from typing import Annotated, Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import P, QueryEx, Router
from pydantic import BeforeValidator

from bookings.errors import NotFound
from bookings.http.boundary import REVALIDATED
from bookings.http.documentation import documented
from bookings.http.errors import InvalidFields
from bookings.http.schemas import (
    CURRENCY,
    MovieRef,
    MovieReply,
    MoviesReply,
    SeatReply,
    ShowDetailReply,
    ShowId,
    ShowReply,
    ShowsReply,
    TheatreRef,
    utc,
)
from bookings.http.threads import in_thread
from bookings.selectors import catalogue
from bookings.selectors.catalogue_values import MovieSummary, NowShowing, ShowSummary
from bookings.services.show_plan import SHOW_ID_MAX

TAG: Final = "What is on"
router = Router(tags=[TAG])

_NO_DATE: Final = "must be a date like 2025-11-22"


def _none_if_empty(text: object) -> object:
    """What a form sends for a filter that was left empty is no filter."""
    return None if text == "" else text


def _iso_date(text: object) -> date | None:
    """A date in the one way an address may say it; pydantic would also read "0" or a time."""
    if text == "":
        return None
    if isinstance(text, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        with suppress(ValueError):
            return date.fromisoformat(text)
    raise ValueError(_NO_DATE)


IsoDate = Annotated[date | None, BeforeValidator(_iso_date)]
Filter = Annotated[str | None, BeforeValidator(_none_if_empty)]
OnDate = QueryEx[
    IsoDate | None,
    P(alias="date", description="Shows of this date on the theatre's calendar.", example="2025-11-22"),
]
InCity = QueryEx[Filter | None, P(description="Only this city; capitals do not matter.", example="Pune")]
OfMovie = QueryEx[Filter | None, P(description="Only the movie with this slug.", example="monsoon-platform")]
_EXAMPLE_MOVIE: Final = {
    "slug": "monsoon-platform",
    "title": "Monsoon Platform",
    "certificate": "UA 13+",
    "language": "Hindi",
}
_EXAMPLE_SHOW: Final = ShowReply(
    id=24,
    movie=MovieRef(**_EXAMPLE_MOVIE),
    theatre=TheatreRef(slug="lantern", name="Lantern Cinema", city="Pune", time_zone="Asia/Kolkata"),
    screen="Screen 1",
    starts_at="2025-11-21T18:30:00Z",
    ends_at="2025-11-21T20:45:00Z",
    local_date="2025-11-22",
    sales_open_at="2025-11-14T18:30:00Z",
    sales_close_at="2025-11-21T18:30:00Z",
    sales="open",
    prices_paise={"classic": 18_000, "recliner": 45_000},
    currency=CURRENCY,
    seats_count=180,
)
_EXAMPLE_SEAT: Final = SeatReply(
    index=0, label="A1", row="A", number=1, x=0, y=0, kind="standard", category="classic", price_paise=18_000
)


@router.get(
    "/movies",
    operation_id="list_movies",
    summary="Movies now showing",
    **documented(
        200,
        MoviesReply(
            items=[
                MovieReply(
                    **_EXAMPLE_MOVIE,
                    duration_minutes=128,
                    genre="Drama",
                    synopsis="Two strangers miss the same train, every evening, for a year.",
                    next_show_at="2025-11-21T18:30:00Z",
                    shows_count=14,
                    cities=["Nashik", "Pune"],
                )
            ],
            count=1,
        ),
    ),
)
async def list_movies(request: HttpRequest, response: HttpResponse, city: InCity = None) -> MoviesReply:
    """Every movie with a show in the next days, the soonest first."""
    movies = await in_thread(catalogue.list_movies_now_showing, now=_now(), city=city)
    response["Cache-Control"] = REVALIDATED
    return MoviesReply(items=[_movie(entry) for entry in movies], count=len(movies))


@router.get(
    "/shows",
    operation_id="list_shows",
    summary="Shows",
    **documented(
        200,
        ShowsReply(items=[_EXAMPLE_SHOW], count=1),
        InvalidFields([{"field": "date", "detail": _NO_DATE}]),
    ),
)
async def list_shows(
    request: HttpRequest,
    response: HttpResponse,
    on: OnDate = None,
    city: InCity = None,
    movie: OfMovie = None,
) -> ShowsReply:
    """Shows by start: of one date, or without it those to come. Cancelled ones are left out."""
    now = _now()
    shows = await in_thread(catalogue.list_shows, now=now, date=on, city=city, movie_slug=movie)
    response["Cache-Control"] = REVALIDATED
    return ShowsReply(items=[ShowReply(**_show_fields(show, now)) for show in shows], count=len(shows))


@router.get(
    "/shows/{int:show_id}",
    operation_id="get_show",
    summary="A show with its seats",
    **documented(
        200,
        ShowDetailReply(**_EXAMPLE_SHOW.model_dump(), layout_revision=1, seats=[_EXAMPLE_SEAT]),
        NotFound("There is no such show."),
    ),
)
async def get_show(request: HttpRequest, response: HttpResponse, show_id: ShowId) -> ShowDetailReply:
    """One show, also a cancelled or past one, with its seats in index order. Who sits where is in its snapshot."""
    if not 0 < show_id <= SHOW_ID_MAX:
        raise NotFound("There is no such show.")
    detail = await in_thread(catalogue.get_show, show_id)
    response["Cache-Control"] = REVALIDATED
    return ShowDetailReply(
        **_show_fields(detail.show, _now()),
        layout_revision=detail.layout_revision,
        seats=[SeatReply.model_validate(seat, from_attributes=True) for seat in detail.seats],
    )


def _now() -> datetime:
    return timezone.now()  # noqa: TID251  (views are where the clock is read)


def _movie(entry: NowShowing) -> MovieReply:
    return MovieReply(
        **_movie_ref(entry.movie).model_dump(),
        duration_minutes=entry.movie.duration_minutes,
        genre=entry.movie.genre,
        synopsis=entry.movie.synopsis,
        next_show_at=utc(entry.next_show_at),
        shows_count=entry.shows_count,
        cities=entry.cities,
    )


def _movie_ref(movie: MovieSummary) -> MovieRef:
    return MovieRef(slug=movie.slug, title=movie.title, certificate=movie.certificate, language=movie.language)


def _show_fields(show: ShowSummary, now: datetime) -> dict[str, Any]:
    return {
        "id": show.id,
        "movie": MovieRef(
            slug=show.movie_slug, title=show.movie_title, certificate=show.certificate, language=show.language
        ),
        "theatre": TheatreRef(
            slug=show.theatre_slug, name=show.theatre_name, city=show.city, time_zone=show.time_zone
        ),
        "screen": show.screen_name,
        "starts_at": utc(show.starts_at),
        "ends_at": utc(show.ends_at),
        "local_date": show.local_date.isoformat(),
        "sales_open_at": utc(show.sales_open_at),
        "sales_close_at": utc(show.sales_close_at),
        "sales": show.sales_state(now),
        "prices_paise": show.prices_paise,
        "currency": CURRENCY,
        "seats_count": show.seats_count,
    }
