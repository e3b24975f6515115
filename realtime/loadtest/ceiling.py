"""What one generator process could take if the house cost nothing: the frame around every number of a run.

A child process broadcasts ready frames and answers questions as fast as it can; the generator's own sockets
receive them exactly as in a run. `python -m realtime.loadtest.ceiling` is the child.
"""

import asyncio
import sys
import time
from dataclasses import dataclass
from typing import Final

import msgspec
import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

from realtime.loadtest.crew import HOME
from realtime.loadtest.frames import Seat, Show
from realtime.loadtest.parallel import in_parallel
from realtime.loadtest.sockets import Socket
from realtime.loadtest.world import World

SEATS: Final = 300
SOCKETS: Final = 100
MEASURED_SECONDS: Final = 0.8
# Frames for each socket that one wave has.
WAVE_FRAMES: Final = 4
ASKING_AT_ONCE: Final = 50


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What one generator process can take, a second."""

    frames: float
    answers: float

    def as_text(self) -> str:
        """For people."""
        return f"{self.frames:,.0f} frames/s received, {self.answers:,.0f} answers/s"


async def measure_ceiling() -> Ceiling:
    """Start the child, measure both, stop it."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "realtime.loadtest.ceiling",
        stdout=asyncio.subprocess.PIPE,
        stdin=asyncio.subprocess.PIPE,
        cwd=HOME,
        start_new_session=True,
    )
    assert child.stdout is not None
    assert child.stdin is not None
    try:
        port = int(await child.stdout.readline())
        seats = tuple(Seat(f"A{n}", "A", n, n, 0, "standard", "stalls") for n in range(1, SEATS + 1))
        world = World(url=f"http://127.0.0.1:{port}", show=Show(0, "", "", "", "", seats), seed="ceiling")
        sockets = [Socket(world, f"v{number}") for number in range(SOCKETS)]
        await in_parallel([socket.connect for socket in sockets], at_once=SOCKETS)
        frames = await _receive(world, sockets)
        answers = await _ask(sockets)
        for socket in sockets:
            socket.returns = False
            socket.drop()
        await asyncio.gather(*(socket.gone() for socket in sockets))
        return Ceiling(frames, answers)
    finally:
        child.stdin.close()
        await child.wait()


async def _receive(world: World, sockets: list[Socket]) -> float:
    """Frames a second of this process's own processor time: the child and it may share a core."""
    began, cpu, before = time.perf_counter(), time.process_time(), world.tally.counters["frames"]
    while time.perf_counter() - began < MEASURED_SECONDS:
        await sockets[0].ask("wave")
    received = world.tally.counters["frames"] - before
    return received / (time.process_time() - cpu)


async def _ask(sockets: list[Socket]) -> float:
    asked = 0
    began, cpu = time.perf_counter(), time.process_time()

    async def work(socket: Socket) -> None:
        nonlocal asked
        while time.perf_counter() - began < MEASURED_SECONDS:
            await socket.ask("hold", seats=["A1"])
            asked += 1

    await asyncio.gather(*(work(socket) for socket in sockets[:ASKING_AT_ONCE]))
    return asked / (time.process_time() - cpu)


# --- the child


class _Hall:
    def __init__(self) -> None:
        self.version = 0
        self.sockets: list[WSTransport] = []

    def change(self) -> None:
        """One seat changes, for everybody."""
        before, self.version = self.version, self.version + 1
        change = [self.version % SEATS, "H" if self.version // SEATS % 2 else "X"]
        payload = msgspec.json.encode(
            {
                "type": "seats",
                "epoch": "c",
                "from": before,
                "version": self.version,
                "server_ms": 0,
                "changes": [change],
            }
        )
        for transport in self.sockets:
            transport.send(WSMsgType.TEXT, payload)


class _Echo(WSListener):
    def __init__(self, hall: _Hall) -> None:
        self._hall = hall

    def on_ws_connected(self, transport: WSTransport) -> None:
        snapshot = {
            "type": "snapshot", "epoch": "c", "version": self._hall.version, "server_ms": 0, "states": "A" * SEATS,
            "holds": {}, "mine": None,
        }  # fmt: skip
        transport.send(WSMsgType.TEXT, msgspec.json.encode(snapshot))
        self._hall.sockets.append(transport)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is not WSMsgType.TEXT:
            transport.disconnect()
            return
        asked = msgspec.json.decode(frame.get_payload_as_bytes())
        if asked["type"] == "wave":
            for _ in range(WAVE_FRAMES):
                self._hall.change()
        answer = {"type": "refused", "id": asked["id"], "code": "seats_unavailable", "seats": [], "detail": ""}
        transport.send(WSMsgType.TEXT, msgspec.json.encode(answer))

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._hall.sockets.remove(transport)


async def _serve() -> None:
    hall = _Hall()

    def factory(_request: WSUpgradeRequest) -> _Echo:
        return _Echo(hall)

    server = await ws_create_server(factory, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201  # how its parent learns the port
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve())
