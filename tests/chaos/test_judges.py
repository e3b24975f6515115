"""The judges of the fault suite: each passes what is right and calls what is wrong by its name."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.chaos.clients import Follower
from tests.chaos.judges import keys_left, map_differs, promises_broken
from tests.chaos.ledger import TAKEOVER_MS, Ledger
from tests.chaos.truth import Claim, Truth

NOW_MS = 1_000_000.0
SOON_MS = NOW_MS + 5_000
SHOW = 24


@dataclass
class Seen:
    states: list[str] | None
    deadlines: dict[int, int] = field(default_factory=dict)


def truth(*claims: Claim) -> Truth:
    return Truth(claims, NOW_MS)


def held(seat: int, *, booking: str = "one", until_ms: float = SOON_MS, status: str = "pending") -> Claim:
    return Claim(SHOW, seat, "booking", booking, status, until_ms)


BLOCK = Claim(SHOW, 3, "block", None, None, None)


class TestRowsAsAPicture:
    def test_shows_held_sold_and_blocked_seats(self) -> None:
        rows = truth(held(1), held(2, booking="two", status="confirmed", until_ms=0), BLOCK)

        assert rows.picture(SHOW, 5) == ("AHBXA", {1: SOON_MS})

    def test_shows_a_hold_past_its_deadline_as_free(self) -> None:
        rows = truth(held(1, until_ms=NOW_MS - 2_500))

        assert rows.picture(SHOW, 2) == ("AA", {})
        assert rows.overdue_seconds() == 2.5

    def test_leaves_other_shows_out(self) -> None:
        assert truth(held(1)).picture(SHOW + 1, 2) == ("AA", {})


class TestImpossibleRows:
    def test_are_none_among_good_ones(self) -> None:
        assert truth(held(1), held(2), BLOCK).impossible() == []

    def test_are_two_live_claims_on_a_seat(self) -> None:
        assert truth(held(1), held(1, booking="two")).impossible() == ["show 24 seat 1 has 2 live claims"]

    def test_are_claims_of_bookings_that_ended(self) -> None:
        (said,) = truth(held(1, status="expired")).impossible()

        assert "still claimed by one, which is expired" in said


class TestAMap:
    def test_is_true(self) -> None:
        assert map_differs(truth(held(1)), Seen(list("AHA"), {1: int(SOON_MS)}), show=SHOW) is None

    @pytest.mark.parametrize(
        ("states", "deadline_ms", "says"),
        [
            ("AAA", SOON_MS, "seat 1 is H, shown A"),
            ("AHB", SOON_MS, "seat 2 is A, shown B"),
            ("AHA", SOON_MS - 400, "seat 1 is held for 400 ms longer than shown"),
        ],
    )
    def test_is_wrong(self, states: str, deadline_ms: float, says: str) -> None:
        wrong = map_differs(truth(held(1)), Seen(list(states), {1: int(deadline_ms)}), show=SHOW)

        assert wrong == f"1 differences: {says}"

    def test_is_missing(self) -> None:
        assert map_differs(truth(), Seen(None), show=SHOW) == "has no map"


class TestPromises:
    def grant(self, ledger: Ledger, booking: str, *, who: str, now_ms: float) -> None:
        ledger.held(
            {"booking": booking, "seats": ["A1"], "expires_ms": now_ms + 8_000}, show=SHOW, who=who, now_ms=now_ms
        )

    @pytest.mark.parametrize(("rows", "broken"), [([held(0)], 0), ([], 1), ([held(0, booking="two")], 1)])
    def test_are_in_the_rows(self, rows: list[Claim], broken: int) -> None:
        ledger = Ledger()
        self.grant(ledger, "one", who="anna", now_ms=NOW_MS)

        assert len(promises_broken(truth(*rows), ledger, {SHOW: {"A1": 0}})) == broken

    def test_bind_nobody_once_given_back(self) -> None:
        ledger = Ledger()
        self.grant(ledger, "one", who="anna", now_ms=NOW_MS)
        ledger.given_back(["A1"], show=SHOW, who="anna", now_ms=NOW_MS + 1)

        assert promises_broken(truth(), ledger, {SHOW: {"A1": 0}}) == []

    @pytest.mark.parametrize(("second_after_ms", "overlaps"), [(2_000, 1), (8_000 - TAKEOVER_MS, 0), (9_000, 0)])
    def test_to_two_people_overlap(self, second_after_ms: float, overlaps: int) -> None:
        ledger = Ledger()
        self.grant(ledger, "one", who="anna", now_ms=NOW_MS)
        self.grant(ledger, "two", who="berta", now_ms=NOW_MS + second_after_ms)

        assert len(ledger.overlaps()) == overlaps

    def test_after_a_release_do_not_overlap(self) -> None:
        ledger = Ledger()
        self.grant(ledger, "one", who="anna", now_ms=NOW_MS)
        ledger.given_back(["A1"], show=SHOW, who="anna", now_ms=NOW_MS + 1)
        self.grant(ledger, "two", who="berta", now_ms=NOW_MS + 2)

        assert ledger.overlaps() == []


class TestKeysOfHolds:
    def test_are_told_from_those_that_may_stay(self) -> None:
        assert keys_left(["seat_states:{24}", "hold_deadlines:{24}", "show:{24}"]) == ["hold_deadlines:{24}"]


class SilentSocket:
    """A socket on which nothing arrives by itself."""

    close_code = None

    def __aiter__(self) -> "SilentSocket":
        return self

    async def __anext__(self) -> str:
        raise StopAsyncIteration


class TestAFollower:
    SNAPSHOT = {"type": "snapshot", "epoch": "e", "version": 5, "states": "AA", "holds": {}, "mine": None}

    async def follow(self, *frames: dict[str, Any]) -> Follower:
        socket: Any = SilentSocket()
        follower = Follower(socket)
        for frame in frames:
            await follower._follow(frame)
        return follower

    async def test_takes_a_lower_version_of_another_epoch(self) -> None:
        follower = await self.follow(self.SNAPSHOT, {**self.SNAPSHOT, "epoch": "f", "version": 1})

        assert follower.version == 1

    async def test_complains_of_a_version_that_goes_back(self) -> None:
        with pytest.raises(AssertionError, match="version 5 of epoch e was followed by 4"):
            await self.follow(self.SNAPSHOT, {**self.SNAPSHOT, "version": 4})

    async def test_complains_of_a_checksum_that_is_not_its_own(self) -> None:
        with pytest.raises(AssertionError, match="differs from the server's"):
            await self.follow(self.SNAPSHOT, {"type": "check", "epoch": "e", "version": 5, "crc32": 1})
