"""When clean-up was last due, whatever the day and the hour."""

from datetime import UTC, datetime, timedelta

import pytest

from bookings.domain.cleanup import last_due, removed_words

SUNDAY = datetime(2026, 11, 29, 3, 30, tzinfo=UTC)


class TestLastDue:
    @pytest.mark.parametrize(
        ("now", "due"),
        [
            (SUNDAY, SUNDAY),
            (SUNDAY - timedelta(microseconds=1), SUNDAY - timedelta(days=7)),
            (SUNDAY + timedelta(days=6, hours=23), SUNDAY),
            (SUNDAY + timedelta(days=7), SUNDAY + timedelta(days=7)),
            (datetime(2027, 1, 1, 12, tzinfo=UTC), datetime(2026, 12, 27, 3, 30, tzinfo=UTC)),
        ],
    )
    def test_is_the_sunday_before(self, now: datetime, due: datetime) -> None:
        assert last_due(now) == due


class TestWords:
    def test_name_what_went_and_nothing_else(self) -> None:
        assert removed_words({"a": 2, "b": 0, "c": 1}, {"a": "old things"}) == "2 old things; 1 c"
        assert removed_words({"a": 0}, {}) == "nothing"
