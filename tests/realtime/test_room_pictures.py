"""A room alone: new pictures, holders' own news, slow sockets, and the check."""

import asyncio
import json
import zlib
from collections.abc import Sequence

import pytest

from bookings.api import HoldRecord
from realtime.fan_out import WRITES_PER_TURN_MAX, FanOut, Viewer
from realtime.frames import Frame
from realtime.protocol import BookingChanged, CloseCode
from realtime.room import BEHIND_SECONDS_MAX, OwnHold
from tests.support.guards import with_and_without_guard
from tests.support.one_room import (
    DEADLINE_MS,
    a_moment,
    join,
    open_room,
    picture,
    seen,
    step,
)
from tests.support.virtual_time import virtual_ms, virtually


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

    @with_and_without_guard
    @virtually
    async def test_that_ask_get_their_answer_when_they_have_drained(
        self, monkeypatch: pytest.MonkeyPatch, guarded: bool
    ) -> None:
        def write(_: FanOut, frame: Frame, viewers: Sequence[Viewer]) -> None:
            viewers[0].writer.write(frame)

        if not guarded:
            monkeypatch.setattr(FanOut, "send_now", write)
        room = open_room()
        viewer = join(room)
        viewer.writer.on_drained = lambda: room.catch_up(viewer)
        viewer.writer.forget()
        viewer.writer.behind = True
        room.bring_up_to_date(viewer, epoch="another", version=0)

        viewer.writer.drain()

        assert [message["type"] for message in viewer.writer.messages] == (["snapshot"] if guarded else [])

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
