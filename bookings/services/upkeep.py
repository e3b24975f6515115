"""What is done for all shows every minute: expire what is due, compare Redis with PostgreSQL, repair, report.

The third layer of expiry and the last net under every picture; Beat and `manage.py reconcile` call it. What is
done to one show is expiry.py and reconcile.py.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, TypeVar

from bookings.claim_store.pool import ClaimsUnavailable
from bookings.domain.drift import Difference
from bookings.errors import BookingError
from bookings.seat_store.connection import StoreUnavailable
from bookings.selectors.active_shows import ActiveShow
from bookings.services.box_office import BoxOffice

T = TypeVar("T")
logger = logging.getLogger(__name__)

# Shows in hand at once: enough to hide the round trips, fewer than the pool has connections.
SHOWS_AT_ONCE_MAX: Final = 4

Outcome: TypeAlias = Literal["agrees", "repaired", "rebuilt", "unknown"]


@dataclass(frozen=True, slots=True)
class SeatDrift:
    """A seat that Redis showed otherwise than PostgreSQL has it. `what` names the kind; states are letters."""

    seat: str
    what: str
    shown: str
    true: str
    shown_booking: str
    true_booking: str


@dataclass(frozen=True, slots=True)
class ShowReport:
    """What was found of one show and done about it; `detail` says why nothing is known."""

    show_id: int
    outcome: Outcome
    drift: tuple[SeatDrift, ...] = ()
    detail: str = ""


async def release_expired(office: BoxOffice, shows: Sequence[ActiveShow]) -> int:
    """Expire the bookings past their deadline and free what Redis still shows of them. Returns how many expired.

    With Redis away the bookings expire all the same; the picture follows when it is back. Raises ClaimsUnavailable.
    """
    ended = await office.expire_due()
    try:
        positions = await office.positions([show.show_id for show in shows])
    except StoreUnavailable as error:
        logger.warning("holds are ended in PostgreSQL only: %s", error)
        return len(ended)
    # Holds that ended in PostgreSQL by another way, and those PostgreSQL has never heard of.
    await _each(office.reap, [show_id for show_id, position in positions.items() if position is not None])
    return len(ended)


async def reconcile_shows(office: BoxOffice, shows: Sequence[ActiveShow]) -> list[ShowReport]:
    """Compare and repair the shows that are in Redis or have pending bookings.

    Others have no picture that could be wrong: it is made when somebody looks. Raises StoreUnavailable.
    """
    positions = await office.positions([show.show_id for show in shows])
    wanted = [show.show_id for show in shows if show.has_pending or positions[show.show_id] is not None]
    return await _each(lambda show_id: reconcile_show(office, show_id, known=positions[show_id] is not None), wanted)


async def reconcile_show(office: BoxOffice, show_id: int, *, known: bool | None = None) -> ShowReport:
    """Compare and repair one show; `known` says whether Redis has a picture of it. Raises StoreUnavailable."""
    if known is None:
        known = (await office.positions([show_id]))[show_id] is not None
    try:
        plan = await office.plan(show_id)
        differences = await office.reconcile(show_id)
    except (ClaimsUnavailable, BookingError) as error:
        return ShowReport(show_id=show_id, outcome="unknown", detail=str(error))
    if not known:
        return ShowReport(show_id=show_id, outcome="rebuilt")
    drift = tuple(_seat_drift(plan.labels[difference.seat], difference) for difference in differences)
    return ShowReport(show_id=show_id, outcome="repaired" if drift else "agrees", drift=drift)


async def find_drift(office: BoxOffice, show_ids: Sequence[int], *, again_after_seconds: float) -> dict[int, int]:
    """How many seats of each show differ, without repairing any; shows that agree are left out.

    A change on its way looks like drift, so what differs is looked at twice. Raises StoreUnavailable,
    ClaimsUnavailable, NotFound.
    """
    first = {show_id: set(await office.compare(show_id)) for show_id in show_ids}
    suspects = {show_id: differences for show_id, differences in first.items() if differences}
    if not suspects:
        return {}
    await asyncio.sleep(again_after_seconds)
    lasting = {show_id: seen & set(await office.compare(show_id)) for show_id, seen in suspects.items()}
    return {show_id: len(differences) for show_id, differences in lasting.items() if differences}


async def _each(work: Callable[[int], Awaitable[T]], show_ids: Sequence[int]) -> list[T]:
    """Do the work for every show, a few at a time, and wait for all of a few even when one fails."""
    results: list[T] = []
    for start in range(0, len(show_ids), SHOWS_AT_ONCE_MAX):
        batch = show_ids[start : start + SHOWS_AT_ONCE_MAX]
        for result in await asyncio.gather(*(work(show_id) for show_id in batch), return_exceptions=True):
            if isinstance(result, BaseException):
                raise result
            results.append(result)
    return results


def _seat_drift(label: str, difference: Difference) -> SeatDrift:
    return SeatDrift(
        seat=label,
        what=difference.what,
        shown=difference.shown.state,
        true=difference.true.state,
        shown_booking=difference.shown.booking,
        true_booking=difference.true.booking,
    )
