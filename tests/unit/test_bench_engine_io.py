"""The framing of socket.io that the benchmark's clients speak."""

import asyncio
import json

import pytest

from tests.bench.clients import Crowd, Message, Viewer
from tests.bench.engine_io import (
    ANSWER,
    CONNECTED,
    EVENT,
    OPENED,
    OTHER,
    PINGED,
    REFUSED,
    Packet,
    connect_frame,
    event_frame,
    read,
)
from tests.bench.socketio_clients import SocketIoGrabber, SocketIoRefusal, SocketIoViewer


class TestFramesOfAClient:
    def test_enter_with_what_the_server_is_to_know(self) -> None:
        frame = connect_frame({"show": 7, "holder": "asha"})

        assert frame[:2] == b"40"
        assert json.loads(frame[2:]) == {"show": 7, "holder": "asha"}

    def test_ask_under_a_number(self) -> None:
        frame = event_frame("hold", {"seats": ["F7"]}, number=12)

        assert frame == b'4212["hold",{"seats":["F7"]}]'


class TestFramesOfAServer:
    @pytest.mark.parametrize(
        ("frame", "packet"),
        [
            (b'0{"sid":"x","pingInterval":25000}', Packet(OPENED)),
            (b"2", Packet(PINGED)),
            (b'40{"sid":"y"}', Packet(CONNECTED)),
            (
                b'42["seats",{"version":3,"changes":[[1,"H"]]}]',
                Packet(EVENT, body=b'{"version":3,"changes":[[1,"H"]]}'),
            ),
            (b'42["bare"]', Packet(EVENT)),
            (b'4312[{"type":"held"}]', Packet(ANSWER, 12, b'{"type":"held"}')),
            (b'44{"message":"no"}', Packet(REFUSED, body=b'{"message":"no"}')),
            (b"6", Packet(OTHER)),
            (b"41", Packet(OTHER)),
        ],
    )
    def test_are_told_apart(self, frame: bytes, packet: Packet) -> None:
        assert read(frame) == packet

    def test_that_answer_nothing_are_no_answers(self) -> None:
        with pytest.raises(ValueError, match=r"substring|subsection"):
            read(b"43")


class Sent(list[bytes]):
    """What a client without a socket would have sent."""

    def of(self, client: Viewer) -> None:
        client.send = self.append  # type: ignore[assignment, method-assign]


class TestClients:
    def test_see_events_as_plain_messages_and_count_only_those(self) -> None:
        crowd, seen, sent = Crowd(), list[bytes](), Sent()
        viewer = SocketIoViewer(crowd, seen.append, auth={"show": 1})
        sent.of(viewer)

        for frame in (b'0{"sid":"x"}', b'40{"sid":"y"}', b"2", b'42["seats",{"type":"seats","version":4}]'):
            viewer.received(frame)

        assert seen == [b'{"type":"seats","version":4}']
        assert crowd.frames == 1
        assert viewer.position() == (None, 4)

    def test_enter_when_opened_and_answer_pings(self) -> None:
        sent = Sent()
        viewer = SocketIoViewer(Crowd(), auth={"show": 1})
        sent.of(viewer)

        viewer.received(b'0{"sid":"x"}')
        viewer.received(b"2")

        assert sent == [b'40{"show":1}', b"3"]

    async def test_give_each_answer_to_its_question(self) -> None:
        sent = Sent()
        grabber = SocketIoGrabber(Crowd(), auth={})
        sent.of(grabber)
        first, second = (asyncio.create_task(grabber.ask("hold", seats=[seat])) for seat in ("A1", "A2"))
        await asyncio.sleep(0)

        grabber.received(b'432[{"type":"refused","code":"seats_unavailable","seats":["A2"]}]')
        grabber.received(b'431[{"type":"held","seats":["A1"]}]')

        assert sent == [b'421["hold",{"seats":["A1"]}]', b'422["hold",{"seats":["A2"]}]']
        assert (await first) == Message("held", seats=["A1"])
        assert (await second) == Message("refused", code="seats_unavailable", seats=["A2"])

    def test_say_that_they_were_not_let_in(self) -> None:
        with pytest.raises(SocketIoRefusal, match="no such show"):
            SocketIoViewer(Crowd(), auth={}).received(b'44{"message":"no such show"}')
