"""One viewer at work, over an office in memory: requests, their answers, and what one of them may not hold up."""

import asyncio
from collections.abc import Sequence

import pytest

from bookings.api import Held, Released, SeatsUnavailable
from realtime.limits import REQUESTS_IN_FLIGHT_MAX
from realtime.protocol import CloseCode
from realtime.seat_socket import SeatSocket
from tests.support.asyncapi import validate
from tests.support.fake_house import SHOW, FakeHouse, fake_house
from tests.support.viewers import RecordingWriter
from tests.support.virtual_time import virtually

BOOKING = "019aa4d2-7c1e-7b5e-9f1a-2d0c4b8e6a13"
HOLD = b'{"type":"hold","id":"7","seats":["A1","A2"]}'
PING = b'{"type":"ping","id":"9","client_ms":5}'


class Desk:
    """Answers holds when it is told to."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.open.set()
        self.asked: list[dict[str, object]] = []

    async def hold(self, *, labels: Sequence[str], **asked: object) -> Held:
        self.asked.append({**asked, "labels": list(labels)})
        await self.open.wait()
        if "B1" in labels:
            raise SeatsUnavailable(["B1"])
        if "B2" in labels:
            raise ZeroDivisionError
        return Held(booking=BOOKING, seats=tuple(labels), amount_paise=50_000, expires_ms=5, version=2)

    async def hold_best(self, *, count: int, **asked: object) -> Held:
        self.asked.append({**asked, "count": count})
        seats = tuple(f"A{number + 1}" for number in range(count))
        return Held(BOOKING, seats, 50_000, 5, 2, reason="in the middle")

    async def release(self, *, labels: Sequence[str] | None, **asked: object) -> Released:
        self.asked.append({**asked, "labels": labels})
        return Released(seats=tuple(labels or ("A1", "A2")), version=3)


def open_socket(house: FakeHouse, desk: Desk, *, holder: str | None = "holder") -> tuple[SeatSocket, RecordingWriter]:
    for verb in ("hold", "hold_best", "release"):
        setattr(house.office, verb, getattr(desk, verb))
    writer = RecordingWriter()
    return SeatSocket(show_id=SHOW, holder=holder, writer=writer, rooms=house.rooms), writer


async def a_moment() -> None:
    await asyncio.sleep(0.01)


class TestRequests:
    @pytest.mark.parametrize(
        ("frame", "answer"),
        [
            (
                HOLD,
                {
                    "type": "held",
                    "id": "7",
                    "booking": BOOKING,
                    "seats": ["A1", "A2"],
                    "expires_ms": 5,
                    "amount_paise": 50_000,
                    "version": 2,
                },
            ),
            (
                b'{"type":"hold.best","id":"7","count":1}',
                {
                    "type": "held",
                    "id": "7",
                    "booking": BOOKING,
                    "seats": ["A1"],
                    "expires_ms": 5,
                    "amount_paise": 50_000,
                    "version": 2,
                    "reason": "in the middle",
                },
            ),
            (
                b'{"type":"release","id":"8","seats":["A1"]}',
                {"type": "released", "id": "8", "seats": ["A1"], "version": 3},
            ),
            (
                b'{"type":"release","id":"8"}',
                {"type": "released", "id": "8", "seats": ["A1", "A2"], "version": 3},
            ),
        ],
    )
    @virtually
    async def test_are_answered_by_their_id(self, frame: bytes, answer: dict[str, object]) -> None:
        async with fake_house() as house:
            socket, writer = open_socket(house, Desk())

            socket.take(frame)
            await a_moment()

            assert writer.messages == [answer]
            validate("server", writer.messages[0])

    @virtually
    async def test_are_asked_for_the_holder_with_his_key(self) -> None:
        async with fake_house() as house:
            desk = Desk()
            socket, _ = open_socket(house, desk)

            socket.take(b'{"type":"hold","id":"7","seats":["A1"],"idempotency_key":"k"}')
            await a_moment()

            assert desk.asked == [{"show_id": SHOW, "holder": "holder", "labels": ["A1"], "idempotency_key": "k"}]

    @virtually
    async def test_that_are_refused_keep_their_facts(self) -> None:
        async with fake_house() as house:
            socket, writer = open_socket(house, Desk())

            socket.take(b'{"type":"hold","id":"7","seats":["A1","B1"]}')
            await a_moment()

            (refused,) = writer.messages
            assert (refused["type"], refused["id"], refused["code"]) == ("refused", "7", "seats_unavailable")
            assert (refused["seats"], refused["retryable"]) == (["B1"], False)
            validate("server", refused)

    @virtually
    async def test_of_nobody_are_refused(self) -> None:
        async with fake_house() as house:
            desk = Desk()
            socket, writer = open_socket(house, desk, holder=None)

            socket.take(HOLD)
            await a_moment()

            assert [message["code"] for message in writer.messages] == ["identity_required"]
            assert desk.asked == []

    @virtually
    async def test_that_break_something_are_answered_all_the_same(self, caplog: pytest.LogCaptureFixture) -> None:
        async with fake_house() as house:
            socket, writer = open_socket(house, Desk())

            socket.take(b'{"type":"hold","id":"7","seats":["B2"]}')
            await a_moment()

            assert [message["code"] for message in writer.messages] == ["outcome_unknown"]
            assert "ZeroDivisionError" in caplog.text

    @virtually
    async def test_that_wait_hold_up_nothing_else(self) -> None:
        async with fake_house() as house:
            desk = Desk()
            socket, writer = open_socket(house, desk)
            desk.open.clear()

            socket.take(HOLD)
            await a_moment()
            socket.take(PING)
            socket.take(b'{"type":"release","id":"8"}')
            await a_moment()
            answered_meanwhile = [message["id"] for message in writer.messages]
            desk.open.set()
            await a_moment()

            assert answered_meanwhile == ["9", "8"]
            assert [message["id"] for message in writer.messages] == ["9", "8", "7"]

    @virtually
    async def test_beyond_the_bound_are_turned_away_until_others_are_answered(self) -> None:
        async with fake_house() as house:
            desk = Desk()
            socket, writer = open_socket(house, desk)
            desk.open.clear()
            for _ in range(REQUESTS_IN_FLIGHT_MAX + 1):
                socket.take(HOLD)
            await a_moment()
            assert [message["code"] for message in writer.messages] == ["rate_limited"]

            desk.open.set()
            await a_moment()
            socket.take(HOLD)
            await a_moment()

            assert len(writer.of_type("held")) == REQUESTS_IN_FLIGHT_MAX + 1

    @virtually
    async def test_outlive_their_socket(self) -> None:
        async with fake_house() as house:
            desk = Desk()
            socket, _ = open_socket(house, desk)
            await socket.enter(epoch=None, version=-1)
            desk.open.clear()
            socket.take(HOLD)
            await a_moment()
            socket.leave()

            desk.open.set()
            await house.rooms.close()

            assert len(desk.asked) == 1


class TestSync:
    @virtually
    async def test_is_answered_by_what_was_missed(self) -> None:
        async with fake_house() as house:
            socket, writer = open_socket(house, Desk())
            await socket.enter(epoch=None, version=-1)
            house.office.book(5)
            writer.forget()

            socket.take(b'{"type":"sync","epoch":"k3f9","version":1}')

            seats, mine = writer.messages
            assert (seats["from"], seats["version"], seats["changes"]) == (1, 2, [[5, "B"]])
            assert mine == {"type": "mine", "mine": None}

    @virtually
    async def test_before_the_room_is_open_is_answered_by_its_first_frame(self) -> None:
        async with fake_house() as house:
            socket, writer = open_socket(house, Desk())
            entering = asyncio.create_task(socket.enter(epoch=None, version=-1))
            await asyncio.sleep(0)

            socket.take(b'{"type":"sync","epoch":"k3f9","version":1}')
            await entering

            assert [message["type"] for message in writer.messages] == ["snapshot"]


class TestDraining:
    @virtually
    async def test_brings_one_snapshot(self) -> None:
        async with fake_house() as house:
            socket, writer = open_socket(house, Desk())
            await socket.enter(epoch=None, version=-1)
            writer.forget()
            writer.behind = True
            house.office.book(5)
            house.office.book(6)
            await a_moment()

            writer.drain()

            assert [message["type"] for message in writer.messages] == ["snapshot"]

    @virtually
    async def test_after_leaving_brings_nothing(self) -> None:
        async with fake_house() as house:
            socket, writer = open_socket(house, Desk())
            await socket.enter(epoch=None, version=-1)
            writer.forget()
            socket.leave()

            writer.drain()

            assert writer.messages == []


class TestFlood:
    @virtually
    async def test_closes_the_socket(self) -> None:
        async with fake_house(messages_per_second=10) as house:
            socket, writer = open_socket(house, Desk())

            for _ in range(500):
                socket.take(PING)

            assert writer.closed_with is CloseCode.TOO_MANY_MESSAGES
            assert len(writer.of_type("pong")) == 20
