"""Clients of the socket.io peer: the same viewers and customers, in its own framing."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.bench import engine_io
from tests.bench.clients import Crowd, Grabber, Viewer, read_message


class SocketIoRefusal(Exception):
    """The server did not let a client in."""


class SocketIoViewer(Viewer):
    """One socket. What the server emits is seen as if it were a plain message; the rest is the protocol's own."""

    def __init__(
        self, crowd: Crowd, on_payload: Callable[[bytes], None] | None = None, *, auth: Mapping[str, Any]
    ) -> None:
        super().__init__(crowd, on_payload)
        self._auth = auth

    def received(self, payload: bytes) -> None:
        """An Engine.IO packet arrived."""
        if payload.startswith(engine_io.EVENT_PREFIX):
            super().received(engine_io.event_body(payload))
        else:
            keep_up(self, payload, self._auth)


class SocketIoGrabber(Grabber):
    """A socket that asks by events, and is answered by their acknowledgement."""

    def __init__(self, crowd: Crowd, *, auth: Mapping[str, Any]) -> None:
        super().__init__(crowd)
        self._auth = auth

    def question(self, kind: str, name: str, fields: Mapping[str, Any]) -> bytes:
        """See Grabber."""
        return engine_io.event_frame(kind, fields, number=int(name))

    def received(self, payload: bytes) -> None:
        """An Engine.IO packet arrived."""
        if payload.startswith(engine_io.EVENT_PREFIX):
            super().received(engine_io.event_body(payload))
        elif payload.startswith(engine_io.ANSWER_PREFIX):
            packet = engine_io.read(payload)
            self.answered(str(packet.number), read_message(packet.body))
        else:
            keep_up(self, payload, self._auth)


def keep_up(client: Viewer, payload: bytes, auth: Mapping[str, Any]) -> None:
    """Answer what the protocol itself asks of a client. Raises SocketIoRefusal."""
    packet = engine_io.read(payload)
    if packet.kind is engine_io.PINGED:
        client.send(engine_io.PONG)
    elif packet.kind is engine_io.OPENED:
        client.send(engine_io.connect_frame(auth))
    elif packet.kind is engine_io.REFUSED:
        raise SocketIoRefusal(packet.body.decode())
