"""Small factories that speak the domain: theatres, screens, movies and shows for tests, really committed.

Each call makes new rows with names of their own, so tests can run in parallel and twice. They write straight
through the ORM: a test may want a show that the catalogue service would refuse.
"""

import itertools
import uuid
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from bookings.domain.layout import ParsedLayout, parse_layout
from bookings.models import Layout, Movie, Screen, Show, Theatre

ROWS = 10
COLUMNS = 12
PRICE_PAISE = 25_000
TWO_HOURS = timedelta(hours=2)


def hall_text(*, rows: int = ROWS, columns: int = COLUMNS, category: str = "standard") -> str:
    """A plain hall without aisles: `rows` × `columns` standard seats, A1 to the last."""
    drawn = [f"{letters} {'S' * columns}" for letters in itertools.islice(_row_letters(), rows)]
    return "\n".join([f"categories: {category}", f"[{category}]", *drawn])


def hall_text_of(seats: int) -> str:
    """A plain hall of exactly `seats` standard seats (at most 2,000); its last row may be short."""
    columns = COLUMNS if seats <= ROWS * COLUMNS else 40
    full_rows, rest = divmod(seats, columns)
    text = hall_text(rows=full_rows + (1 if rest else 0), columns=columns)
    return text[: len(text) - (columns - rest)] if rest else text


def make_theatre(*, city: str = "Pune", time_zone: str = "Asia/Kolkata", name: str | None = None) -> Theatre:
    slug = _unique("theatre")
    return Theatre.objects.create(slug=slug, name=name or slug.title(), city=city, time_zone=time_zone)


def make_screen(*, layout: str | None = None, theatre: Theatre | None = None) -> Screen:
    """A screen with its first layout revision, drawn by `layout` or a 10 × 12 hall."""
    screen = Screen.objects.create(theatre=theatre or make_theatre(), name=_unique("Screen"))
    make_layout(screen, text=layout)
    return screen


def make_layout(screen: Screen, *, text: str | None = None) -> Layout:
    """The next revision of a screen's layout."""
    source = text or hall_text()
    return Layout.objects.create(
        screen=screen,
        revision=screen.layouts.count() + 1,
        source=source,
        seats=[asdict(seat) for seat in _parsed(source).seats],
    )


def make_movie(*, title: str | None = None, **fields: Any) -> Movie:
    slug = _unique("movie")
    defaults = {"certificate": "UA 13+", "language": "Marathi", "duration_minutes": 120, **fields}
    return Movie.objects.create(slug=slug, title=title or slug.title(), **defaults)


def make_show(
    *,
    seats: int | None = None,
    layout: str | None = None,
    starts_in: timedelta = TWO_HOURS,
    prices: Mapping[str, int] | None = None,
    screen: Screen | None = None,
    movie: Movie | None = None,
    **fields: Any,
) -> Show:
    """A show on sale now, which starts `starts_in` from now (negative: it has begun; then sales are closed).

    `seats` is how many, `layout` a text grid; without both it is the hall of 10 × 12, all at PRICE_PAISE.
    `prices` are paise by category. Any other field of Show may be given by name.
    """
    if screen is None:
        screen = make_screen(layout=layout or (hall_text_of(seats) if seats else None))
    revision = screen.layouts.order_by("-revision")[0]
    now = datetime.now(UTC)  # noqa: TID251  (a factory stands where an interface does: it reads the clock)
    starts_at = now + starts_in
    categories = _parsed(revision.source).categories
    values: dict[str, Any] = {
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(hours=2),
        "sales_open_at": min(now, starts_at) - timedelta(days=7),
        "sales_close_at": starts_at,
        "prices": dict(prices) if prices is not None else dict.fromkeys(categories, PRICE_PAISE),
        **fields,
    }
    return Show.objects.create(movie=movie or make_movie(), screen=screen, layout=revision, **values)


@cache
def _parsed(source: str) -> ParsedLayout:
    return parse_layout(source)


def _row_letters() -> itertools.chain[str]:
    alphabet = [chr(code) for code in range(ord("A"), ord("Z") + 1)]
    return itertools.chain(alphabet, (first + second for first in alphabet for second in alphabet))


def _unique(word: str) -> str:
    return f"{word}-{uuid.uuid4().hex[:8]}"
