"""Best seats in one row, every picture of it, against an oracle of bits that knows nothing of lines or harm."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import product

import pytest

from bookings.domain import placement
from bookings.domain.placement import (
    Choice,
    NoChoice,
    NoChoiceReason,
    choose_seats,
    plan_of,
)
from tests.support.placement import SEATS_MAX, screen, seats_of

Choose = Callable[..., Choice | NoChoice]


def singles(free: int) -> int:
    """The bits of free places whose neighbours are both not free."""
    return free & ~(free << 1) & ~(free >> 1)


def faults_of_row(
    row: str, choose_one: Choose = choose_seats, counts: Iterable[int] = range(1, SEATS_MAX + 1)
) -> Iterator[str]:
    """Every way in which choices for one row break a promise, over all pictures."""
    plan = screen(row)
    columns = [seat.x for seat in plan.seats]
    for picture in product("AB", repeat=len(columns)):
        free = sum(1 << x for x, state in zip(columns, picture, strict=True) if state == "A")
        for count in counts:
            choice = choose_one(plan=plan, states="".join(picture), count=count, seats_max=SEATS_MAX)
            yield from faults_of(choice, columns, free, count)


def faults_of(choice: Choice | NoChoice, columns: list[int], free: int, count: int) -> Iterator[str]:
    block = (1 << count) - 1
    blocks = [block << x for x in columns if block << x & ~free == 0]
    made = {taken: singles(free & ~taken) & ~singles(free) for taken in blocks}
    if isinstance(choice, NoChoice):
        if free.bit_count() >= count:
            yield "refused"
        return
    chosen = sum(1 << columns[index] for index in choice.indexes)
    if chosen.bit_count() != count or chosen & ~free:
        yield "gave a seat that is not free"
    if choice.together != (chosen in made) or (blocks and not choice.together):
        yield "not together"
    if choice.makes_single_gap != bool(singles(free & ~chosen) & ~singles(free)):
        yield "said the wrong thing about the gap"
    if made.get(chosen) and not all(made.values()):
        yield "left a single seat for nothing"


class TestOneRow:
    @pytest.mark.parametrize("length", range(1, 13))
    def test_keeps_every_promise_in_every_picture(self, length):
        assert set(faults_of_row("S" * length)) == set()

    @pytest.mark.parametrize("count", [1, 2, 3])
    def test_keeps_every_promise_in_every_picture_of_a_longer_row(self, count):
        assert set(faults_of_row("S" * 14, counts=[count])) == set()

    @pytest.mark.parametrize("row", ["SSSSS..SSSSS", "SS.SSSSSS.SS", "S.SS.SSS.SSSS", ".SSSSS.S.SSSS."])
    def test_keeps_every_promise_beside_aisles(self, row):
        assert set(faults_of_row(row)) == set()

    def test_oracle_catches_a_chooser_that_ignores_single_seats(self, monkeypatch):
        monkeypatch.setattr(placement, "harm_of", lambda *_: 0)

        assert set(faults_of_row("S" * 8)) == {"left a single seat for nothing"}

    def test_oracle_catches_a_rule_that_costs_bookings(self):
        def refuses_instead(**wish):
            choice = choose_seats(**wish)
            if isinstance(choice, Choice) and choice.makes_single_gap:
                return NoChoice(NoChoiceReason.TOO_FEW_SEATS, "")
            return choice

        assert set(faults_of_row("S" * 8, refuses_instead)) == {"refused"}

    def test_oracle_catches_a_chooser_that_sees_no_aisle(self):
        closed = plan_of([replace(seat, x=x) for x, seat in enumerate(seats_of("SSS..SSS"))])

        def sees_no_aisle(*, plan, **wish):
            return choose_seats(plan=closed, **wish)

        assert "not together" in set(faults_of_row("SSS..SSS", sees_no_aisle))
