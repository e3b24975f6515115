"""The pace of flushes: as set while there is time, wider when showing eats the process, never beyond live."""

import pytest

from realtime.pace import SHARE_MAX, WINDOW_SECONDS_MAX, Pace

SET = 0.016


def settle(pace: Pace, *, flush_seconds: float, rooms: int, seconds: float = 5.0) -> float:
    """Rooms flush as often as the pace lets them; the share of time that goes into it at the end."""
    now = 0.0
    while now < seconds:
        now += pace.window_seconds
        for _ in range(rooms):
            pace.spent(flush_seconds, now=now)
    return rooms * flush_seconds / pace.window_seconds


class TestPace:
    def test_is_as_set_while_there_is_time(self) -> None:
        pace = Pace(SET, now=0.0)

        settle(pace, flush_seconds=0.001, rooms=1)

        assert pace.window_seconds == SET

    def test_widens_until_the_share_is_right(self) -> None:
        pace = Pace(SET, now=0.0)

        share = settle(pace, flush_seconds=0.0012, rooms=5)

        assert share == pytest.approx(SHARE_MAX, rel=0.2)
        assert pace.window_seconds > SET

    def test_never_widens_beyond_what_is_still_live(self) -> None:
        pace = Pace(SET, now=0.0)

        settle(pace, flush_seconds=0.04, rooms=10)

        assert pace.window_seconds == WINDOW_SECONDS_MAX

    def test_is_as_set_where_more_is_set_than_it_would_widen_to(self) -> None:
        pace = Pace(1.5, now=0.0)

        settle(pace, flush_seconds=0.001, rooms=1)

        assert pace.window_seconds == 1.5

    def test_is_as_set_again_after_a_rush(self) -> None:
        pace = Pace(SET, now=0.0)
        settle(pace, flush_seconds=0.04, rooms=10)

        pace.spent(0.001, now=100.0)

        assert pace.window_seconds == SET

    def test_does_nothing_where_coalescing_is_off(self) -> None:
        pace = Pace(0.0, now=0.0)

        for turn in range(100):
            pace.spent(0.1, now=turn * 0.1)

        assert pace.window_seconds == 0.0
