"""What every benchmark is given, and the list of them. A benchmark adds its figures to its outcome as it goes."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

from tests.bench.clients import Guests
from tests.bench.figures import Outcome
from tests.bench.house import House
from tests.bench.web_servers import BenchShow, WebServer

T = TypeVar("T", int, float)


@dataclass(slots=True)
class Bench:
    """The conditions of a run."""

    house: House
    quick: bool
    repeats: int
    seed: int
    say: Callable[[str], None]
    guests: Guests = field(default_factory=Guests)

    def sized(self, full: T, *, quick: T) -> T:
        """One of the two, by how thorough the run is."""
        return quick if self.quick else full

    async def shows(self, count: int) -> list[BenchShow]:
        """New shows of 1,000 seats."""
        return await asyncio.to_thread(self.house.make_shows, count)

    def random(self, name: str) -> Random:
        """Chance that is the same for the same seed and benchmark."""
        return Random(f"{self.seed}/{name}")

    @contextmanager
    def measuring(self, outcome: Outcome, server: WebServer | None = None) -> Iterator["Measured"]:
        """Note how busy the generator and everything else is within this block."""
        measured = Measured()
        shares = self.house.core_share()
        server_before = server.cpu_seconds() if server is not None else 0.0
        began, cpu_before = time.perf_counter(), time.process_time()
        try:
            yield measured
        finally:
            took = time.perf_counter() - began
            measured.generator_busy = (time.process_time() - cpu_before) / took
            outcome.busy.append(measured.generator_busy)
            for part, share in shares().items():
                outcome.usage.setdefault(part, []).append(share)
            if server is not None:
                measured.server_seconds = server.cpu_seconds() - server_before
                outcome.usage.setdefault("server", []).append(measured.server_seconds / took)


@dataclass(slots=True)
class Measured:
    """What a measured block has cost; known once the block is left."""

    server_seconds: float = 0.0
    # The generator's share of its core.
    generator_busy: float = 0.0


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One entry of the suite."""

    name: str
    title: str
    run: Callable[[Bench, Outcome], Awaitable[None]]


async def run_one(bench: Bench, benchmark: Benchmark, outcome: Outcome) -> None:
    """Run a benchmark. What it found until it broke or was interrupted is in the outcome."""
    began = time.perf_counter()
    outcome.load_before = os.getloadavg()
    try:
        await benchmark.run(bench, outcome)
    except (asyncio.CancelledError, KeyboardInterrupt):
        outcome.error = "interrupted"
        raise
    except Exception as error:
        # A benchmark that breaks is reported as broken and must not hide what the others find.
        cause = error
        while isinstance(cause, ExceptionGroup):
            cause = cause.exceptions[0]
        outcome.error = f"{type(cause).__name__}: {cause}"
        bench.say(f"  broken: {outcome.error}\n{bench.house.complaints()}")
    finally:
        outcome.load_after = os.getloadavg()
        outcome.seconds = time.perf_counter() - began
