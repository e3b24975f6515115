"""From a buyer's verify call to the confirmed booking, with Razorpay's webhooks for the same money on their way.

Held, checked out and paid at the emulated Razorpay beforehand, with its webhooks held back; then every buyer's
browser calls /verify_payment/ while the three webhooks of each payment are let go. The worker, the one
of letters, which draws every ticket, and Beat run beside it, as in the demo.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

import aiohttp

from tests.bench.figures import Latency, Outcome, at_least
from tests.bench.suite import Bench
from tests.bench.web_servers import LOAD_CORE, ROOT, BenchShow, WebServer, pin, pin_free
from tests.support.razorpay import Paid, Razorpay, running_emulator

# Browsers that verify at the same time.
BUYERS_AT_ONCE: Final = 24
BUYER: Final = {"name": "Asha Rao", "email": "asha@example.org"}
CONFIRMATIONS_FLOOR: Final = at_least(150)


async def confirmations(bench: Bench, outcome: Outcome) -> None:
    """Confirmations a second, and milliseconds from a verify call to its answer."""
    rates: list[float] = []
    found: list[Latency] = []
    with ExitStack() as stack:
        # Two cores for everything: the money's path is spread over many processes, which inherit this.
        stack.enter_context(_on_every_core(bench))
        razorpay = stack.enter_context(running_emulator(quiet=True))
        server = bench.house.serve(**razorpay.environment)
        stack.callback(server.stop)
        pin_free(server.pid)
        razorpay.webhooks_to(f"{server.http}/payments/webhook/")
        stack.enter_context(_workers_and_beat(razorpay))
        for repeat in range(bench.repeats):
            (show,) = await bench.shows(1)
            count = bench.sized(600, quick=150)
            # Browsers take no time of the house's two cores; this client takes a quarter of what httpx takes.
            async with aiohttp.ClientSession(server.http, timeout=aiohttp.ClientTimeout(30)) as http:
                razorpay.plan_webhooks(hold=True)
                paid = await _pay_for_seats(bench, http, server, show, razorpay, count)
                with bench.measuring(outcome, server):
                    began = time.perf_counter()
                    late_ms = await _verify_all(http, razorpay, paid)
                    rates.append(len(paid) / (time.perf_counter() - began))
                razorpay.webhooks_settled()
            run = Latency.of(late_ms)
            found.append(run)
            bench.say(f"  {repeat + 1}: {rates[-1]:.0f}/s, p50 {run.p50:.1f}, p99 {run.p99:.1f} ms")
    outcome.add("confirmations, with webhooks, worker and Beat", "/s", rates, floor=CONFIRMATIONS_FLOOR)
    outcome.add("verify to confirmed, p50", "ms", [run.p50 for run in found])
    outcome.add("verify to confirmed, p99", "ms", [run.p99 for run in found])


async def _pay_for_seats(
    bench: Bench, http: aiohttp.ClientSession, server: WebServer, show: BenchShow, razorpay: Razorpay, count: int
) -> list[tuple[str, Paid]]:
    """One seat each, checked out and paid; the token of each buyer with what Razorpay's checkout gave him."""
    tokens = await bench.guests.take(server, count)
    at_once = asyncio.Semaphore(BUYERS_AT_ONCE)

    async def check_out(token: str, label: str) -> str:
        who = {"Authorization": f"Bearer {token}"}
        async with at_once:
            held = await _post(http, f"/api/v1/shows/{show.id}/holds", {"seats": [label]}, who)
            order = await _post(http, f"/api/v1/bookings/{held['booking']}/checkout", BUYER, who)
            return str(order["order_id"])

    # Bookings of an earlier repeat have their seats: tokens are used again, shows are not.
    orders = await asyncio.gather(*map(check_out, tokens, show.labels[:count]))
    paid = await asyncio.to_thread(lambda: [razorpay.pay(order) for order in orders])
    return list(zip(tokens, paid, strict=True))


async def _verify_all(http: aiohttp.ClientSession, razorpay: Razorpay, paid: list[tuple[str, Paid]]) -> list[float]:
    """How long each verify call took; the webhooks come in between, in any order."""
    at_once = asyncio.Semaphore(BUYERS_AT_ONCE)

    async def verify(token: str, payment: Paid) -> float:
        async with at_once:
            began = time.perf_counter()
            reply = await _post(http, "/verify_payment/", payment.handed, {"Authorization": f"Bearer {token}"})
            late_ms = (time.perf_counter() - began) * 1000
            assert reply["status"] == "confirmed", reply
            return late_ms

    releasing = asyncio.create_task(asyncio.to_thread(razorpay.release_webhooks, shuffle="bench"))
    late_ms = await asyncio.gather(*(verify(token, payment) for token, payment in paid))
    await releasing
    return late_ms


async def _post(http: aiohttp.ClientSession, path: str, body: object, headers: dict[str, str]) -> Any:
    async with http.post(path, json=body, headers=headers) as reply:
        assert reply.ok, await reply.text()
        return await reply.json()


@contextmanager
def _on_every_core(bench: Bench) -> Iterator[None]:
    servers = (os.getpid(), bench.house.servers.postgres_pid)
    for pid in servers:
        pin_free(pid)
    try:
        yield
    finally:
        for pid in servers:
            pin(pid, LOAD_CORE)


@contextmanager
def _workers_and_beat(razorpay: Razorpay) -> Iterator[None]:
    environment = {**os.environ, **razorpay.environment}
    celery = [sys.executable, "-m", "celery", "--quiet", "-A", "config"]
    processes = [
        subprocess.Popen(
            [*celery, *part], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
        )
        for part in (
            ["worker", "--loglevel", "ERROR", "-Q", "celery", "-n", "worker@%h"],
            ["worker", "--loglevel", "ERROR", "-Q", "letters", "-n", "letters@%h", "-c", "1"],
            ["beat", "--loglevel", "ERROR"],
        )
    ]
    try:
        yield
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(20)
