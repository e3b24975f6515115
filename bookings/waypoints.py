"""Named points between the steps of the box office where a test may stand: pause there, fail, or kill.

In production nobody stands anywhere and a point costs one look into an empty dict. The points are listed, so a
test cannot wait for one that the code no longer passes.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final

POINTS: Final = {
    "hold.acquired",  # the seats are taken in Redis, PostgreSQL has not been asked
    "batch.written",  # the batch's statement has run, COMMIT has not been sent
    "batch.committed",  # COMMIT was answered, nobody has been told
    "takeover.stale_ended",  # stale rivals are expired in the open transaction
    "hold.refused",  # PostgreSQL refused, the picture is not repaired
    "release.committed",  # PostgreSQL has let the seats go, Redis still shows them
    "expiry.sweeping",  # a sweep has begun, nothing is expired
    "expiry.reaped",  # Redis has ended holds, PostgreSQL's bookings are still pending
    "expiry.committed",  # the bookings are expired, the picture_pending rows not ticked off
    "rebuild.read",  # the truth is read, the picture not written
    "reconcile.inspected",  # Redis is read, PostgreSQL is not
    "reconcile.locked",  # the bookings are locked, the repair not made
    "reconcile.read",  # the truth is read under those locks, the repair not made
    "repair.read",  # the truth of refused seats is read under the locks of their bookings, nothing is repaired
    "picture.painting",  # PostgreSQL has decided, paint_seats has not run
    "work.written",  # a unit of work on a booking is written, COMMIT has not been sent
    "work.committed",  # it is committed, nothing of it is shown
    "show.cancelling",  # a batch of a cancelled show's bookings is ended and counted, nothing of it is shown
    "late.grabbed",  # seats are taken again in Redis for late money, PostgreSQL has not been asked
}

Visitor = Callable[[], Awaitable[None]]
_visitors: dict[str, Visitor] = {}


def add_points(points: Iterable[str]) -> None:
    """Name points of another app, so that a test can stand at them."""
    POINTS.update(points)


async def pass_by(point: str) -> None:
    """Reach a point; whoever stands there acts first."""
    visitor = _visitors.get(point)
    if visitor is not None:
        await visitor()


@contextmanager
def standing_at(point: str, visitor: Visitor) -> Iterator[None]:
    """Let `visitor` act whenever the point is reached, in this process."""
    if point not in POINTS:
        raise KeyError(f"no such point: {point}")
    _visitors[point] = visitor
    try:
        yield
    finally:
        del _visitors[point]
