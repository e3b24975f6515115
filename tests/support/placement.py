"""Small screens drawn row by row, and choosing seats on them."""

from functools import cache

from bookings.domain.layout import Seat, parse_layout
from bookings.domain.placement import (
    Choice,
    NoChoice,
    Plan,
    choose_seats,
    plan_of,
)

SEATS_MAX = 10


@cache
def seats_of(*rows: str) -> tuple[Seat, ...]:
    """A screen drawn row by row from the screen, all in one category."""
    drawn = [f"{chr(ord('A') + y)} {row}" for y, row in enumerate(rows)]
    return parse_layout("\n".join(["categories: standard", "[standard]", *drawn])).seats


@cache
def screen(*rows: str) -> Plan:
    return plan_of(seats_of(*rows))


def labels(plan: Plan, choice: Choice | NoChoice) -> list[str]:
    assert isinstance(choice, Choice), choice
    return [plan.seats[index].label for index in choice.indexes]


def choose(plan: Plan, states: str | None = None, count: int = 2, **wish) -> Choice:
    states = (states or "A" * len(plan.seats)).replace(" ", "")
    choice = choose_seats(plan=plan, states=states, count=count, seats_max=SEATS_MAX, **wish)
    assert isinstance(choice, Choice), choice
    return choice


def refuse(plan: Plan, states: str | None = None, count: int = 2, **wish) -> NoChoice:
    states = (states or "A" * len(plan.seats)).replace(" ", "")
    refusal = choose_seats(plan=plan, states=states, count=count, seats_max=SEATS_MAX, **wish)
    assert isinstance(refusal, NoChoice), refusal
    return refusal
