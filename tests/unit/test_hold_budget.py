"""The held-time budget: by example in minutes, against an oracle that counts single ticks, and against bots."""

from collections.abc import Iterator, Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bookings.domain.holds import STRIKE_MEMORY_MS, HeldSpan, budget_wait_ms, strikes_of

MINUTE = 60_000
BUDGET, WINDOW, HOLD = 20 * MINUTE, 30 * MINUTE, 10 * MINUTE
# 20 of any 30 again, with ticks that can be counted one by one.
TICKS = {"budget_ms": 20, "window_ms": 30}


def minutes(*spans: tuple[float, float]) -> list[HeldSpan]:
    return [HeldSpan(int(start * MINUTE), int(end * MINUTE)) for start, end in spans]


def wait(spans: Sequence[HeldSpan], now_ms: int, *, strikes: int | None = None) -> int:
    strikes = strikes_until(spans, now_ms) if strikes is None else strikes
    return budget_wait_ms(spans=spans, strikes=strikes, now_ms=now_ms, budget_ms=BUDGET, window_ms=WINDOW)


def strikes_until(spans: Sequence[HeldSpan], now_ms: int) -> int:
    return strikes_of(spans=spans, now_ms=now_ms, budget_ms=BUDGET, window_ms=WINDOW)


class TestWaiting:
    def test_nobody_waits_before_the_budget_is_used_up(self):
        assert wait([], 0) == 0
        assert wait(minutes((0, 10), (10, 19.9)), 20 * MINUTE) == 0

    def test_two_full_holds_cost_the_rest_of_the_window_and_the_first_extra_wait(self):
        spans = minutes((0, 10), (10, 20))

        assert wait(spans, 20 * MINUTE, strikes=0) == 10 * MINUTE + 1
        assert wait(spans, 20 * MINUTE) == 15 * MINUTE + 1

    def test_the_wait_runs_down_and_ends_to_the_millisecond(self):
        spans = minutes((0, 10), (10, 20))

        assert wait(spans, 30 * MINUTE) == 5 * MINUTE + 1
        assert wait(spans, 35 * MINUTE) == 1
        assert wait(spans, 35 * MINUTE + 1) == 0

    def test_a_hold_that_began_with_little_left_costs_its_full_length(self):
        spans = minutes((0, 10), (10, 19), (19, 29))

        # 29 min were held; 9 of them and a bit must leave the window, then 5 min more.
        assert wait(spans, 29 * MINUTE) == (9 + 30 + 5 - 29) * MINUTE + 1

    @pytest.mark.parametrize(("strikes", "extra"), [(0, 0), (1, 5), (2, 15), (3, 35), (4, 75), (5, 120), (9, 120)])
    def test_the_extra_wait_doubles_up_to_four_windows(self, strikes, extra):
        spans = minutes((0, 20))

        assert wait(spans, 20 * MINUTE, strikes=strikes) == (10 + extra) * MINUTE + 1

    def test_a_span_is_judged_only_up_to_now(self):
        spans = minutes((0, 10), (10, 40))

        assert wait(spans, 19 * MINUTE) == 0
        assert wait(spans, 20 * MINUTE) > 0

    def test_the_extra_wait_holds_although_the_window_is_empty_again(self):
        spans = minutes((0, 20))

        assert wait(spans, 51 * MINUTE, strikes=4) == (30 + 75 - 51) * MINUTE + 1

    def test_a_budget_of_nothing_is_a_mistake_of_the_caller(self):
        with pytest.raises(ValueError, match="above 0"):
            budget_wait_ms(spans=[], strikes=0, now_ms=0, budget_ms=0, window_ms=WINDOW)


class TestStrikes:
    def test_each_time_the_budget_is_used_up_counts(self):
        spans = minutes((0, 20), (60, 70), (70, 80), (200, 219))

        assert strikes_until(spans, 300 * MINUTE) == 2

    def test_a_span_that_slipped_past_the_rule_prolongs_the_strike(self):
        spans = minutes((0, 20), (21, 25))

        assert strikes_until(spans, 30 * MINUTE) == 1
        assert wait(spans, 30 * MINUTE) > wait(spans[:1], 30 * MINUTE)

    def test_strikes_are_forgotten_after_a_day(self):
        spans = minutes((0, 20))

        assert strikes_until(spans, 20 * MINUTE + STRIKE_MEMORY_MS - 1) == 1
        assert strikes_until(spans, 20 * MINUTE + STRIKE_MEMORY_MS) == 0

    def test_the_wait_grows_from_one_time_to_the_next(self):
        waits, spans, now_ms = [], [], 0
        for _ in range(6):
            spans.append(HeldSpan(now_ms, now_ms + 2 * HOLD))
            now_ms += 2 * HOLD
            waits.append(wait(spans, now_ms))
            now_ms += waits[-1]

        assert waits == [(10 + extra) * MINUTE + 1 for extra in (5, 15, 35, 75, 120, 120)]


# Against ticks


@st.composite
def ticked(draw):
    """Spans in ticks, in any order, overlapping or not; and a now among or after them."""
    spans = draw(
        st.lists(st.builds(lambda start, length: HeldSpan(start, start + length), _START, _LENGTH), max_size=12)
    )
    return spans, draw(st.integers(0, 320))


_START = st.integers(0, 200)
_LENGTH = st.integers(0, 25)


def wait_by_ticks(spans: Sequence[HeldSpan], strikes: int, now: int) -> int:
    held = held_ticks(spans, now)
    used_up = [end for end in ends_of(held) if used_by_ticks(held, end) >= TICKS["budget_ms"]]
    if not used_up:
        return 0
    before = {tick for tick in held if tick < used_up[-1]}
    free = used_up[-1]
    while used_by_ticks(before, free) >= TICKS["budget_ms"]:
        free += 1
    return max(0, free + min(120, 5 * ((1 << strikes) - 1)) - now)


def strikes_by_ticks(spans: Sequence[HeldSpan], now: int) -> int:
    held = held_ticks(spans, now)
    starts = sorted(tick for tick in held if tick - 1 not in held)
    pairs = zip(starts, ends_of(held), strict=True)
    return sum(used_by_ticks(held, start) < 20 <= used_by_ticks(held, end) for start, end in pairs)


def held_ticks(spans: Sequence[HeldSpan], now: int) -> set[int]:
    return {tick for span in spans for tick in range(span.start_ms, span.end_ms) if tick < now}


def ends_of(held: set[int]) -> list[int]:
    return sorted(tick + 1 for tick in held if tick + 1 not in held)


def used_by_ticks(held: set[int], at: int) -> int:
    return sum(tick in held for tick in range(at - TICKS["window_ms"], at))


class TestAgainstTicks:
    @given(ticked(), st.integers(0, 8))
    @settings(max_examples=300, deadline=None)
    def test_waits_as_long_as_counting_ticks_says(self, case, strikes):
        spans, now = case

        assert budget_wait_ms(spans=spans, strikes=strikes, now_ms=now, **TICKS) == wait_by_ticks(spans, strikes, now)

    @given(ticked())
    @settings(max_examples=300, deadline=None)
    def test_counts_the_strikes_that_counting_ticks_finds(self, case):
        spans, now = case

        assert strikes_of(spans=spans, now_ms=now, **TICKS) == strikes_by_ticks(spans, now)

    @given(ticked(), st.integers(0, 8), st.integers(0, 8))
    @settings(max_examples=200, deadline=None)
    def test_more_strikes_never_mean_a_shorter_wait(self, case, one, other):
        spans, now = case
        few, many = sorted((one, other))

        waits = [budget_wait_ms(spans=spans, strikes=n, now_ms=now, **TICKS) for n in (few, many)]

        assert waits[0] <= waits[1]

    @given(ticked(), st.integers(0, 8), st.integers(0, 200))
    @settings(max_examples=200, deadline=None)
    def test_time_without_a_hold_shortens_the_wait_by_itself(self, case, strikes, later):
        spans, _ = case
        now = max((span.end_ms for span in spans), default=0)

        at_first = budget_wait_ms(spans=spans, strikes=strikes, now_ms=now, **TICKS)

        assert budget_wait_ms(spans=spans, strikes=strikes, now_ms=now + later, **TICKS) == max(0, at_first - later)

    @given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 19)), max_size=12))
    @settings(max_examples=200, deadline=None)
    def test_who_stays_below_the_budget_in_every_window_never_waits(self, pauses_and_lengths):
        held: set[int] = set()
        spans, now = [], 0
        for pause, length in pauses_and_lengths:
            start = now + pause
            now = start
            while now < start + length and used_by_ticks(held | {now}, now + 1) < TICKS["budget_ms"]:
                held.add(now)
                now += 1
            spans.append(HeldSpan(start, now))

            assert strikes_of(spans=spans, now_ms=now, **TICKS) == 0
            assert budget_wait_ms(spans=spans, strikes=0, now_ms=now, **TICKS) == 0


# Against bots


def hold_at_every_chance(lengths: Iterator[int], pauses: Iterator[int], until_ms: int) -> list[HeldSpan]:
    """What somebody gets who obeys the rule and nothing else: `pauses` on top of what he must wait."""
    spans: list[HeldSpan] = []
    now_ms = 0
    while now_ms < until_ms:
        must_wait_ms = wait(spans, now_ms)
        if must_wait_ms:
            now_ms += must_wait_ms
            continue
        now_ms += next(pauses)
        spans.append(HeldSpan(now_ms, now_ms + next(lengths)))
        now_ms = spans[-1].end_ms
    return spans


def most_held_ms(spans: Sequence[HeldSpan], *, within_ms: int, since_ms: int = 0) -> int:
    """The most time held within any stretch of that length; the worst one begins or ends with a span."""
    begins = {span.start_ms for span in spans} | {span.end_ms - within_ms for span in spans}
    return max(
        sum(max(0, min(s.end_ms, begin + within_ms) - max(s.start_ms, begin)) for s in spans)
        for begin in begins
        if begin >= since_ms
    )


def always(value: int) -> Iterator[int]:
    while True:
        yield value


class TestBots:
    @pytest.mark.parametrize("length", [HOLD, HOLD - 1, HOLD * 95 // 100, HOLD * 7 // 10, HOLD // 2, HOLD // 10])
    def test_who_holds_again_at_once_gets_less_and_less(self, length):
        spans = hold_at_every_chance(always(length), always(0), 72 * 60 * MINUTE)

        assert most_held_ms(spans, within_ms=120 * MINUTE) <= 80 * MINUTE
        assert most_held_ms(spans, within_ms=120 * MINUTE, since_ms=12 * 60 * MINUTE) <= 30 * MINUTE

    def test_without_the_growing_wait_he_would_keep_his_share(self):
        spans: list[HeldSpan] = []
        now_ms = 0
        while now_ms < 24 * 60 * MINUTE:
            now_ms += wait(spans, now_ms, strikes=0)
            spans.append(HeldSpan(now_ms, now_ms + HOLD))
            now_ms += HOLD

        assert most_held_ms(spans, within_ms=120 * MINUTE, since_ms=12 * 60 * MINUTE) > 60 * MINUTE

    @pytest.mark.parametrize("seed", range(40))
    def test_holding_by_chance_never_gets_more_than_90_of_any_120_minutes(self, seed):
        chance = Random(seed)
        lengths = iter(lambda: chance.choice([HOLD, HOLD, HOLD - 1, HOLD // 2, chance.randint(1, HOLD)]), None)
        pauses = iter(lambda: chance.choice([0, 0, 0, chance.randint(0, HOLD)]), None)

        spans = hold_at_every_chance(lengths, pauses, 12 * 60 * MINUTE)

        assert most_held_ms(spans, within_ms=120 * MINUTE) <= 90 * MINUTE

    def test_who_only_toggles_never_waits(self):
        lengths = always(2_000)

        spans = hold_at_every_chance(lengths, always(2_000), 60 * MINUTE)

        assert len(spans) == 900
        assert strikes_until(spans, 60 * MINUTE) == 0
        assert wait(spans, 60 * MINUTE) == 0
