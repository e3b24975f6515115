"""A year of a chain of cinemas, written straight into PostgreSQL (sql/year.sql): for reports over many rows."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from bookings.models import Show
from tests.support.cinema import make_movie, make_screen, make_theatre

SCREENS: Final = 34
THEATRES: Final = (("Lantern", "Pune"), ("Monsoon", "Mumbai"), ("Cauvery", "Bengaluru"), ("Saffron", "Delhi"))
TITLES: Final = (
    "The Last Tea Stall",
    "रात की रानी और सितारों का शहर",
    "Monsoon Express",
    "Paper Kites",
    "Nine Yards of Silk",
    "The Lighthouse at Kanyakumari",
    "Second Innings",
    "Midnight at Marine Drive",
    "Laal Chunari",
    "Signal Lost",
)
# Four categories of fifty seats, as year.sql prices them.
HALL: Final = "\n".join(
    [
        "categories: stalls, balcony, gallery, box",
        *(
            line
            for name, rows in (("stalls", "ABCDE"), ("balcony", "FGHIJ"), ("gallery", "KLMNO"), ("box", "PQRST"))
            for line in (f"[{name}]", *(f"{row} SSSSSSSSSS" for row in rows))
        ),
    ]
)
PRICES: Final = {"stalls": 15_000, "balcony": 22_500, "gallery": 30_000, "box": 37_500}
_SQL: Final = Path(__file__).parent / "sql" / "year.sql"


def fill_year(*, first_day: date, days: int, shows: int) -> None:
    """So many shows, evenly over these days, with sales, holds that came to nothing, and money."""
    from django.db import connection, transaction

    theatres = [make_theatre(name=name, city=city) for name, city in THEATRES]
    screens = [make_screen(layout=HALL, theatre=theatres[number % len(theatres)]) for number in range(SCREENS)]
    layouts = [screen.layouts.get() for screen in screens]
    movies = [make_movie(title=title) for title in TITLES]
    begin = datetime.combine(first_day, datetime.min.time(), tzinfo=UTC) + timedelta(hours=4)
    planned = []
    for number in range(shows):
        # From half past nine to half past eleven at night, in India.
        minutes = number * days * 14 * 60 // shows
        starts_at = begin + timedelta(days=minutes // (14 * 60), minutes=minutes % (14 * 60))
        screen = screens[number % SCREENS]
        planned.append(
            Show(
                movie=movies[number * 7 % len(movies) if number % 3 else number % 4],
                screen=screen,
                layout=layouts[number % SCREENS],
                starts_at=starts_at,
                ends_at=starts_at + timedelta(hours=2),
                sales_open_at=starts_at - timedelta(days=12),
                sales_close_at=starts_at,
                prices=PRICES,
            )
        )
    Show.objects.bulk_create(planned, batch_size=1000)
    lines = _SQL.read_text(encoding="utf-8").splitlines()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("\n".join(line for line in lines if not line.startswith("--")))
    with connection.cursor() as cursor:
        # As autovacuum would have done in a year.
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(
            "VACUUM ANALYZE bookings_booking, bookings_seatclaim, bookings_show, bookings_layout, bookings_screen,"
            " bookings_theatre, bookings_movie, payments_payment, payments_refund, payments_ledgerentry"
        )
        cursor.execute("RESET statement_timeout")
