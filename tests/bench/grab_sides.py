"""One side of a grab benchmark: customers of a contestant, and what became of their wishes."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import cycle
from typing import Final, NamedTuple

from tests.bench.clients import Crowd, Message, in_parallel
from tests.bench.contestants import Asking, Contestant
from tests.bench.figures import Latency, Outcome
from tests.bench.suite import Bench
from tests.bench.web_servers import BenchShow

OPEN_QUESTIONS: Final = 200
# Sockets in one room: all of them see every grant there, as customers of a show do.
SOCKETS_OF_SHOW: Final = 200


class Wish(NamedTuple):
    """A customer, and the seat that he wants."""

    grabber: Asking
    show: BenchShow
    seat: int


class Run(NamedTuple):
    """What a round of wishes came to."""

    answers: int
    per_second: float
    # What a quiet core would give at most.
    for_server_second: float
    generator_busy: float
    wait_ms: Latency


class Side:
    """A contestant with SOCKETS_OF_SHOW customers in each of its shows, each with an identity of his own."""

    def __init__(self, contestant: Contestant, shows: Sequence[BenchShow]) -> None:
        self.name = contestant.name
        self.server = contestant.server
        self.runs: list[Run] = []
        # Answers that were not the expected one, by code.
        self.surprises: Counter[str] = Counter()
        self._contestant = contestant
        self._warm = False
        crowd = Crowd()
        places = [show for show in shows for _ in range(SOCKETS_OF_SHOW)]
        self.sockets = [(contestant.grabber(crowd, show, place), show) for place, show in enumerate(places)]

    async def connect(self) -> None:
        """Let the customers in."""
        await self._contestant.enter_all(self.sockets)

    async def grab(
        self,
        bench: Bench,
        outcome: Outcome,
        wishes: Iterable[Wish],
        *,
        expect: str,
        seconds: float = float("inf"),
    ) -> Run:
        """Have wishes asked, OPEN_QUESTIONS at once, until they or the time run out. Counts the expected answers."""
        waiting = iter(wishes)
        waits_ms: list[float] = []

        async def work(ends_at: float) -> None:
            for grabber, show, seat in waiting:
                asked_at = time.perf_counter()
                answer = await self._contestant.ask(grabber, show, seat)
                if answer.type == expect:
                    waits_ms.append((time.perf_counter() - asked_at) * 1000)
                else:
                    self.surprises[answer.code or answer.type] += 1
                if time.perf_counter() > ends_at:
                    return

        with bench.measuring(outcome, self.server) as measured:
            began = time.perf_counter()
            await asyncio.gather(*(work(began + seconds) for _ in range(OPEN_QUESTIONS)))
            took = time.perf_counter() - began
        answers = len(waits_ms)
        for_server_second = answers / max(0.01, measured.server_seconds)
        run = Run(answers, answers / took, for_server_second, measured.generator_busy, Latency.of(waits_ms))
        self.runs.append(run)
        turn = f"{len(self.runs)}" if self._warm else "warm-up"
        bench.say(f"  {turn}: {self.name}: {run.per_second:,.0f}/s, p99 {run.wait_ms.p99:.0f} ms")
        return run

    async def take(self, place: int, seat: int) -> Message:
        """One question of one customer."""
        return await self._contestant.ask(*self.sockets[place], seat)

    def forget_runs(self) -> None:
        """What was until now was only to get warm."""
        self.runs.clear()
        self._warm = True

    async def let_go(self) -> None:
        """Everybody gives back what he has, as far as this side can."""
        jobs = [partial(self._contestant.let_go, grabber) for grabber, _ in self.sockets]
        await in_parallel(jobs, at_once=OPEN_QUESTIONS)

    async def close(self) -> None:
        """Send everybody home."""
        for grabber, _ in self.sockets:
            grabber.drop()
        self.server.stop()

    def one_seat_each(self) -> list[Wish]:
        """A free seat of his own for everybody."""
        return [Wish(grabber, show, place % SOCKETS_OF_SHOW) for place, (grabber, show) in enumerate(self.sockets)]

    def taken_seats(self, count: int) -> Iterable[Wish]:
        """Without end, for the first seats; the first customers, who have one each, ask for nothing."""
        return cycle(Wish(*socket, place % count) for place, socket in enumerate(self.sockets) if place >= count)
