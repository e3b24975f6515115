"""A rate for each of any number of keys, in bounded memory."""

from bookings.domain.rate import BUCKETS_MAX, RateLimit


class TestRateLimit:
    def test_lets_a_minutes_worth_through_at_once_and_then_says_how_long_to_wait(self) -> None:
        limit = RateLimit(30)

        assert [limit.wait_ms("a", 5.0) for _ in range(31)] == [0] * 30 + [2000]
        assert limit.wait_ms("b", 5.0) == 0
        assert limit.wait_ms("a", 7.0) == 0

    def test_of_zero_refuses_nobody_and_remembers_nobody(self) -> None:
        limit = RateLimit(0)

        assert [limit.wait_ms("a", 5.0) for _ in range(1000)] == [0] * 1000
        assert len(limit) == 0

    def test_stays_within_its_bound_when_a_million_addresses_come(self) -> None:
        limit = RateLimit(1)

        for number in range(1_000_000):
            limit.wait_ms(f"address {number}", number / 1_000_000)

        assert len(limit) == BUCKETS_MAX

    def test_forgets_the_longest_quiet_first_and_never_one_that_goes_on(self) -> None:
        limit = RateLimit(1)
        limit.wait_ms("quiet", 0.0)
        limit.wait_ms("drums", 0.0)

        waits = []
        for number in range(2 * BUCKETS_MAX):
            limit.wait_ms(f"address {number}", 1.0)
            if number % (BUCKETS_MAX // 2) == 0:
                waits.append(limit.wait_ms("drums", 1.0))

        assert waits == [59_000] * 4
        assert limit.wait_ms("quiet", 1.0) == 0
