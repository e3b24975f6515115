"""A million tickets that nobody has signed, shown at the door: none may be read, and refusing one must cost little.

Half are random from end to end; the other half are a true ticket with some of its bits turned.
"""

import time

from bookings.domain.tickets import NoTicket, read_ticket, ticket_key
from tests.bench.figures import Outcome
from tests.bench.suite import Bench
from tests.support.forgeries import forged_tickets


async def forgeries(bench: Bench, outcome: Outcome) -> None:
    """Refused a second, and how many of them got through: none, or the run has failed."""
    key = ticket_key("the secret of a benchmark")
    count = bench.sized(1_000_000, quick=50_000)
    read, spent = 0, 0.0
    for text in forged_tickets(count, key=key, seed=bench.seed):
        began = time.perf_counter()
        try:
            read_ticket(text, keys=[key])
        except NoTicket:
            spent += time.perf_counter() - began
        else:
            read += 1
    assert read == 0, f"{read} of {count} forged tickets were read"
    outcome.add(f"forged tickets refused, of {count:,}", "/s", [count / spent])
