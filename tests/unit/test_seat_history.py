"""Whose a seat was at any moment, by its events alone; and which moments a clock on a wall means."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bookings.domain.lifecycle import RefundState
from bookings.domain.local_time import moments_of
from bookings.domain.seat_history import WORDS, EventKind, SeatEvent, standing_at

BEGIN = datetime(2026, 11, 21, 13, 32, 31, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def events(*kinds: EventKind) -> list[SeatEvent]:
    """One a second, each of the booking named by its place."""
    return [SeatEvent(BEGIN + SECOND * place, kind, "b", "asha", 25_000, "") for place, kind in enumerate(kinds)]


class TestStanding:
    @pytest.mark.parametrize(
        ("kinds", "state"),
        [
            ([], "free"),
            ([EventKind.HELD], "held"),
            ([EventKind.HELD, EventKind.CHECKOUT], "held"),
            ([EventKind.HELD, EventKind.CHECKOUT, EventKind.CONFIRMED], "booked"),
            ([EventKind.HELD, EventKind.CONFIRMED, EventKind.CANCELLED, EventKind.REFUND_DUE], "free"),
            ([EventKind.HELD, EventKind.EXPIRED, EventKind.RECLAIMED], "held"),
            ([EventKind.ADDED, EventKind.UNDONE], "free"),
            ([EventKind.BLOCKED], "blocked"),
            ([EventKind.BLOCKED, EventKind.UNBLOCKED], "free"),
        ],
    )
    def test_follows_from_what_happened(self, kinds: list[EventKind], state: str) -> None:
        assert standing_at(events(*kinds), BEGIN + SECOND * 60).state == state

    def test_is_the_new_owners_once_a_hold_has_moved(self) -> None:
        told = [*events(EventKind.HELD), SeatEvent(BEGIN + SECOND, EventKind.MOVED, "c", "asha", 25_000, "")]

        assert standing_at(told, BEGIN + SECOND).booking == "c"

    def test_changes_at_the_moment_of_an_event_and_not_before(self) -> None:
        told = events(EventKind.HELD, EventKind.EXPIRED)

        assert standing_at(told, BEGIN - timedelta(microseconds=1)).state == "free"
        assert standing_at(told, BEGIN).state == "held"
        assert standing_at(told, BEGIN + SECOND - timedelta(microseconds=1)).state == "held"
        assert standing_at(told, BEGIN + SECOND).state == "free"


class TestWords:
    def test_there_are_some_for_everything_that_can_happen(self) -> None:
        assert set(WORDS) == set(EventKind)
        assert {f"refund {refund}" for refund in RefundState if refund} < set(EventKind)


class TestAClockOnAWall:
    LONDON = ZoneInfo("Europe/London")

    @pytest.mark.parametrize(
        ("local", "moments"),
        [
            ("2026-07-01T19:02:31", [datetime(2026, 7, 1, 18, 2, 31, tzinfo=UTC)]),
            # Clocks go back at 02:00 on 25 October: half past one is twice.
            (
                "2026-10-25T01:30",
                [datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)],
            ),
            # And forward at 01:00 on 29 March: half past one never is.
            ("2026-03-29T01:30", []),
        ],
    )
    def test_means_one_moment_or_two_or_none(self, local: str, moments: list[datetime]) -> None:
        assert list(moments_of(datetime.fromisoformat(local), self.LONDON)) == moments
