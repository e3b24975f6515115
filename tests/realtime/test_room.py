"""A room alone: what newcomers get, and how a change is shown."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from bookings.api import Applied, Changes, HoldRecord
from realtime import room as room_module
from realtime.fan_out import WRITES_PER_TURN_MAX
from realtime.frames import Frame, encode
from realtime.protocol import ServerMessage
from realtime.room import STEPS_KEPT_MAX, OwnHold
from tests.support.one_room import DEADLINE_MS, Deadlines, a_moment, join, open_room, picture, seen, step
from tests.support.virtual_time import virtual_ms, virtually


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
    async def test_a_holder_is_told_of_his_hold_before_a_crowd_is_served(self) -> None:
        room = open_room()
        crowd = [join(room) for _ in range(3 * WRITES_PER_TURN_MAX)]
        own = join(room, "holder")
        for viewer in (own, *crowd):
            viewer.writer.forget()

        room.apply(step(room, (3, "H", DEADLINE_MS)))
        room.set_hold(OwnHold("holder", "b", "pending", DEADLINE_MS, 25_000, (3,)))

        assert "mine" in [message["type"] for message in own.writer.messages]
        assert not all(viewer.writer.messages for viewer in crowd)

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
