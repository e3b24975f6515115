"""No seat twice, and all seats or none: what breaks it, and the innocent case that looks most like it."""

import pytest

from realtime.loadtest import checks
from realtime.loadtest.checks import Clock
from realtime.loadtest.evidence import Breach, Evidence
from tests.support.loadtest import EPOCH_MS, HOLD_MS, bought, granted, let_go, server_ms

CLOCK = Clock(EPOCH_MS)
HOLD_SECONDS = HOLD_MS / 1000


def one_holder(evidence: Evidence, clock: Clock = CLOCK) -> list[Breach]:
    return list(checks.check_one_holder(evidence, clock))


class TestOneHolder:
    def test_is_broken_by_two_grants_that_overlap(self) -> None:
        evidence = Evidence(grants=[granted("g1", "A1", at=0), granted("g2", "A1", "A2", at=5)])

        (breach,) = one_holder(evidence)

        assert (breach.check, breach.who) == ("one-holder", ("g1", "g2"))
        assert breach.frames == ("held by g1", "held by g2")
        assert breach.at_ms == server_ms(5.01)
        assert breach.summary.startswith("A1 ")

    def test_is_broken_inside_a_longer_grant_and_after_a_shorter_one(self) -> None:
        evidence = Evidence(
            grants=[granted("g1", "A1", at=0), granted("g2", "A1", at=1), granted("g3", "A1", at=5)],
            ended=[let_go("g2", "A1", at=2)],
        )

        assert [breach.who for breach in one_holder(evidence)] == [("g1", "g2"), ("g1", "g3")]

    def test_is_kept_when_a_release_was_asked_for_before(self) -> None:
        evidence = Evidence(
            grants=[granted("g1", "A1", at=0), granted("g2", "A1", at=5)], ended=[let_go("g1", "A1", at=4.999)]
        )

        assert one_holder(evidence) == []
        assert evidence.examined == {"one-holder": 2}

    @pytest.mark.parametrize(("before_the_deadline", "breaches"), [(1.5, 1), (0.9, 0), (-1.0, 0)])
    def test_says_nothing_of_the_last_second_of_a_hold(self, before_the_deadline: float, breaches: int) -> None:
        evidence = Evidence(
            grants=[granted("g1", "A1", at=0), granted("g2", "A1", at=HOLD_SECONDS - before_the_deadline)]
        )

        assert len(one_holder(evidence)) == breaches

    @pytest.mark.parametrize(("uncertainty_ms", "breaches"), [(0, 1), (1000, 0)])
    def test_gives_the_house_what_our_clock_does_not_know(self, uncertainty_ms: float, breaches: int) -> None:
        evidence = Evidence(grants=[granted("g1", "A1", at=0), granted("g2", "A1", at=HOLD_SECONDS - 1.5)])

        assert len(one_holder(evidence, Clock(EPOCH_MS, uncertainty_ms))) == breaches

    def test_counts_from_the_answer_and_not_from_the_question(self) -> None:
        # g2 is answered first, asked for the end at once; g1's answer was only under way for long.
        slow = granted("g1", "A1", at=0)
        evidence = Evidence(
            grants=[slow, granted("g2", "A1", at=-1)],
            ended=[let_go("g2", "A1", at=0.005)],
        )

        assert one_holder(evidence) == []

    def test_knows_a_second_grant_of_a_hold_for_the_same_hold(self) -> None:
        """It names its earlier seats again; what was let go before is not his since then."""
        evidence = Evidence(
            grants=[
                granted("g1", "A1", at=0, booking="one"),
                granted("g1", "A1", "A2", at=1, booking="one"),
            ],
        )

        assert one_holder(evidence) == []
        assert [(o.since, o.booking) for o in checks.ownerships(evidence, CLOCK)["A1"]] == [(0.01, "one")]

    def test_lets_a_seat_be_let_go_and_taken_again_by_the_same(self) -> None:
        """Between the two it may be another's; within the second it may not."""
        grants = [
            granted("g1", "A1", "A2", at=0, booking="one"),
            granted("g2", "A1", at=2),
            granted("g1", "A1", "A2", at=4, booking="one"),
        ]
        ended = [let_go("g1", "A1", at=1, booking="one"), let_go("g2", "A1", at=3)]

        assert one_holder(Evidence(grants=grants, ended=ended)) == []
        (breach,) = one_holder(Evidence(grants=[*grants, granted("g3", "A1", at=5)], ended=ended))
        assert breach.who == ("g1", "g3")

    def test_is_broken_by_a_grant_of_what_was_sold(self) -> None:
        evidence = Evidence(
            grants=[granted("g1", "A1", at=0), granted("g2", "A1", at=2 * HOLD_SECONDS)],
            sold=[bought("g1", "A1", at=1)],
        )

        (breach,) = one_holder(evidence)

        assert breach.who == ("g1", "g2")

    def test_is_broken_for_good_by_two_sales(self) -> None:
        (breach,) = one_holder(Evidence(sold=[bought("g1", "A1", at=1), bought("g2", "A1", at=2)]))

        assert breach.summary.endswith("for good")

    def test_is_kept_by_one_who_pays_for_what_he_holds(self) -> None:
        assert one_holder(Evidence(grants=[granted("g1", "A1", at=0)], sold=[bought("g1", "A1", at=1)])) == []


class TestAllOrNone:
    def test_is_broken_by_a_grant_without_a_seat_that_was_asked_for(self) -> None:
        evidence = Evidence(grants=[granted("g1", "A1", at=0, wanted=("A1", "A2"), count=2)])

        (breach,) = checks.check_all_or_none(evidence, CLOCK)

        assert (breach.who, breach.frames) == (("g1",), ("held by g1",))
        assert breach.summary == "g1 asked for A1, A2 and was granted without A2"

    def test_is_broken_by_fewer_of_the_best_than_were_asked_for(self) -> None:
        evidence = Evidence(grants=[granted("g1", "A1", at=0, wanted=(), count=2, best=True)])

        assert len(list(checks.check_all_or_none(evidence, CLOCK))) == 1

    def test_is_broken_by_a_seat_that_nobody_asked_for(self) -> None:
        evidence = Evidence(
            grants=[granted("g1", "A1", "A2", "A3", at=0, wanted=("A2",), count=1, before=("A1",))]
        )  # fmt: skip

        (breach,) = checks.check_all_or_none(evidence, CLOCK)

        assert breach.summary == "g1 asked for A2 and was granted A3 besides"

    def test_is_broken_by_more_of_the_best_than_were_asked_for(self) -> None:
        def best(*seats: str) -> Evidence:
            grant = granted("g1", *seats, at=0, wanted=(), count=2, best=True, before=("A1",))
            return Evidence(grants=[grant])

        assert list(checks.check_all_or_none(best("A1", "B1", "B2"), CLOCK)) == []
        (breach,) = checks.check_all_or_none(best("A1", "B1", "B2", "B3"), CLOCK)
        assert breach.summary == "g1 asked for 2 seats and was granted B1, B2, B3"

    @pytest.mark.parametrize("before", [("A1",), None], ids=["held before", "not known"])
    def test_is_kept_by_a_hold_that_has_more_from_before(self, before: tuple[str, ...] | None) -> None:
        evidence = Evidence(grants=[granted("g1", "A1", "A2", at=0, wanted=("A2",), count=1, before=before)])

        assert list(checks.check_all_or_none(evidence, CLOCK)) == []
        assert evidence.examined == {"all-or-none": 1}


class TestTheDeadlineOfAHold:
    def judged(self, *later_ms: int, booking: str = "one") -> tuple[list[Breach], dict[str, int]]:
        """A grant, and others that add to it, each later by so much than the first."""
        ends_ms = server_ms(0) + HOLD_MS
        first = granted("g1", "A1", at=0, booking="one", expires_ms=ends_ms)
        others = [
            granted("g1", "A1", "A2", at=at, wanted=("A2",), booking=booking, expires_ms=ends_ms + ms)
            for at, ms in enumerate(later_ms, start=1)
        ]
        evidence = Evidence(grants=[*others, first])
        return list(checks.check_deadlines_of_grants(evidence, CLOCK)), evidence.examined

    def test_stays_when_seats_are_added(self) -> None:
        assert self.judged(0, -5) == ([], {"deadline": 2})

    def test_does_not_grow(self) -> None:
        (breach,), _ = self.judged(60_000)

        assert breach.summary == "g1 added A2 to a hold, which now ends 60.0 s later"
        assert (breach.check, breach.who, breach.at_ms) == ("deadline", ("g1",), server_ms(1.01))
        assert breach.frames == ("held by g1", "held by g1")

    def test_does_not_creep_either(self) -> None:
        """Each is compared with the first; one second is what two clocks may make of it."""
        assert len(self.judged(600, 1_000, 1_001)[0]) == 1

    def test_is_another_of_another_hold(self) -> None:
        assert self.judged(60_000, booking="two") == ([], {})
