"""What the generator itself can take, before anything is blamed on a server."""

import asyncio
import time
from typing import Final

from tests.bench.clients import Crowd, Grabber, Viewer, connect_viewers
from tests.bench.figures import Outcome
from tests.bench.suite import Bench

VIEWERS: Final = 500
FRAME_BYTES: Final = 110
ASKERS: Final = 200
PATIENCE_SECONDS: Final = 60.0


async def ceiling(bench: Bench, outcome: Outcome) -> None:
    """Frames received and questions answered a second, by a server that does nothing else."""
    server = bench.house.serve_module("tests.bench.peers.echo_server")
    url = f"ws://127.0.0.1:{server.port}/"
    crowd = Crowd()
    viewers = [Viewer(crowd) for _ in range(VIEWERS)]
    askers = [Grabber(Crowd()) for _ in range(ASKERS)]
    try:
        await connect_viewers(server, url, viewers, None)
        received, busy = [], []
        rounds = bench.sized(1000, quick=300)
        for _ in range(bench.repeats):
            began, cpu, goal = time.perf_counter(), time.process_time(), crowd.frames + rounds * VIEWERS
            viewers[0].send(b"broadcast %d %d" % (rounds, FRAME_BYTES))
            await crowd.frames_reach(goal, within_seconds=PATIENCE_SECONDS)
            took = time.perf_counter() - began
            received.append((crowd.frames - goal + rounds * VIEWERS) / took)
            busy.append((time.process_time() - cpu) / took)
        outcome.add("frames received", "frames/s", received)
        outcome.details["busy while receiving"] = busy
        for viewer in viewers:
            viewer.drop()
        await connect_viewers(server, url, askers, None)
        outcome.add("questions answered", "answers/s", [await _ask(askers, bench.sized(2.0, quick=1.0))])
    finally:
        for client in (*viewers, *askers):
            client.drop()
        server.stop()


async def _ask(askers: list[Grabber], seconds: float) -> float:
    answered = 0
    ends_at = time.perf_counter() + seconds

    async def work(asker: Grabber) -> None:
        nonlocal answered
        while time.perf_counter() < ends_at:
            await asker.ask("hold", seats=["A1"])
            answered += 1

    await asyncio.gather(*(work(asker) for asker in askers))
    return answered / seconds
