"""How many viewers a second get into a show, each with his first picture of it: ours and its peers' in turns."""

import time
from contextlib import AsyncExitStack
from typing import Final

from tests.bench.clients import Crowd, drop_all
from tests.bench.contestants import OURS, Contestant, Ours, Tutorial, open_node_peers
from tests.bench.figures import Outcome, busy_note, quotients
from tests.bench.suite import Bench
from tests.bench.web_servers import BenchShow

GUESTS: Final = 100


class Door:
    """One of those compared, and how fast its viewers came in."""

    def __init__(self, contestant: Contestant, show: BenchShow) -> None:
        self.name = contestant.name
        self.per_second: list[float] = []
        self.generator_busy: list[float] = []
        self._contestant = contestant
        self._show = show

    async def let_in(self, bench: Bench, outcome: Outcome, count: int) -> None:
        """Let so many in, and send them home again."""
        crowd = Crowd()
        viewers = [self._contestant.viewer(crowd, self._show, place) for place in range(count)]
        try:
            with bench.measuring(outcome, self._contestant.server) as measured:
                began = time.perf_counter()
                await self._contestant.enter_all([(viewer, self._show) for viewer in viewers])
                took = time.perf_counter() - began
        finally:
            drop_all(viewers)
        await crowd.lose(count)
        self.per_second.append(count / took)
        self.generator_busy.append(measured.generator_busy)


async def connections(bench: Bench, outcome: Outcome) -> None:
    """Viewers a second, 100 of them knocking at once."""
    count = bench.sized(1500, quick=300)
    async with AsyncExitStack() as stack:
        (show,) = await bench.shows(1)
        contestants: list[Contestant] = [await Ours.open(bench, on, guests=GUESTS) for on in OURS]
        contestants += open_node_peers(bench)
        contestants.append(
            Tutorial("tutorial, pubsub layer", bench.house.serve_peer("asgi:application", PEER_LAYER="pubsub"))
        )
        doors = [Door(contestant, show) for contestant in contestants]
        for contestant in contestants:
            stack.callback(contestant.server.stop)
        for repeat in range(bench.repeats):
            for door in doors:
                await door.let_in(bench, outcome, count)
                bench.say(f"  {repeat + 1}: {door.name}: {door.per_second[-1]:,.0f}/s")
    for door in doors:
        outcome.add(f"let in, {door.name}", "viewers/s", door.per_second, note=busy_note(door.generator_busy))
    ours, peers = doors[: len(OURS)], doors[len(OURS) :]
    for peer in peers:
        for mine in ours:
            outcome.add(f"let in: {mine.name} ÷ {peer.name}", "×", quotients(mine.per_second, peer.per_second))
