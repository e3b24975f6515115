"""Two together: who was refused or seated apart while a pair was free, and who only waited or came too late."""

import pytest

from realtime.loadtest import together
from realtime.loadtest.checks import Clock
from realtime.loadtest.evidence import Breach, Evidence, Refusal
from tests.support.loadtest import EPOCH_MS, a_map, a_show, granted, refused

# B2 and B3 are the only pair that is free at the end.
ONE_PAIR = "HHHHAA"


def best(
    evidence: Evidence, final: str = ONE_PAIR, *, start: str = "AAAAAA", **seats: dict[str, object]
) -> list[Breach]:
    show = a_show(**seats)  # type: ignore[arg-type]  # what is strange about which seats
    return list(
        together.check_best_together(evidence, Clock(EPOCH_MS), a_map(start), a_map(final), show.seats)
    )  # fmt: skip


def put_off(client: str, times: int) -> list[Refusal]:
    return [refused(client, best=True, count=2, code="not_ready", at=at) for at in range(times)]


class TestTwoTogether:
    REFUSED = Evidence(refusals=[refused("g1", best=True, count=2)])

    def test_are_not_refused_while_a_pair_is_free(self) -> None:
        (breach,) = best(self.REFUSED)

        assert breach.summary == "g1 was refused two together while B2 and B3 were free"
        assert (breach.who, breach.frames) == (("g1",), ("refused",))

    @pytest.mark.parametrize("final", ["HHAAHH", "AHAAHA", "HHHHHH"])
    def test_may_be_refused_when_only_single_seats_are_free(self, final: str) -> None:
        assert best(self.REFUSED, final) == []

    def test_may_be_refused_where_an_aisle_or_a_wheelchair_space_is_between(self) -> None:
        assert best(self.REFUSED, xs={"B3": 4.0}) == []
        assert best(self.REFUSED, kinds={"B3": "wheelchair"}) == []

    def test_may_be_refused_when_the_pair_was_somebodys_for_a_time(self) -> None:
        """His hold has ended by its deadline, or it was there before the run."""
        theirs = granted("g2", "B2", "B3", at=0, wanted=(), count=2, best=True)

        assert best(Evidence(refusals=self.REFUSED.refusals, grants=[theirs])) == []
        assert best(self.REFUSED, start="AAAAAH") == []

    def test_is_all_that_is_judged(self) -> None:
        others = [
            refused("g1", best=True, count=3),
            refused("g2", "A1", "A2"),
            refused("g3", best=True, count=2, code="x"),
        ]

        assert best(Evidence(refusals=others)) == []


class TestWhoIsToldToTryAgain:
    def test_is_not_refused_when_he_is_served_then(self) -> None:
        served = granted("g1", "A1", "A2", at=9, wanted=(), count=2, best=True)

        assert best(Evidence(refusals=put_off("g1", together.TRIES_MAX), grants=[served])) == []

    def test_is_not_refused_until_he_has_tried_again(self) -> None:
        assert best(Evidence(refusals=put_off("g1", together.TRIES_MAX - 1))) == []

    def test_is_refused_when_he_hears_nothing_else(self) -> None:
        (breach,) = best(Evidence(refusals=put_off("g1", together.TRIES_MAX)))

        assert breach.summary == "g1 was refused two together while B2 and B3 were free"
        assert best(Evidence(refusals=put_off("g1", together.TRIES_MAX)), "HHHHHA") == []


class TestTwoApart:
    def apart(self, *seats: str, before: tuple[str, ...] | None = ()) -> Evidence:
        return Evidence(grants=[granted("g1", *seats, at=0, wanted=(), count=2, best=True, before=before)])

    @pytest.mark.parametrize("seats", [("A1", "A3"), ("A1", "B1")])
    def test_are_not_given_while_a_pair_is_free(self, seats: tuple[str, str]) -> None:
        (breach,) = best(self.apart(*seats))

        assert breach.summary == f"g1 was given {seats[0]} and {seats[1]} apart while B2 and B3 were free"
        assert (breach.check, breach.who, breach.frames) == ("best-together", ("g1",), ("held by g1",))

    def test_are_given_when_no_pair_is_left(self) -> None:
        assert best(self.apart("A1", "A3"), "HAHHAH") == []

    def test_are_not_two_that_join_an_earlier_hold(self) -> None:
        assert best(self.apart("A1", "A2", "B1", before=("B1",))) == []
