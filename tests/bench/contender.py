"""One process of the contention benchmark: customers who take seats, keep them for a moment and let them go.

Its orders are one JSON argument. A seat counts as a customer's from the moment he was told yes until just before
he asks to let it go: the shortest time of which there can be no doubt. The clock is the machine's, for all processes.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from itertools import count, takewhile
from pathlib import Path
from random import Random
from typing import Any, Final

import django
import uvloop

SEATS_MAX: Final = 3
TURNS_KEPT_MAX: Final = 5


async def fight(order: dict[str, Any]) -> dict[str, Any]:
    """Try until the tries are used up; every grant and the number of each answer."""
    from bookings.api import BookingError, BoxOffice

    office = await BoxOffice.open()
    grants: list[tuple[int, str, float, float]] = []
    answers: Counter[str] = Counter()
    tries = takewhile(lambda number: number < order["tries"], count())

    async def customer(holder: str, chance: Random) -> None:
        labels: list[str] = order["labels"]
        for _ in tries:
            wanted = chance.sample(range(len(labels)), k=chance.randint(1, SEATS_MAX))
            try:
                await office.hold(show_id=order["show"], holder=holder, labels=[labels[seat] for seat in wanted])
            except BookingError as error:
                answers[error.code] += 1
                continue
            since = time.monotonic()
            answers["held"] += 1
            for _ in range(chance.randint(0, TURNS_KEPT_MAX)):
                await asyncio.sleep(0)
            until = time.monotonic()
            await office.release(show_id=order["show"], holder=holder)
            grants.extend((seat, holder, since, until) for seat in wanted)

    try:
        await asyncio.gather(
            *(
                customer(f"{order['seed']}/{number}".replace("/", "-"), Random(f"{order['seed']}/{number}"))
                for number in range(order["customers"])
            )
        )
    finally:
        await office.close()
    return {"grants": grants, "answers": answers}


if __name__ == "__main__":
    django.setup()
    _order = json.loads(sys.argv[1])
    Path(_order["file"]).write_text(json.dumps(uvloop.run(fight(_order))))
