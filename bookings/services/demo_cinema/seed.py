"""Puts the demo cinema into the database, and on later runs adds the days that have come into reach.

What exists is never changed: a manager's edits stay, and a day of a screen that has any show is left alone.
Seats are sold only in shows that are made here, in the same transaction: no picture of them can exist yet.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from django.db import connection, transaction
from django.db.models import Model

from bookings.domain.layout import Seat, SeatKind
from bookings.domain.lifecycle import Status
from bookings.models import Booking, Layout, Movie, Screen, SeatClaim, Show, Theatre
from bookings.services.catalogue import LATE_SALES, forget_catalogue, import_layout, newest_layout
from bookings.services.demo_cinema.audience import seat_audience
from bookings.services.demo_cinema.movies import MOVIES
from bookings.services.demo_cinema.posters import draw_poster
from bookings.services.demo_cinema.programme import PlannedShow, dice, plan_day
from bookings.services.demo_cinema.theatres import THEATRES, DemoScreen, DemoTheatre

# Today and a week.
DAYS: Final = 8
SALES_OPEN_BEFORE: Final = timedelta(days=7)
# "HOUS", "SEED": two runs at once would plan the same days twice.
ADVISORY_LOCK: Final = (0x484F5553, 0x53454544)
# The first run takes two seconds; a machine that is thirty times slower still gets its demo.
PATIENCE_SECONDS: Final = 60
# Out of so many shows, one has a seat that is out of order.
BROKEN_SEAT_EVERY: Final = 5
HOUSE_SEATS_REASON: Final = "House seats"
BROKEN_REASONS: Final = ("Broken armrest", "Seat being reupholstered", "Camera position")


@dataclass(slots=True)
class Seeded:
    """What one run added."""

    theatres: int = 0
    movies: int = 0
    shows: int = 0
    bookings: int = 0
    seats_sold: int = 0


BOOKING_COLUMNS: Final = (
    "id",
    "show_id",
    "holder",
    "status",
    "created_at",
    "expires_at",
    "confirmed_at",
)
CLAIM_COLUMNS: Final = ("show_id", "seat_index", "kind", "booking_id", "reason", "price_paise", "claimed_at")
Row = tuple[int | str | datetime | uuid.UUID | None, ...]


@dataclass(slots=True)
class _Sales:
    """Rows for the shows of one run, in the order of the columns above. Forty thousand of them are copied
    into PostgreSQL in a fraction of the time that as many model objects take.
    """

    bookings: list[Row] = field(default_factory=list)
    claims: list[Row] = field(default_factory=list)
    seats_sold: int = 0


def seed_demo(*, now: datetime) -> Seeded:
    """Add what is missing of the demo cinema and of its shows from today (the theatre's date) to a week ahead."""
    seeded = Seeded()
    with transaction.atomic():
        with connection.cursor() as cursor:
            # The house's short timeouts are for people who wait for a seat, not for forty thousand rows at once.
            for timeout in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
                cursor.execute(f"SET LOCAL {timeout} = '{PATIENCE_SECONDS}s'")
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", ADVISORY_LOCK)
        screens = _add_theatres(seeded)
        movies = _add_movies(seeded)
        _add_shows(screens, movies, now, seeded)
        if seeded != Seeded():
            forget_catalogue()
    return seeded


def _add_theatres(seeded: Seeded) -> list[tuple[DemoTheatre, DemoScreen, Screen]]:
    """Our screens that exist, made where missing; one a manager has removed from a theatre of ours comes back."""
    there = {
        (screen.theatre.slug, screen.name): screen
        for screen in Screen.objects.select_related("theatre").filter(theatre__slug__in=[t.slug for t in THEATRES])
    }
    theatres = Theatre.objects.in_bulk([theatre.slug for theatre in THEATRES], field_name="slug")
    screens = []
    for ours in THEATRES:
        theatre = theatres.get(ours.slug)
        if theatre is None:
            theatre = Theatre.objects.create(
                slug=ours.slug, name=ours.name, city=ours.city, address=ours.address, time_zone=ours.time_zone
            )
            seeded.theatres += 1
        for demo_screen in ours.screens:
            screen = there.get((ours.slug, demo_screen.name))
            if screen is None:
                screen = Screen.objects.create(theatre=theatre, name=demo_screen.name)
                import_layout(screen, demo_screen.drawing())
            screens.append((ours, demo_screen, screen))
    return screens


def _add_movies(seeded: Seeded) -> dict[str, Movie]:
    there = Movie.objects.defer("poster").in_bulk([movie.slug for movie in MOVIES], field_name="slug")
    missing = [
        Movie(
            slug=movie.slug,
            title=movie.title,
            certificate=movie.certificate,
            language=movie.language,
            duration_minutes=movie.duration_minutes,
            genre=movie.genre,
            synopsis=movie.synopsis,
            poster=draw_poster(movie.slug, movie.title),
        )
        for movie in MOVIES
        if movie.slug not in there
    ]
    seeded.movies = len(missing)
    return there | {movie.slug: movie for movie in Movie.objects.bulk_create(missing)}


def _add_shows(
    screens: list[tuple[DemoTheatre, DemoScreen, Screen]], movies: dict[str, Movie], now: datetime, seeded: Seeded
) -> None:
    begun = _days_with_shows(screens, now)
    plans: list[tuple[PlannedShow, Layout]] = []
    shows: list[Show] = []
    for theatre, demo_screen, screen in screens:
        today = now.astimezone(ZoneInfo(theatre.time_zone)).date()
        days = [day for day in (today + timedelta(days=n) for n in range(DAYS)) if (screen.pk, day) not in begun]
        layout = newest_layout(screen) if days else None
        # A manager's own drawing may have categories that our prices do not know: then the screen is his.
        if layout is None or {seat["category"] for seat in layout.seats} != set(demo_screen.rupees):
            continue
        for day in days:
            for plan in plan_day(theatre, demo_screen, day):
                if plan.ends_at > now:
                    plans.append((plan, layout))
                    shows.append(_show(plan, screen, layout, movies))
    Show.objects.bulk_create(shows)
    sales = _Sales()
    seats_of = {layout.pk: msgspec.convert(layout.seats, list[Seat]) for _, layout in plans}
    for show, (plan, layout) in zip(shows, plans, strict=True):
        _sell(show, plan, seats_of[layout.pk], sales, now)
    if shows:
        _copy(Booking, BOOKING_COLUMNS, sales.bookings)
        _copy(SeatClaim, CLAIM_COLUMNS, sales.claims)
    seeded.shows = len(shows)
    seeded.bookings = len(sales.bookings)
    seeded.seats_sold = sales.seats_sold


def _copy(model: type[Model], columns: Iterable[str], rows: Iterable[Row]) -> None:
    """COPY rows into the model's table; columns that are not named get their defaults."""
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {model._meta.db_table} ({', '.join(columns)}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)
    with connection.cursor() as cursor:
        # Without statistics the first readers would get plans for an empty table.
        cursor.execute(f"ANALYZE {model._meta.db_table}")


def _days_with_shows(
    screens: Iterable[tuple[DemoTheatre, DemoScreen, Screen]], now: datetime
) -> set[tuple[int, object]]:
    """(screen, date of its theatre) of every show in reach; a day on either side covers all zones."""
    zones = {screen.pk: ZoneInfo(theatre.time_zone) for theatre, _, screen in screens}
    starts = Show.objects.filter(
        screen__in=list(zones), starts_at__gt=now - timedelta(days=2), starts_at__lt=now + timedelta(days=DAYS + 2)
    ).values_list("screen_id", "starts_at")
    return {(screen_id, starts_at.astimezone(zones[screen_id]).date()) for screen_id, starts_at in starts}


def _show(plan: PlannedShow, screen: Screen, layout: Layout, movies: dict[str, Movie]) -> Show:
    return Show(
        movie=movies[plan.movie.slug],
        screen=screen,
        layout=layout,
        starts_at=plan.starts_at,
        ends_at=plan.ends_at,
        sales_open_at=plan.starts_at - SALES_OPEN_BEFORE,
        sales_close_at=plan.starts_at + LATE_SALES,
        prices=dict(plan.prices_paise),
    )


def _sell(show: Show, plan: PlannedShow, seats: list[Seat], sales: _Sales, now: datetime) -> None:
    """Block the house seats and perhaps a broken one, and seat an audience in confirmed bookings."""
    chance = dice("audience", show.screen.theatre.slug, show.screen.name, plan.starts_at.isoformat())
    blocked = {seat.index: HOUSE_SEATS_REASON for seat in seats if seat.kind is SeatKind.HOUSE}
    groups = seat_audience(seats, share=plan.share, left=plan.left, chance=chance)
    if plan.left is None and chance.randrange(BROKEN_SEAT_EVERY) == 0:
        # A seat of the audience that did not come: it is broken.
        broken = chance.choice(groups).pop() if groups else len(seats) - 1
        blocked[broken] = chance.choice(BROKEN_REASONS)
    for index, reason in blocked.items():
        sales.claims.append((show.pk, index, SeatClaim.Kind.BLOCK.value, None, reason, 0, now))
    for group in filter(None, groups):
        booking_id, created_at = _book(show, sales, now, chance)
        sales.seats_sold += len(group)
        for index in group:
            price_paise = plan.prices_paise[seats[index].category]
            sales.claims.append(
                (show.pk, index, SeatClaim.Kind.BOOKING.value, booking_id, "", price_paise, created_at)
            )


def _book(show: Show, sales: _Sales, now: datetime, chance: Random) -> tuple[uuid.UUID, datetime]:
    """Add a confirmed booking of some minute since sales opened; its id and that minute.

    Sold at the counter, as it were: no checkout, so nobody looks for a payment that Razorpay never had.
    """
    # A show a week ahead has sold for minutes only; the demo pretends they were enough.
    on_sale_seconds = max((now - show.sales_open_at).total_seconds(), 60.0)
    created_at = now - timedelta(seconds=chance.uniform(30.0, on_sale_seconds))
    paid_at = created_at + timedelta(seconds=chance.uniform(10.0, 30.0))
    booking_id = _uuid7(created_at, chance)
    holder = f"demo-{chance.getrandbits(60):015x}"
    expires_at = created_at + timedelta(minutes=10)
    sales.bookings.append((booking_id, show.pk, holder, Status.CONFIRMED.value, created_at, expires_at, paid_at))
    return booking_id, created_at


def _uuid7(moment: datetime, chance: Random) -> uuid.UUID:
    """A UUIDv7 of that moment (RFC 9562), like every booking's; the dice stand in for entropy."""
    milliseconds = int(moment.timestamp() * 1000)
    value = (milliseconds & (2**48 - 1)) << 80 | 0x7 << 76 | chance.getrandbits(12) << 64
    return uuid.UUID(int=value | 0b10 << 62 | chance.getrandbits(62))
