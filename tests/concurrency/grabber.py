"""A process that grabs seats: `python -m tests.concurrency.grabber`, one of several that fight for the same ones.

Reads one JSON job from standard input, says `ready`, and begins when it is told `go`. Prints what became of each
try as JSON. With `guarded` false both guards are off, so that the harness can be seen to catch a double sale.
"""

import asyncio
import json
import os
import sys
from contextlib import ExitStack
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from bookings.api import BookingError, BoxOffice, NotReady, SeatsUnavailable  # noqa: E402
from tests.support.guards import lua_without, sql_without  # noqa: E402

GATE = "  elseif state ~= 'mine' then\n    refused[#refused + 1] = label"
NO_GATE = "  elseif state ~= 'mine' then\n    wanted[#wanted + 1] = { idx, label, tonumber(ARGV[i + 2]) }"
PROOF = "ON CONFLICT (show_id, seat_index) WHERE released_at IS NULL DO NOTHING"


# What a client may have to wait while the machine is busy with other tests.
NOT_READY_TRIES = 60
NOT_READY_WAIT_SECONDS = 0.25


async def attempt(office: BoxOffice, show_id: int, holder: str, labels: list[str]) -> dict[str, Any]:
    """One try and its outcome. Told that the house is not ready, it asks again, as clients do: nothing was held."""
    outcome: dict[str, Any] = {"show": show_id, "holder": holder, "labels": labels}
    for _ in range(NOT_READY_TRIES):
        try:
            held = await office.hold(show_id=show_id, holder=holder, labels=labels)
        except NotReady:
            await asyncio.sleep(NOT_READY_WAIT_SECONDS)
        except SeatsUnavailable as refusal:
            return {**outcome, "refused": refusal.fields["seats"]}
        except BookingError as refusal:
            return {**outcome, "failed": f"{refusal.code}: {refusal.detail}"}
        else:
            return {**outcome, "held": list(held.seats), "booking": held.booking}
    return {**outcome, "failed": "not ready for too long"}


async def work(job: dict[str, Any]) -> list[dict[str, Any]]:
    """Every try of the job, many at a time."""
    office = await BoxOffice.open()
    try:
        for show_id in {try_[0] for try_ in job["tries"]}:
            await office.picture(show_id)
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        tries = iter(job["tries"])
        outcomes: list[dict[str, Any]] = []

        async def client() -> None:
            for show_id, holder, labels in tries:
                outcomes.append(await attempt(office, show_id, holder, labels))

        await asyncio.gather(*(client() for _ in range(job["clients"])))
        return outcomes
    finally:
        await office.close()


def main() -> None:
    """Do one job."""
    job = json.loads(sys.stdin.readline())
    with ExitStack() as stack:
        if not job["guarded"]:
            stack.enter_context(lua_without("acquire_seats", GATE, NO_GATE))
            stack.enter_context(sql_without("hold_batch", PROOF))
        outcomes = asyncio.run(work(job))
    print(json.dumps(outcomes), flush=True)


if __name__ == "__main__":
    main()
