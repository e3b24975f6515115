"""What Redis alone could do: redis-benchmark running our own script for a seat that somebody has, and nothing else.

No server can refuse more than this without asking Redis less often. The program comes with Redis (Debian: package
redis-tools); where it is missing the benchmark says so.
"""

import asyncio
import csv
import shutil
import subprocess
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

import redis

from bookings.seat_store.scripts import load_scripts
from tests.bench.clients import Crowd, Grabber, connect
from tests.bench.figures import Outcome
from tests.bench.house import House
from tests.bench.suite import Bench
from tests.bench.web_servers import SERVER_CORE, BenchShow, pin

PROGRAM: Final = "redis-benchmark"
CLIENTS: Final = 50
PIPELINES: Final = {"one at a time": 1, "pipelines of 16": 16}
MISSING: Final = (
    f"THE LIMIT IS LEFT OUT: there is no {PROGRAM} on PATH (on Debian and Ubuntu: apt-get install redis-tools)."
)


async def limit(bench: Bench, outcome: Outcome) -> None:
    """Calls a second, with and without pipelining."""
    program = shutil.which(PROGRAM)
    if program is None:
        bench.say(f"  {MISSING}")
        outcome.details["left out"] = MISSING
        return
    (show,) = await bench.shows(1)
    await _take_first_seat(bench, show)
    call = _refused_call(bench.house, show)
    found: dict[str, list[float]] = {name: [] for name in PIPELINES}
    for _ in range(bench.repeats):
        for name, pipeline in PIPELINES.items():
            calls = bench.sized(100_000, quick=30_000) * (4 if pipeline > 1 else 1)
            options = ["-c", str(CLIENTS), "-n", str(calls), "-P", str(pipeline), "--csv"]
            with bench.measuring(outcome):
                found[name].append(await _run([program, *_address(bench.house), *options, *call]))
    for name, rates in found.items():
        outcome.add(f"refused by the script alone, {name}", "calls/s", rates)


async def _take_first_seat(bench: Bench, show: BenchShow) -> None:
    """Have the show in Redis, and its first seat taken."""
    server = bench.house.serve()
    try:
        grabber = Grabber(Crowd())
        await connect(grabber, server.sockets(show), token=(await bench.guests.take(server, 1))[0])
        answer = await grabber.ask("hold", seats=[show.labels[0]])
        assert answer.type == "held", answer
        grabber.drop()
    finally:
        server.stop()


def _refused_call(house: House, show: BenchShow) -> list[str]:
    """Somebody else's grab of that seat, as the seat store makes it. Asserts that Redis refuses it."""
    script = load_scripts()["acquire_seats"]
    arguments = [f"show:{{{show.id}}}", "another-booking", "another-holder", "0", "600000", "10", "0"]
    arguments += ["0", show.labels[0], "25000"]
    with redis.Redis.from_url(house.servers.redis_url) as client:
        client.script_load(script.source)
        reply = client.evalsha(script.sha1.decode(), 1, *arguments)
    assert reply[0] == b"seats_unavailable", reply
    return ["EVALSHA", script.sha1.decode(), "1", *arguments]


def _address(house: House) -> list[str]:
    parts = urlsplit(house.servers.redis_url)
    return ["-h", parts.hostname or "127.0.0.1", "-p", str(parts.port), "--dbnum", parts.path.strip("/") or "0"]


async def _run(command: Sequence[str]) -> float:
    """Run it on the server's core, which nobody needs now; calls a second."""
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    pin(process.pid, SERVER_CORE)
    output, complaint = await process.communicate()
    if process.returncode != 0:
        raise ChildProcessError(f"{PROGRAM} failed: {complaint.decode()[-300:]}")
    return calls_per_second(output.decode())


def calls_per_second(text: str) -> float:
    """The rate in the last line of redis-benchmark's CSV. Raises ValueError."""
    rows = [row for row in csv.reader(text.splitlines()) if len(row) > 1]
    if not rows:
        raise ValueError(f"no rate in {text[-200:]!r}")
    return float(rows[-1][1])
