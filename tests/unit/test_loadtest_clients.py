"""A client between frames: what it applies, drops and asks about, and what is found broken as it happens."""

from typing import Any, cast
from zlib import crc32

import msgspec
import pytest
from picows import WSMsgType, WSTransport

from realtime.loadtest.checks import Clock
from realtime.loadtest.position import BEHIND_MS_MAX
from realtime.loadtest.sockets import Socket
from realtime.loadtest.world import World
from tests.support.loadtest import EPOCH_MS, HOLD_MS, a_world, granted, payload, server_ms, snapshot, step

H = (0, "H", EPOCH_MS + HOLD_MS)


class Line:
    """Where a socket's questions go."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def send(self, kind: WSMsgType, data: bytes) -> None:
        assert kind is WSMsgType.TEXT
        self.sent.append(msgspec.json.decode(data))


class Client(Socket):
    """A socket that is told frames by the test, and whose questions go nowhere."""

    def __init__(self, world: World, client: str = "v0") -> None:
        super().__init__(world, client)
        self.line = Line()
        self.transport = cast("WSTransport", self.line)

    def told(self, kind: str, **fields: Any) -> None:
        self.told_bytes(payload(kind, **fields))

    def told_bytes(self, data: bytes) -> None:
        read = self.world.read(data)
        if read.frame.type == "seats":
            self.position.take_change(read)
        else:
            self._take(read.frame, data)

    @property
    def version(self) -> int | None:
        return self.map.version if self.map is not None else None


@pytest.fixture
def world() -> World:
    world = a_world()
    world.clock = Clock(EPOCH_MS)
    return world


@pytest.fixture
def client(world: World) -> Client:
    """A client at version 5."""
    client = Client(world)
    client.told("snapshot", **snapshot(version=5))
    return client


def broken(world: World) -> list[tuple[str, str]]:
    return [(breach.check, breach.summary) for breach in world.evidence.breaches]


class TestAChange:
    @pytest.mark.parametrize("from_", [3, 5])
    def test_is_applied_where_it_fits(self, client: Client, from_: int) -> None:
        client.told("seats", **step(from_, 6, H))

        assert client.version == 6
        assert client.map is not None
        assert client.map.states == b"HAAAAA"
        assert client.line.sent == []

    @pytest.mark.parametrize("version", [4, 5])
    def test_is_dropped_when_it_is_old(self, client: Client, version: int) -> None:
        client.told("seats", **step(3, version, H))

        assert client.version == 5
        assert client.map is not None
        assert client.map.states == b"AAAAAA"
        assert client.line.sent == []

    @pytest.mark.parametrize("change", [step(6, 7, H), step(5, 6, H, epoch="f")])
    def test_is_asked_about_once_when_there_is_a_gap(self, client: Client, change: dict[str, Any]) -> None:
        client.told("seats", **change)
        client.told("seats", **change)

        assert client.version == 5
        assert client.line.sent == [{"type": "sync", "epoch": "e", "version": 5}]
        assert client.world.tally.counters["gaps"] == 1

    def test_that_mends_a_gap_lets_the_next_gap_be_asked_about(self, client: Client) -> None:
        client.told("seats", **step(6, 7, H))
        client.told("seats", **step(5, 7, H))
        client.told("seats", **step(8, 9, (1, "B")))

        assert [question["version"] for question in client.line.sent] == [5, 7]

    def test_waits_for_the_first_snapshot(self, world: World) -> None:
        client = Client(world)
        client.told("seats", **step(5, 6, H))
        client.told("snapshot", **snapshot(version=5))

        assert client.version == 6
        assert client.line.sent == []

    def test_is_decoded_and_applied_once_for_all(self, client: Client) -> None:
        other = Client(client.world, "v1")
        other.told("snapshot", **snapshot(version=5))
        data = payload("seats", **step(5, 6, H))

        client.told_bytes(data)
        other.told_bytes(data)

        assert client.map is other.map


class TestASnapshot:
    @pytest.mark.parametrize(("version", "epoch", "breaches"), [(4, "e", 1), (5, "e", 0), (9, "e", 0), (1, "f", 0)])
    def test_never_goes_back_within_an_epoch(self, client: Client, version: int, epoch: str, breaches: int) -> None:
        client.told("snapshot", **snapshot(version=version, epoch=epoch))

        assert [check for check, _ in broken(client.world)] == ["versions"] * breaches
        assert client.version == version

    def coming_back(self, client: Client, *, version: int, at: float) -> None:
        """On a new connection he is sent a snapshot; he was at version 6, which was made at second 0."""
        client.told("seats", **step(5, 6, H))
        client.position._arriving = True
        client.told("snapshot", **snapshot(version=version, at=at))

    def test_of_another_process_may_be_older_for_a_moment(self, client: Client) -> None:
        """Processes hear of changes one after another; who comes back keeps what he knows."""
        self.coming_back(client, version=5, at=BEHIND_MS_MAX / 1000)

        assert broken(client.world) == []
        assert (client.version, client.open) == (6, True)

    def test_of_another_process_is_not_older_for_long(self, client: Client) -> None:
        self.coming_back(client, version=5, at=BEHIND_MS_MAX / 1000 + 0.1)

        assert [check for check, _ in broken(client.world)] == ["versions"]

    @pytest.mark.parametrize(("version", "breaches"), [(5, 0), (4, 1)])
    @pytest.mark.parametrize("kind", ["snapshot", "check"])
    def test_of_a_process_that_was_behind_does_not_go_back(
        self, client: Client, kind: str, version: int, breaches: int
    ) -> None:
        self.coming_back(client, version=5, at=1)
        facts = snapshot(version=version) if kind == "snapshot" else {"epoch": "e", "version": version, "crc32": 0}
        client.told(kind, **facts)

        assert [check for check, _ in broken(client.world)] == ["versions"] * breaches

    def test_of_a_process_that_has_heard_by_now_is_held_to_it(self, client: Client) -> None:
        self.coming_back(client, version=5, at=1)
        client.told("seats", **step(5, 7, (1, "B")))
        client.told("check", epoch="e", version=6, crc32=0)

        assert [check for check, _ in broken(client.world)] == ["versions"]

    def test_of_a_known_version_is_the_known_map(self, client: Client) -> None:
        other = Client(client.world, "v1")
        other.told("snapshot", **snapshot("AABAAA", version=5))

        assert broken(client.world) == [
            ("maps-agree", "v1 and another client have different maps of version 5: A3 is A and B")
        ]


class TestAChecksum:
    @pytest.mark.parametrize(
        ("version", "states", "found"),
        [(5, b"AAAAAA", []), (5, b"BAAAAA", ["maps-agree"]), (6, b"BAAAAA", []), (4, b"AAAAAA", ["versions"])],
    )
    def test_is_of_the_map_at_its_version(
        self, client: Client, version: int, states: bytes, found: list[str]
    ) -> None:
        client.told("check", epoch="e", version=version, crc32=crc32(states))

        assert [check for check, _ in broken(client.world)] == found

    @pytest.mark.parametrize("answer", ["a change", "nothing new", "a snapshot"])
    async def test_may_have_been_on_its_way_when_a_question_was_answered(self, client: Client, answer: str) -> None:
        """Crowds are given a check in parts, and a question is answered in between; once."""
        client.position.ask_anew()
        if answer == "a snapshot":
            client.told("snapshot", **snapshot(version=8))
        else:
            client.told("seats", **step(5, 8 if answer == "a change" else 5))
        client.told("check", epoch="e", version=4, crc32=0)
        assert broken(client.world) == []

        client.told("check", epoch="e", version=4, crc32=0)

        assert [check for check, _ in broken(client.world)] == ["versions"]

    def test_of_another_epoch_says_nothing(self, client: Client) -> None:
        client.told("check", epoch="f", version=1, crc32=1)

        assert broken(client.world) == []


class TestADeadline:
    @pytest.mark.parametrize(("seconds_late", "breaches"), [(1.9, 0), (2.1, 1)])
    def test_is_over_on_every_new_map(self, client: Client, seconds_late: float, breaches: int) -> None:
        client.told("seats", **step(5, 6, H, at=1))
        client.told("seats", **step(6, 7, (1, "B"), at=HOLD_MS / 1000 + seconds_late))

        assert [check for check, _ in broken(client.world)] == ["deadline"] * breaches
        assert {breach.who for breach in client.world.evidence.breaches} <= {("v0",)}


class TestAGrant:
    """Of A1 at version 6, to somebody who had seen version 5."""

    def grant(self, world: World, *, at: float = 0.0) -> None:
        world.granted(granted("g1", "A1", at=at, version=6, seen=("e", 5), expires_ms=EPOCH_MS + HOLD_MS))

    def test_is_shown_from_its_version_on(self, client: Client) -> None:
        client.told("seats", **step(5, 6, H))
        self.grant(client.world)
        client.told("seats", **step(6, 7, H))

        assert broken(client.world) == []
        assert client.world.evidence.examined["kept"] == 2

    def test_may_come_before_its_map(self, client: Client) -> None:
        self.grant(client.world)
        client.told("seats", **step(5, 6, H))

        assert broken(client.world) == []

    @pytest.mark.parametrize("change", [(0, "A"), (0, "X"), (0, "H", EPOCH_MS + HOLD_MS - 1)])
    def test_is_not_shown_as_anything_else(self, client: Client, change: tuple[Any, ...]) -> None:
        client.told("seats", **step(5, 6, H))
        self.grant(client.world)
        client.told("seats", **step(6, 7, change, at=1))

        ((check, summary),) = broken(client.world)
        (breach,) = client.world.evidence.breaches
        assert check == "kept"
        assert summary.startswith(f"A1 was granted to g1 until {EPOCH_MS + HOLD_MS} at version 6, and is {change[1]}")
        assert breach.who == ("g1",)
        assert len(breach.frames) == 2

    def test_is_judged_against_the_map_that_is_there_when_it_comes(self, client: Client) -> None:
        client.told("seats", **step(5, 6, (1, "B")))
        self.grant(client.world)

        assert [check for check, _ in broken(client.world)] == ["kept"]

    def test_may_be_sold(self, client: Client) -> None:
        client.told("seats", **step(5, 6, H))
        self.grant(client.world)
        client.told("seats", **step(6, 7, (0, "B")))

        assert broken(client.world) == []

    def test_may_be_gone_once_he_lets_go(self, client: Client) -> None:
        client.told("seats", **step(5, 6, H))
        self.grant(client.world)
        client.world.let_go(("A1",))
        client.told("seats", **step(6, 7, (0, "A")))

        assert broken(client.world) == []

    @pytest.mark.parametrize(("seconds_left", "breaches"), [(1.5, 1), (0.9, 0)])
    def test_may_be_gone_in_its_last_second(self, client: Client, seconds_left: float, breaches: int) -> None:
        client.told("seats", **step(5, 6, H))
        self.grant(client.world)
        client.told("seats", **step(6, 7, (0, "A"), at=HOLD_MS / 1000 - seconds_left))

        assert [check for check, _ in broken(client.world)] == ["kept"] * breaches

    def test_says_nothing_of_a_show_that_was_rebuilt(self, client: Client) -> None:
        client.told("seats", **step(5, 6, H))
        self.grant(client.world)
        client.told("snapshot", **snapshot(version=7, epoch="f"))
        client.told("seats", **step(7, 8, (0, "A"), epoch="f"))

        assert broken(client.world) == []


class TestAClick:
    def test_is_shown_once_for_every_viewer(self, client: Client) -> None:
        other = Client(client.world, "v1")
        other.told("snapshot", **snapshot(version=5))
        client.world.clicked(0, 1.0)
        data = payload("seats", **step(5, 6, H))

        for viewer in (client, other):
            viewer.told_bytes(data)

        assert client.world.tally.recorder("show").count == 2

    def test_that_was_refused_is_not_waited_for(self, client: Client) -> None:
        client.world.clicked(0, 1.0)
        client.world.click_refused(0, 1.0)
        client.told("seats", **step(5, 6, H))

        assert client.world.tally.recorder("show").count == 0


def test_what_is_no_frame_at_all_is_said_so(world: World) -> None:
    with pytest.raises(msgspec.DecodeError):
        world.read(b'{"no": "type"}')


def test_the_replay_has_each_change_when_it_was_first_seen(client: Client) -> None:
    client.told("seats", **step(5, 6, H, (2, "B")))
    client.told("seats", **step(6, 7, (0, "H", server_ms(0) + 5)))

    assert client.world.start_states == "AAAAAA"
    assert [(change.version, change.seats) for change in client.world.changes] == [(6, [(0, "H"), (2, "B")])]
