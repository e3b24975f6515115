"""A server that does nothing but answer, to learn what the generator can take: `PORT` on the command line.

A text frame `echo` comes back; `broadcast N BYTES` sends N frames of that size to everyone who is connected.
"""

import asyncio
import sys

import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

# So many writes before the loop reads again.
WRITES_PER_TURN_MAX = 250

_everyone: dict[WSTransport, None] = {}


class EchoListener(WSListener):
    """One connection."""

    def on_ws_connected(self, transport: WSTransport) -> None:
        """picows: the handshake is done."""
        _everyone[transport] = None

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """picows: the connection is gone."""
        _everyone.pop(transport, None)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """picows: a frame arrived."""
        payload = frame.get_payload_as_bytes()
        if payload.startswith(b"broadcast "):
            _, count, size_bytes = payload.split()
            _tasks.add(asyncio.ensure_future(_broadcast(int(count), b"x" * int(size_bytes))))
        else:
            transport.send(WSMsgType.TEXT, payload)


_tasks: set[asyncio.Future[None]] = set()


async def _broadcast(count: int, payload: bytes) -> None:
    written = 0
    for _ in range(count):
        for transport in list(_everyone):
            transport.send(WSMsgType.TEXT, payload)
            written += 1
            if written % WRITES_PER_TURN_MAX == 0:
                await asyncio.sleep(0)


def _listener(_: WSUpgradeRequest) -> EchoListener:
    return EchoListener()


async def main() -> None:
    """Serve until terminated."""
    server = await ws_create_server(_listener, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
