"""A client's own map: how frames move it, when maps are shared, and what is noticed when two differ."""

from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime.loadtest.evidence import BREACHES_KEPT_MAX, Breach, Evidence, SeenMap
from realtime.loadtest.frames import Frame, Snapshot
from realtime.loadtest.seat_map import KEPT_VERSIONS_MAX, Atlas, SeatMap, digest_of
from tests.support.loadtest import a_map, frame, server_ms, snapshot, step


class Watched(Atlas):
    """An atlas that keeps what it says."""

    def __init__(self) -> None:
        self.new: list[int] = []
        self.conflicts: list[tuple[SeatMap | None, SeatMap, str]] = []

        def on_conflict(known: SeatMap | None, other: SeatMap, _frame: Frame | Snapshot, client: str) -> None:
            self.conflicts.append((known, other, client))

        super().__init__(on_new=lambda new, *_: self.new.append(new.version), on_conflict=on_conflict)


class TestAMap:
    def test_is_a_snapshot(self) -> None:
        seat_map = SeatMap.of_snapshot(frame("snapshot", **snapshot("AHB", version=4, holds={"1": 99})))

        assert (seat_map.epoch, seat_map.version, seat_map.states, seat_map.holds) == ("e", 4, b"AHB", {1: 99})

    def test_is_changed_by_absolute_states(self) -> None:
        before = a_map("AHHA", holds={1: 5, 2: 6})

        after = before.changed(frame("seats", **step(1, 3, (0, "H", 9), (1, "A"), (2, "B"))))

        assert (after.version, after.states, after.holds) == (3, b"HABA", {0: 9})
        assert (before.states, before.holds) == (b"AHHA", {1: 5, 2: 6})

    def test_says_where_it_differs_in_states_and_deadlines(self) -> None:
        assert a_map("AHHA", holds={1: 5, 2: 6}).differences(a_map("BHHA", holds={1: 5, 2: 7})) == [0, 2]

    @settings(deadline=None)
    @given(
        st.dictionaries(st.integers(0, 5), st.integers(1, 9)), st.dictionaries(st.integers(0, 5), st.integers(1, 9))
    )
    def test_has_a_digest_of_its_own(self, holds: dict[int, int], others: dict[int, int]) -> None:
        assert (digest_of(b"A", holds) == digest_of(b"A", others)) == (holds == others)
        assert digest_of(b"A", dict(reversed(holds.items()))) == digest_of(b"A", holds)
        assert digest_of(b"A", holds) != digest_of(b"B", holds)


class TestAnAtlas:
    def test_has_one_map_for_all_who_saw_the_same(self) -> None:
        atlas = Watched()
        first, second = frame("snapshot", **snapshot()), frame("snapshot", **snapshot(at=1))
        change = frame("seats", **step(1, 2, (0, "H", 9)))

        maps = [atlas.begin(first, "v0"), atlas.begin(second, "v1")]
        after = [atlas.follow(seat_map, change, "v0") for seat_map in maps]

        assert maps[0] is maps[1]
        assert after[0] is after[1]
        assert (atlas.new, atlas.conflicts) == ([1, 2], [])

    def test_computes_a_step_once(self) -> None:
        atlas = Watched()
        seat_map = atlas.begin(frame("snapshot", **snapshot()), "v0")
        change = frame("seats", **step(1, 2, (0, "H", 9)))

        assert atlas.follow(seat_map, change, "v0") is atlas.follow(seat_map, change, "v1")
        # Another frame to the same version leads to the same map, by computing it.
        again = frame("seats", **step(1, 2, (0, "H", 9)))
        assert atlas.follow(seat_map, again, "v2") is atlas.follow(seat_map, change, "v0")

    def test_has_one_map_for_different_ways_to_a_version(self) -> None:
        atlas = Watched()
        begun = atlas.begin(frame("snapshot", **snapshot()), "v0")

        slow = atlas.follow(begun, frame("seats", **step(1, 2, (0, "H", 9))), "v0")
        slow = atlas.follow(slow, frame("seats", **step(2, 3, (0, "A"), (1, "B"))), "v0")
        quick = atlas.follow(begun, frame("seats", **step(1, 3, (1, "B"))), "v1")

        assert quick is slow
        assert atlas.conflicts == []

    @pytest.mark.parametrize("other", [(0, "B"), (0, "H", 10), (1, "H", 9)])
    def test_notices_two_maps_of_one_version(self, other: tuple[object, ...]) -> None:
        atlas = Watched()
        begun = atlas.begin(frame("snapshot", **snapshot()), "v0")

        known = atlas.follow(begun, frame("seats", **step(1, 2, (0, "H", 9), at=3)), "v0")
        his = atlas.follow(begun, frame("seats", **step(1, 2, other)), "v1")

        # He who was sent something else has a map of his own.
        assert his is not known
        assert atlas.conflicts == [(known, his, "v1")]
        first = atlas.seen["e", 2]
        assert (first.digest, first.client, first.frame.server_ms) == (known.digest, "v0", server_ms(3))

    def test_lets_epochs_have_the_same_versions(self) -> None:
        atlas = Watched()

        atlas.begin(frame("snapshot", **snapshot("AAAAAA")), "v0")
        atlas.begin(frame("snapshot", **snapshot("BBBBBB", epoch="f")), "v1")

        assert atlas.conflicts == []

    def test_remembers_old_versions_by_their_digest(self) -> None:
        atlas = Watched()
        begun = seat_map = atlas.begin(frame("snapshot", **snapshot()), "v0")
        for version in range(2, KEPT_VERSIONS_MAX + 3):
            seat_map = atlas.follow(
                seat_map, frame("seats", **step(version - 1, version, (0, "AB"[version % 2]))), "v0"
            )

        alike = atlas.begin(frame("snapshot", **snapshot("AAAAAA")), "v1")
        other = atlas.begin(frame("snapshot", **snapshot("XAAAAA")), "v2")

        assert alike is not begun
        assert atlas.conflicts == [(None, other, "v2")]


class TestEvidenceOfTwoProcesses:
    def test_agrees_on_maps_of_one_version(self) -> None:
        first, later, new = SeenMap("same", 5, "v0", ""), SeenMap("same", 6, "v1", ""), SeenMap("new", 7, "v1", "")
        whole = Evidence(digests={"e 1": first})
        whole.add(Evidence(digests={"e 1": later, "e 2": new}))

        assert whole.breaches == []
        assert whole.digests == {"e 1": first, "e 2": new}

    def test_is_a_breach_where_it_does_not(self) -> None:
        whole = Evidence(digests={"e 1": SeenMap("one", 5, "v0", "his frame")})
        whole.add(Evidence(digests={"e 1": SeenMap("other", 6, "v1", "the other's")}))

        (breach,) = whole.breaches
        assert (breach.check, breach.at_ms, breach.who) == ("maps-agree", 6, ("v0", "v1"))
        assert breach.frames == ("his frame", "the other's")

    def test_keeps_some_breaches_and_counts_the_rest(self) -> None:
        whole, part = Evidence(), Evidence()
        for number in range(BREACHES_KEPT_MAX + 2):
            part.note(Breach("kept", str(number), 0, ()))
        part.look("kept", 3)

        whole.add(part)
        whole.add(part)
        whole.note(Breach("versions", "of another kind", 0, ()))

        assert [breach.check for breach in whole.breaches] == ["kept"] * BREACHES_KEPT_MAX + ["versions"]
        assert whole.left_out == {"kept": 2 + 2 + BREACHES_KEPT_MAX}
        assert whole.examined == {"kept": 6}


def test_the_servers_checksum_is_of_the_states_alone() -> None:
    assert digest_of(b"AHB", {1: 5}).startswith(f"{crc32(b'AHB'):08x}")
