"""Redis' clock as heard over a line that delays: the least delayed stamp counts, and old ones are forgotten."""

from realtime.clock import WINDOW_MS, HouseClock


class OwnClock:
    """This machine's clock, moved by hand."""

    def __init__(self) -> None:
        self.ms = 1_000_000

    def __call__(self) -> int:
        return self.ms


class TestHouseClock:
    def test_is_this_machines_until_redis_was_heard(self) -> None:
        own = OwnClock()

        assert HouseClock(own).now_ms() == own.ms

    def test_follows_redis_by_the_least_delayed_stamp(self) -> None:
        own = OwnClock()
        clock = HouseClock(own)

        for delay_ms in (40, 3, 250):
            clock.heard(own.ms + 500 - delay_ms)

        assert clock.now_ms() == own.ms + 497

    def test_goes_on_between_stamps(self) -> None:
        own = OwnClock()
        clock = HouseClock(own)
        clock.heard(own.ms - 200)
        own.ms += 5_000

        assert clock.now_ms() == own.ms - 200

    def test_learns_that_a_clock_was_set_back(self) -> None:
        own = OwnClock()
        clock = HouseClock(own)
        clock.heard(own.ms + 500)
        for _ in range(3):
            own.ms += WINDOW_MS + 1
            clock.heard(own.ms - 100)

        assert clock.now_ms() == own.ms - 100

    def test_is_not_misled_by_the_first_late_stamp_of_a_window(self) -> None:
        own = OwnClock()
        clock = HouseClock(own)
        clock.heard(own.ms - 1)
        own.ms += WINDOW_MS + 1
        clock.heard(own.ms - 2_000)

        assert clock.now_ms() == own.ms - 1
