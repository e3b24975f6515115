"""A room alone: what its viewers are told of each change, and that frames fold to the truth."""

import asyncio
import json
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from bookings.api import Applied, Change, Changes, HoldRecord, Picture
from realtime import room as room_module
from realtime.fan_out import WRITES_PER_TURN_MAX
from realtime.frames import Frame, encode
from realtime.pace import Pace
from realtime.protocol import BookingChanged, CloseCode, ServerMessage
from realtime.room import BEHIND_SECONDS_MAX, STEPS_KEPT_MAX, OwnHold, Room
from tests.support.fake_house import Visitor
from tests.support.virtual_time import virtual_ms, virtually

COALESCE_SECONDS = 0.016
DEADLINE_MS = 1_763_760_600_000


class Deadlines:
    """Notes what a room wants watched, and watches nothing."""

    def __init__(self) -> None:
        self.noted: list[int] = []

    def seats_end(self, show_id: int, deadline_ms: int) -> None:
        self.noted.append(deadline_ms)

    def hold_ends(self, show_id: int, hold: OwnHold) -> None:
        self.noted.append(hold.expires_ms)


def picture(
    *, epoch: str = "k3f9", version: int = 1, states: str = "A" * 20, holds: Sequence[HoldRecord] = ()
) -> Picture:
    return Picture(24, epoch, version, virtual_ms(), states, tuple(holds))


def open_room(*, coalesce_seconds: float = COALESCE_SECONDS, watch: Deadlines | None = None) -> Room:
    room = Room(
        show_id=24,
        labels=[f"A{number}" for number in range(1, 21)],
        pace=Pace(coalesce_seconds, now=0.0),
        now_ms=virtual_ms,
        watch=watch or Deadlines(),
    )
    room.load(picture())
    return room


def join(room: Room, holder: str | None = None, *, epoch: str | None = None, version: int = -1) -> Visitor:
    visitor = Visitor(holder)
    room.enter(visitor, epoch=epoch, version=version)
    return visitor


def step(room: Room, *changes: Change) -> Changes:
    """The next step of the room's map."""
    version = room.map.version
    return Changes(room.map.epoch, version, version + 1, virtual_ms(), list(changes))


def seen(room: Room) -> tuple[str, int, str, dict[int, int]]:
    """The room's map, as FoldedMap.picture has it."""
    return room.map.epoch, room.map.version, room.map.states.decode(), room.map.deadlines


async def a_moment() -> None:
    await asyncio.sleep(1)


class TestEntering:
    @virtually
    async def test_a_newcomer_gets_the_snapshot(self) -> None:
        room = open_room()
        room.apply(step(room, (3, "H", DEADLINE_MS), (4, "B")))

        viewer = join(room)

        assert viewer.writer.messages == [
            {
                "type": "snapshot",
                "epoch": "k3f9",
                "version": 2,
                "server_ms": virtual_ms(),
                "states": "AAAHB" + 15 * "A",
                "holds": {"3": DEADLINE_MS},
                "mine": None,
            }
        ]

    @virtually
    async def test_a_holder_finds_his_hold_in_it(self) -> None:
        room = open_room()
        room.apply(step(room, (3, "H", DEADLINE_MS)))
        room.set_hold(OwnHold("holder", "b", "pending", DEADLINE_MS, 25_000, (3,)))

        own, other = join(room, "holder"), join(room, "rival")

        assert own.writer.messages[0]["mine"] == {
            "booking": "b",
            "status": "pending",
            "seats": ["A4"],
            "expires_ms": DEADLINE_MS,
            "amount_paise": 25_000,
        }
        assert other.writer.messages[0]["mine"] is None

    @virtually
    async def test_who_missed_nothing_gets_no_changes_and_his_hold(self) -> None:
        room = open_room()

        viewer = join(room, epoch="k3f9", version=1)

        seats, mine = viewer.writer.messages
        assert (seats["type"], seats["from"], seats["version"], seats["changes"]) == ("seats", 1, 1, [])
        assert mine == {"type": "mine", "mine": None}

    @virtually
    async def test_who_missed_a_little_gets_the_last_state_of_each_seat(self) -> None:
        room = open_room()
        for state in ("H", "A", "B"):
            change = (3, state, DEADLINE_MS) if state == "H" else (3, state)
            room.apply(step(room, change))
        room.apply(step(room, (5, "X")))

        viewer = join(room, epoch="k3f9", version=2)

        seats = viewer.writer.of_type("seats")[0]
        assert (seats["from"], seats["version"], seats["changes"]) == (2, 5, [[3, "B"], [5, "X"]])

    @pytest.mark.parametrize(("epoch", "version"), [("other", 1), ("k3f9", 0), ("k3f9", 999)])
    @virtually
    async def test_who_knows_too_little_or_too_much_gets_a_snapshot(self, epoch, version) -> None:
        room = open_room()

        viewer = join(room, epoch=epoch, version=version)

        assert [message["type"] for message in viewer.writer.messages] == ["snapshot"]

    @virtually
    async def test_a_long_absence_is_answered_by_a_snapshot_and_never_by_a_part(self) -> None:
        room = open_room()
        for turn in range(STEPS_KEPT_MAX + 1):
            room.apply(step(room, (3, "B" if turn % 2 else "X")))

        too_long, just_in_time = join(room, epoch="k3f9", version=1), join(room, epoch="k3f9", version=2)

        assert too_long.writer.messages[0]["type"] == "snapshot"
        assert just_in_time.writer.messages[0]["type"] == "seats"


class TestShowing:
    @virtually
    async def test_the_first_change_is_shown_at_once(self) -> None:
        room = open_room()
        viewer = join(room)
        viewer.writer.forget()

        room.apply(step(room, (17, "H", DEADLINE_MS), (18, "B")))

        assert viewer.writer.messages == [
            {
                "type": "seats",
                "epoch": "k3f9",
                "from": 1,
                "version": 2,
                "server_ms": virtual_ms(),
                "changes": [[17, "H", DEADLINE_MS], [18, "B"]],
            }
        ]

    @virtually
    async def test_a_burst_becomes_two_frames_of_last_states(self) -> None:
        room = open_room()
        viewer = join(room)
        viewer.writer.forget()

        for turn in range(30):
            room.apply(step(room, (turn % 3, "B" if turn % 2 else "X")))
        await a_moment()

        first, second = viewer.writer.messages
        assert (first["from"], first["version"]) == (1, 2)
        assert (second["from"], second["version"]) == (2, 31)
        assert sorted(second["changes"]) == [[0, "B"], [1, "X"], [2, "B"]]

    @virtually
    async def test_a_change_after_a_quiet_while_is_at_once_again(self) -> None:
        room = open_room()
        viewer = join(room)
        room.apply(step(room, (1, "B")))
        await a_moment()
        viewer.writer.forget()

        room.apply(step(room, (2, "B")))

        assert len(viewer.writer.messages) == 1

    @virtually
    async def test_who_enters_during_a_burst_is_neither_ahead_nor_behind(self) -> None:
        room = open_room()
        join(room)
        room.apply(step(room, (1, "B")))
        room.apply(step(room, (2, "B")))

        viewer = join(room)
        room.apply(step(room, (3, "B")))
        await a_moment()

        folded = viewer.folded
        assert folded.picture == seen(room)
        assert folded.syncs_wanted == 0

    @virtually
    async def test_a_frame_is_encoded_once_for_any_number_of_viewers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        room = open_room()
        viewers = [join(room) for _ in range(500)]
        encoded: list[ServerMessage] = []

        def count_and_encode(message: ServerMessage) -> Frame:
            encoded.append(message)
            return encode(message)

        monkeypatch.setattr(room_module, "encode", count_and_encode)
        room.apply(step(room, (1, "B")))
        await a_moment()

        assert len(encoded) == 1
        assert len({id(viewer.writer.frames[-1]) for viewer in viewers}) == 1

    @virtually
    async def test_no_broadcast_hops_to_a_thread(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def submit(executor: ThreadPoolExecutor, work: object, *_: object) -> None:
            raise AssertionError(f"{work} went to a thread")

        monkeypatch.setattr(ThreadPoolExecutor, "submit", submit)
        room = open_room()
        viewers = [join(room) for _ in range(500)]

        room.apply(step(room, (1, "B")))
        await a_moment()

        assert all(viewer.writer.of_type("seats") for viewer in viewers)

    @virtually
    async def test_a_large_fan_out_lets_the_loop_have_a_turn(self) -> None:
        room = open_room()
        viewers = [join(room) for _ in range(3 * WRITES_PER_TURN_MAX)]

        room.apply(step(room, (1, "B")))

        served = sum(bool(viewer.writer.of_type("seats")) for viewer in viewers)
        assert served == WRITES_PER_TURN_MAX
        await a_moment()
        assert all(viewer.writer.of_type("seats") for viewer in viewers)

    @virtually
    async def test_changes_during_a_large_fan_out_follow_it(self) -> None:
        room = open_room(coalesce_seconds=0)
        viewers = [join(room) for _ in range(3 * WRITES_PER_TURN_MAX)]

        for seat in range(10):
            room.apply(step(room, (seat, "B")))
        await a_moment()

        assert all(viewer.folded.picture == seen(room) for viewer in viewers)


class TestApply:
    @virtually
    async def test_drops_what_it_has_and_refuses_what_does_not_fit(self) -> None:
        room = open_room()
        viewer = join(room)
        once = step(room, (1, "B"))
        viewer.writer.forget()

        assert room.apply(once) is Applied.APPLIED
        assert room.apply(once) is Applied.STALE
        assert room.apply(Changes("k3f9", 7, 8, 0, [(1, "A")])) is Applied.GAP
        assert room.apply(Changes("other", 2, 3, 0, [(1, "A")])) is Applied.OTHER_EPOCH
        await a_moment()

        assert len(viewer.writer.messages) == 1

    @virtually
    async def test_has_every_deadline_watched(self) -> None:
        watch = Deadlines()
        room = open_room(watch=watch)
        held = HoldRecord("b", "holder", DEADLINE_MS + 5, 0, (2,), True, 0)

        room.apply(step(room, (1, "H", DEADLINE_MS)))
        room.load(picture(version=9, states="AHH" + 17 * "A", holds=[held]))

        assert set(watch.noted) >= {DEADLINE_MS, DEADLINE_MS + 5}


class TestLoad:
    @virtually
    async def test_a_newer_picture_of_the_epoch_is_shown_as_its_difference(self) -> None:
        room = open_room()
        viewer = join(room)
        viewer.writer.forget()
        hold = HoldRecord("b", "rival", DEADLINE_MS, 0, (2,), True, 0)

        room.load(picture(version=9, states="ABHA" + 16 * "A", holds=[hold]))

        assert [m["type"] for m in viewer.writer.messages] == ["seats"]
        seats = viewer.writer.messages[0]
        assert (seats["from"], seats["version"]) == (1, 9)
        assert seats["changes"] == [[1, "B"], [2, "H", DEADLINE_MS]]

    @virtually
    async def test_the_same_picture_is_not_shown_again(self) -> None:
        room = open_room()
        viewer = join(room)
        viewer.writer.forget()

        room.load(picture())

        assert viewer.writer.messages == []

    @pytest.mark.parametrize(
        "other",
        [
            {"epoch": "new1", "version": 1},
            {"epoch": "k3f9", "version": 0},
            {"epoch": "k3f9", "version": 2, "states": "B" + 19 * "A"},
        ],
        ids=["a new epoch", "an older version", "other seats at one version"],
    )
    @virtually
    async def test_what_no_difference_leads_to_is_a_snapshot_for_all(self, other) -> None:
        room = open_room()
        viewers = [join(room) for _ in range(WRITES_PER_TURN_MAX + 1)]
        room.apply(step(room, (7, "B")))

        room.load(picture(**other))
        await a_moment()

        for viewer in viewers:
            assert viewer.writer.messages[-1]["type"] == "snapshot"
            assert viewer.folded.picture == seen(room)

    @virtually
    async def test_nothing_of_the_old_epoch_follows_the_new_snapshot(self) -> None:
        room = open_room()
        viewers = [join(room) for _ in range(2 * WRITES_PER_TURN_MAX)]

        room.apply(step(room, (1, "B")))  # the second half is still to be written
        room.apply(step(room, (2, "B")))  # waits for its turn
        room.load(picture(epoch="new1"))
        await a_moment()

        for viewer in viewers:
            folded = viewer.folded
            assert folded.picture == seen(room)
            assert folded.syncs_wanted == 0

    @virtually
    async def test_holders_hear_what_the_picture_changed_of_their_holds(self) -> None:
        room = open_room()
        room.set_hold(OwnHold("holder", "b-1", "pending", DEADLINE_MS, 25_000, (1,)))
        holder, rival = join(room, "holder"), join(room, "rival")
        for viewer in (holder, rival):
            viewer.writer.forget()
        held = HoldRecord("b-2", "rival", DEADLINE_MS, 50_000, (2, 3), True, 0)
        unproven = HoldRecord("b-3", "third", DEADLINE_MS, 25_000, (4,), False, 0)

        room.load(picture(version=9, states="AAHHH" + 15 * "A", holds=[held, unproven]))

        assert holder.writer.of_type("mine") == [{"type": "mine", "mine": None}]
        assert rival.writer.of_type("mine")[0]["mine"]["seats"] == ["A3", "A4"]
        assert room.has_unproven_seats()


class TestHolders:
    @virtually
    async def test_every_socket_of_the_holder_hears_of_his_hold_and_nobody_else(self) -> None:
        room = open_room()
        tab, other_tab, rival = join(room, "holder"), join(room, "holder"), join(room, "rival")
        for viewer in (tab, other_tab, rival):
            viewer.writer.forget()
        hold = OwnHold("holder", "b", "pending", DEADLINE_MS, 25_000, (1,))

        room.set_hold(hold)
        room.set_hold(hold)
        room.end_hold("holder", "another booking")
        room.end_hold("holder", "b")
        room.tell_booking("holder", BookingChanged("b", "expired", None))

        told = [message["type"] for message in tab.writer.messages]
        assert told == ["mine", "mine", "booking"]
        assert tab.writer.messages == other_tab.writer.messages
        assert rival.writer.messages == []

    @virtually
    async def test_are_warned_of_the_hold_that_still_stands(self) -> None:
        room = open_room()
        holder = join(room, "holder")
        room.set_hold(OwnHold("holder", "b", "pending", virtual_ms() + 60_000, 25_000, (1,)))
        holder.writer.forget()

        room.warn_of_end("holder", "an earlier booking")
        room.warn_of_end("holder", "b")

        assert holder.writer.messages == [{"type": "hold.expiring", "booking": "b", "remaining_ms": 60_000}]

    @virtually
    async def test_who_left_hears_nothing(self) -> None:
        room = open_room()
        viewer = join(room, "holder")
        viewer.writer.forget()

        room.leave(viewer)
        room.leave(viewer)
        room.set_hold(OwnHold("holder", "b", "pending", DEADLINE_MS, 25_000, (1,)))
        room.apply(step(room, (1, "B")))

        assert viewer.writer.messages == []


class TestSlowSockets:
    @virtually
    async def test_are_skipped_and_then_get_one_snapshot(self) -> None:
        room = open_room()
        viewer = join(room)
        viewer.writer.on_drained = lambda: room.catch_up(viewer)
        viewer.writer.behind = True
        for seat in range(10):
            room.apply(step(room, (seat, "B")))
            await a_moment()

        viewer.writer.drain()
        viewer.writer.drain()

        assert [message["type"] for message in viewer.writer.messages] == ["snapshot", "snapshot"]
        assert viewer.folded.picture == seen(room)

    @virtually
    async def test_are_closed_when_they_stay_behind(self) -> None:
        room = open_room()
        slow, quick = join(room), join(room)
        slow.writer.behind = True
        room.apply(step(room, (1, "B")))

        closed_with = []
        for wait_seconds in (BEHIND_SECONDS_MAX - 0.1, 0.2):
            await asyncio.sleep(wait_seconds)
            room.close_the_too_slow()
            closed_with.append(slow.writer.closed_with)

        assert closed_with == [None, CloseCode.TOO_SLOW]
        assert quick.writer.closed_with is None

    @virtually
    async def test_do_not_hold_up_the_others(self) -> None:
        room = open_room()
        slow, quick = join(room), join(room)
        slow.writer.behind = True

        room.apply(step(room, (1, "B")))

        assert quick.folded.picture == seen(room)


class TestCheck:
    @virtually
    async def test_is_of_the_version_that_viewers_have(self) -> None:
        room = open_room()
        viewer = join(room)
        for seat in range(5):
            room.apply(step(room, (seat, "B")))

        room.tell_check()

        folded = viewer.folded
        check = viewer.writer.messages[-1]
        assert (check["epoch"], check["version"]) == (folded.epoch, folded.version)
        assert check["crc32"] == zlib.crc32("".join(folded.states).encode("ascii"))
        assert json.dumps(check)
