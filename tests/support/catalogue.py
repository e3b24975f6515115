"""What the catalogue's tests share: a moment, a small screen of two categories, and the draft of a show."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bookings.services.catalogue import ShowDraft
from tests.support.cinema import make_movie, make_screen

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
TOMORROW = NOW + timedelta(days=1)
TWO_CATEGORIES = "categories: silver, gold\n[silver]\nA SSSS\n[gold]\nB WCSS"


def a_draft(**changes: Any) -> ShowDraft:
    values: dict[str, Any] = {"starts_at": TOMORROW, "prices": {"standard": 25_000}, "sales_open_at": NOW} | changes
    return ShowDraft(
        movie=values.pop("movie", None) or make_movie(duration_minutes=120),
        screen=values.pop("screen", None) or make_screen(),
        **values,
    )
