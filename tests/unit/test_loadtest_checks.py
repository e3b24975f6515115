"""Checks at the end of a run: each with a broken promise, and with the innocent case that looks most like it."""

import pytest

from realtime.loadtest import checks
from realtime.loadtest.checks import Clock
from realtime.loadtest.evidence import Breach, Evidence, FinalMine, SeenMap, SeenPicture, Unreturned
from realtime.loadtest.frames import Snapshot
from realtime.loadtest.seat_map import SeatMap
from tests.support.loadtest import (
    EPOCH_MS,
    HOLD_MS,
    LABELS,
    a_map,
    a_show,
    bought,
    granted,
    let_go,
    refused,
    server_ms,
)

CLOCK = Clock(EPOCH_MS)
HOLD_SECONDS = HOLD_MS / 1000
INDEX_OF = {label: index for index, label in enumerate(LABELS)}


def who_came_back(
    *, told: tuple[str, ...] = (), believed: tuple[str, ...] = (), told_for_ms: int = 60_000
) -> Evidence:
    """At our second 100, after a refusal of A2."""
    until_ms = server_ms(100) + told_for_ms
    return Evidence(
        mine=[
            FinalMine(
                client="g1", told=told, told_until_ms=until_ms if told else 0, believed=believed,
                refused=("A2",), expires_ms=until_ms if believed else 0, at_ms=server_ms(100), frame="mine",
            )
        ]
    )  # fmt: skip


class TestWhoComesBack:
    def test_has_what_he_believes_to_have(self) -> None:
        evidence = who_came_back(told=("A1",), believed=("A1",))

        assert list(checks.check_mine(evidence, CLOCK)) == []
        assert evidence.examined == {"refused-unchanged": 1}

    def test_has_nothing_of_what_he_was_refused(self) -> None:
        (breach,) = checks.check_mine(who_came_back(told=("A1", "A2"), believed=("A1",)), CLOCK)

        assert (breach.check, breach.summary) == ("refused-unchanged", "g1 has A2 after a refusal of A2")
        assert (breach.who, breach.frames, breach.at_ms) == (("g1",), ("mine",), server_ms(100))

    def test_has_nothing_that_nobody_granted(self) -> None:
        (breach,) = checks.check_mine(who_came_back(told=("A3",)), CLOCK)

        assert (breach.check, breach.summary) == ("refused-unchanged", "g1 has A3 without a grant")

    @pytest.mark.parametrize("told_for_ms", [0, -1, -checks.OVERDUE_MS])
    def test_may_be_told_of_a_hold_that_ends_at_this_moment(self, told_for_ms: int) -> None:
        assert list(checks.check_mine(who_came_back(told=("A1",), told_for_ms=told_for_ms), CLOCK)) == []

    def test_is_not_told_of_one_that_is_long_over(self) -> None:
        (breach,) = checks.check_mine(who_came_back(told=("A1",), told_for_ms=-2_500), CLOCK)

        assert (breach.check, breach.summary) == ("deadline", "g1 still has A1, 2.5 s after the deadline")

    @pytest.mark.parametrize(("left_ms", "breaches"), [(1_001, 1), (1_000, 0), (-5, 0)])
    def test_has_not_lost_what_he_was_granted_before_its_last_second(self, left_ms: int, breaches: int) -> None:
        found = list(checks.check_mine(who_came_back(believed=("A1",), told_for_ms=left_ms), CLOCK))

        assert [breach.check for breach in found] == ["kept"] * breaches


class TestTheVersionOfAGrant:
    @pytest.mark.parametrize(("version", "breaches"), [(6, 1), (7, 1), (8, 0)])
    def test_is_later_than_what_its_asker_had_seen(self, version: int, breaches: int) -> None:
        evidence = Evidence(grants=[granted("g1", "A1", at=0, version=version, seen=("e", 7))])

        assert len(list(checks.check_versions_of_grants(evidence, CLOCK))) == breaches
        assert evidence.examined == {"versions": 1}

    @pytest.mark.parametrize("facts", [{"version": None, "seen": ("e", 7)}, {"version": 3, "seen": ("", -1)}])
    def test_proves_nothing_without_redis_or_across_epochs(self, facts: dict[str, object]) -> None:
        evidence = Evidence(grants=[granted("g1", "A1", at=0, **facts)])

        assert list(checks.check_versions_of_grants(evidence, CLOCK)) == []
        assert evidence.examined == {}


def judged_at_rest(http: SeatMap, *maps: tuple[str, SeatMap], before: SeatMap | None = None) -> list[Breach]:
    evidence = Evidence(maps=checks.final_maps(maps))
    return list(checks.check_final_maps(evidence, before or http, http, "over http", server_ms(9), a_show().seats))


class TestAtRestHttp:
    def test_shows_what_everybody_has(self) -> None:
        assert judged_at_rest(a_map("AHAAAA", holds={1: 5}), ("v0", a_map("AHAAAA", holds={1: 5}))) == []

    def test_is_at_the_version_at_which_everybody_is(self) -> None:
        (breach,) = judged_at_rest(a_map(version=3), *[(f"v{n}", a_map(version=4)) for n in range(5)])

        assert breach.summary == "at rest, HTTP is at version 3 and v0, v1, v2 and 2 more at 4"
        assert breach.who == ("v0", "v1", "v2", "v3", "v4")

    def test_may_have_moved_on_where_somebody_else_uses_the_show(self) -> None:
        before, between, after = (a_map(version=version) for version in (3, 4, 5))

        assert judged_at_rest(after, ("v0", before), ("v1", between), before=before) == []
        # Off: a map older than what had been shown before it was brought up to date.
        assert len(judged_at_rest(after, ("v0", before), before=between)) == 1
        # Nothing compares with a show that was rebuilt meanwhile.
        assert judged_at_rest(a_map(epoch="f"), ("v0", before), before=before) == []

    def test_is_of_the_epoch_of_which_everybody_is(self) -> None:
        assert len(judged_at_rest(a_map(epoch="e"), ("v0", a_map(epoch="f")))) == 1

    def test_shows_the_same_seats(self) -> None:
        (breach,) = judged_at_rest(a_map("AAAAAA"), ("v0", a_map("AAAAAA")), ("v1", a_map("AABAAA")))

        assert breach.summary == "at version 1 A3 is A over HTTP and B on the map of v1"
        assert (breach.frames, breach.at_ms) == (("over http", "AABAAA"), server_ms(9))

    def test_shows_the_same_deadlines(self) -> None:
        (breach,) = judged_at_rest(a_map("HAAAAA", holds={0: 5}), ("v1", a_map("HAAAAA", holds={0: 6})))

        assert "A1 is H over HTTP and H" in breach.summary


class TestDuringTheRunHttp:
    def judged(self, *, digest: str) -> tuple[list[Breach], dict[str, int]]:
        evidence = Evidence(
            digests={"e 4": SeenMap("ours", server_ms(1), "v0", "his frame")},
            pictures=[
                SeenPicture("e 4", digest, server_ms(2), "text"),
                SeenPicture("e 5", "other", server_ms(3), ""),
            ],
        )
        return list(checks.check_pictures(evidence)), evidence.examined

    def test_shows_what_clients_had_at_that_version(self) -> None:
        assert self.judged(digest="ours") == ([], {"http-agrees": 1})

    def test_shows_no_other_map(self) -> None:
        (breach,), _ = self.judged(digest="another")

        assert (breach.check, breach.at_ms, breach.who, breach.frames) == (
            "http-agrees", server_ms(2), ("http", "v0"), ("text", "his frame"),
        )  # fmt: skip


def kept_at_rest(states: str, evidence: Evidence, *, at: float = 10) -> list[Breach]:
    return list(checks.check_kept_at_rest(evidence, CLOCK, a_map(states), server_ms(at), INDEX_OF))


class TestAtRestAGrant:
    def test_is_on_the_map(self) -> None:
        evidence = Evidence(grants=[granted("g1", "A1", at=0)])

        assert kept_at_rest("HAAAAA", evidence) == []
        assert evidence.examined == {"kept": 1}

    @pytest.mark.parametrize("state", ["A", "X"])
    def test_is_not_shown_as_anything_else(self, state: str) -> None:
        (breach,) = kept_at_rest(f"{state}AAAAA", Evidence(grants=[granted("g1", "A1", at=0)]))

        assert breach.summary == f"A1 is held by g1 and shown as {state}"
        assert (breach.who, breach.frames) == (("g1",), ("held by g1",))

    def test_may_have_become_a_sale_that_he_was_not_told_of(self) -> None:
        assert kept_at_rest("BAAAAA", Evidence(grants=[granted("g1", "A1", at=0)])) == []

    def test_may_be_gone_when_he_has_let_go_or_in_its_last_second(self) -> None:
        released = Evidence(grants=[granted("g1", "A1", at=0)], ended=[let_go("g1", "A1", at=5)])

        assert kept_at_rest("AAAAAA", released) == []
        assert kept_at_rest("AAAAAA", Evidence(grants=[granted("g1", "A1", at=0)]), at=HOLD_SECONDS - 0.5) == []

    def test_that_was_bought_is_shown_as_booked_for_good(self) -> None:
        evidence = Evidence(grants=[granted("g1", "A1", at=0)], sold=[bought("g1", "A1", at=1)])

        assert kept_at_rest("BAAAAA", evidence, at=5 * HOLD_SECONDS) == []
        (breach,) = kept_at_rest("HAAAAA", evidence, at=5 * HOLD_SECONDS)
        assert breach.summary == "A1 is sold by g1 and shown as H"


def left(after: str, evidence: Evidence, *, before: str = "AAAAAA") -> list[Breach]:
    return list(
        checks.check_nothing_left(evidence, CLOCK, a_map(before), a_map(after), server_ms(20), list(LABELS))
    )  # fmt: skip


class TestWhenAllHaveLetGo:
    REFUSED = refused("g1", "A1", "A2", culprits=("A1",))

    def test_the_rest_of_a_refused_request_is_free(self) -> None:
        (breach,) = left("AHAAAA", Evidence(refusals=[self.REFUSED]))

        assert (breach.check, breach.who, breach.frames) == ("refused-unchanged", ("g1",), ("refused",))
        assert breach.summary.startswith("A2 ")

    def test_nothing_is_said_of_seats_that_were_in_the_way(self) -> None:
        evidence = Evidence(refusals=[self.REFUSED])

        assert left("HAAAAA", evidence) == []
        assert evidence.examined == {"refused-unchanged": 1}

    def test_nothing_is_said_of_seats_that_others_held_before_or_were_granted_or_could_not_give_back(self) -> None:
        evidence = Evidence(refusals=[self.REFUSED])
        theirs = Evidence(refusals=[self.REFUSED], grants=[granted("g2", "A2", at=1)])

        unreturned = Evidence(refusals=[self.REFUSED], unreturned=[Unreturned("g2", ("A2",), "not_ready")])

        assert left("AHAAAA", unreturned) == []
        assert left("AHAAAA", evidence, before="AHAAAA") == []
        assert left("AHAAAA", theirs) == []
        assert left("ABAAAA", evidence) == []


def test_which_checks_are_made() -> None:
    assert set(checks.checked_in(checks.BEST_TOGETHER)) == set(checks.TITLES)
    assert set(checks.TITLES) - set(checks.checked_in("viewers")) == {checks.BEST_TOGETHER}


def test_a_hold_is_overdue_two_seconds_after_its_deadline() -> None:
    seat_map = a_map("HHAAAA", holds={0: 10_000, 1: 10_001})

    assert checks.overdue(seat_map, 12_000) == []
    assert checks.overdue(seat_map, 12_001) == [0]


def test_our_clock_and_the_servers_are_each_others_inverse() -> None:
    clock = Clock(EPOCH_MS + 0.4, 3)

    assert clock.server_ms(clock.at(EPOCH_MS + 1234)) == EPOCH_MS + 1234


def test_clients_with_the_same_map_are_kept_together() -> None:
    found = checks.final_maps([("v0", a_map("AB")), ("v1", a_map("BB")), ("v2", a_map("AB"))])

    assert [(final.states, final.clients) for final in found] == [("AB", ("v0", "v2")), ("BB", ("v1",))]


def test_a_snapshot_over_http_is_a_map() -> None:
    seat_map = checks.map_of(Snapshot("e", 3, 0, "AH", {"1": 77}))

    assert (seat_map.version, seat_map.states, seat_map.holds) == (3, b"AH", {1: 77})
