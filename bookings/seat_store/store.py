"""The verbs of the seat store, in Python's terms: arguments in, named outcomes out.

It decides nothing: scripts decide in Redis, services decide what follows. Times are Unix milliseconds of Redis'
clock, money is paise.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

from bookings.domain.seat_map import HoldRecord, Picture
from bookings.seat_store.connection import Part, Reply, StoreConnection, StoreUnavailable
from bookings.seat_store.scripts import load_scripts

logger = logging.getLogger(__name__)

# A call is valid for so long after the time learnt from the last reply (design: consistency rule 5).
VALID_MS: Final = 500
REAP_HOLDS_MAX: Final = 100
SeatArgument: TypeAlias = tuple[int, str, int]  # index, label, price in paise


class ShowNotReady(Exception):
    """The show has no picture in Redis: it must be rebuilt from PostgreSQL first."""


class NotHeld(Exception):
    """Redis refused the hold; nothing was taken. `code` is the script's, `detail` its list."""

    def __init__(self, code: str, detail: str, ended: Sequence[str]) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.ended = tuple(ended)


class Acquired(NamedTuple):
    """What `acquire` took. `seats` is the whole hold, `new_seats` what this call added (indexes)."""

    booking: str
    version: int
    expires_ms: int
    since_ms: int
    committed: bool
    amount_paise: int
    seats: tuple[int, ...]
    new_seats: tuple[int, ...]
    ended: tuple[str, ...]


class ProvenHold(NamedTuple):
    """Seats of a hold that PostgreSQL has since `fence` (0: not known)."""

    token: str
    fence: int
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Inspection:
    """All that Redis keeps of a show: the picture, and the keys that should agree with it."""

    picture: Picture
    reserved: Mapping[str, tuple[str, int]]
    deadlines: Mapping[str, int]
    holders: Mapping[str, str]
    locked: frozenset[str]


def show_key(show_id: int) -> str:
    """The key that scripts get; the names of all others follow from its hash tag."""
    return f"show:{{{show_id}}}"


def states_key(show_id: int) -> str:
    """The key of a show's states, without which it has no picture."""
    return f"seat_states:{{{show_id}}}"


def _numbers(value: bytes) -> tuple[int, ...]:
    return tuple(sorted(map(int, value.split(b",")))) if value else ()


def _words(value: bytes) -> tuple[str, ...]:
    return tuple(value.decode().split(",")) if value else ()


def read_hold_record(token: str, record: bytes) -> HoldRecord:
    """A hold from its line in the `holds` hash (lua/prelude.lua says how it is written)."""
    expires, since, committed, holder, seats = record.decode().split(" ", 4)
    parts = [seat.split("=") for seat in seats.split(",")] if seats else []
    return HoldRecord(
        booking=token,
        holder=holder,
        expires_ms=int(expires),
        amount_paise=sum(int(part[2]) for part in parts),
        seats=tuple(sorted(int(part[0]) for part in parts)),
        committed=committed == "1",
        held_since_ms=int(since),
    )


class SeatStore:
    """The scripts over one connection of this event loop. Lives as long as the connection."""

    def __init__(self, connection: StoreConnection, *, monotonic: Callable[[], float]) -> None:
        self.connection = connection
        self._monotonic = monotonic
        self._scripts = load_scripts()
        # Redis' clock as last told, and when that was: the source of every `valid_until_ms`.
        self._told_ms = 0
        self._told_at = 0.0

    def redis_ms(self) -> int:
        """Redis' clock, carried on by our own from the last reply; 0 before the first."""
        if not self._told_ms:
            return 0
        return self._told_ms + int((self._monotonic() - self._told_at) * 1000)

    async def _run(self, verb: str, show_id: int, *arguments: Part) -> list[Reply]:
        reply: list[Reply] = await self.connection.run(self._scripts[verb], show_key(show_id), *arguments)
        self._told_ms, self._told_at = reply[1], self._monotonic()
        if reply[0] == b"not_ready":
            raise ShowNotReady(show_id)
        return reply

    async def learn_time(self) -> None:
        """Read Redis' clock, so that the first acquire can say until when it is valid."""
        seconds, micros = await self.connection.call("TIME")
        self._told_ms, self._told_at = int(seconds) * 1000 + int(micros) // 1000, self._monotonic()

    async def acquire(
        self,
        show_id: int,
        *,
        token: str,
        holder: str,
        seats: Sequence[SeatArgument],
        hold_ms: int,
        seats_max: int,
        budget_ms: int,
    ) -> Acquired:
        """Hold all seats or none. `budget_ms` 0 means that the held-time budget was judged already.

        Raises NotHeld, ShowNotReady, StoreUnavailable (also when a paused Redis ran the call too late).
        """
        valid_until_ms = self.redis_ms() + VALID_MS if self._told_ms else 0
        flat = [part for seat in seats for part in seat]
        reply = await self._run(
            "acquire_seats", show_id, token, holder, valid_until_ms, hold_ms, seats_max, budget_ms, *flat
        )
        code = reply[0]
        if code == b"held":
            return Acquired(
                version=reply[2],
                booking=reply[3].decode(),
                expires_ms=reply[4],
                since_ms=reply[5],
                committed=reply[6] == 1,
                amount_paise=reply[7],
                seats=_numbers(reply[8]),
                new_seats=_numbers(reply[9]),
                ended=_words(reply[10]),
            )
        if code == b"too_late":
            raise StoreUnavailable("Redis ran the call too late; it did nothing")
        raise NotHeld(code.decode(), reply[2].decode(), _words(reply[3]))

    async def commit(self, show_id: int, holds: Sequence[ProvenHold]) -> tuple[str, ...]:
        """Mark holds as proven and tell their holders' sockets. Returns the labels that are not shown as theirs."""
        flat = [part for hold in holds for part in (hold.token, hold.fence, ",".join(hold.labels))]
        reply = await self._run("commit_holds", show_id, *flat)
        return _words(reply[2])

    async def release(
        self, show_id: int, *, token: str, fence: int | None, labels: Sequence[str] = ()
    ) -> tuple[int, tuple[str, ...]]:
        """Free seats of a hold that PostgreSQL has let go; no labels: all. Returns (version, labels freed).

        `fence` is None only for seats of an acquire that never reached PostgreSQL: there is nothing to order.
        """
        reply = await self._run("release_seats", show_id, token, "-" if fence is None else fence, *labels)
        return reply[2], _words(reply[3])

    async def paint(self, show_id: int, *, state: str, fence: int, seats: Sequence[tuple[int, str]]) -> int:
        """Show seats as booked, blocked or free, as PostgreSQL decided. Returns the version."""
        reply = await self._run("paint_seats", show_id, state, fence, *[part for seat in seats for part in seat])
        return int(reply[2])

    async def correct(
        self, show_id: int, *, fence: int, corrections: Sequence[Mapping[str, Any]]
    ) -> tuple[int, tuple[str, ...]]:
        """Repair seats that are still as they were read. Returns (version, labels repaired)."""
        reply = await self._run("correct_seats", show_id, fence, json.dumps(corrections))
        return reply[2], _words(reply[3])

    async def reap(self, show_id: int) -> tuple[tuple[str, ...], int]:
        """End the holds that are past their deadline. Returns (tokens ended, next deadline in ms or 0)."""
        ended: tuple[str, ...] = ()
        while True:
            reply = await self._run("reap", show_id, REAP_HOLDS_MAX)
            batch = _words(reply[3])
            ended += batch
            if len(batch) < REAP_HOLDS_MAX:
                return ended, reply[4]

    async def picture(self, show_id: int) -> Picture:
        """The whole map at one version."""
        reply = await self._run("picture", show_id)
        return self._picture(show_id, reply, dict(zip(reply[5::2], reply[6::2], strict=True)))

    async def inspect(self, show_id: int) -> Inspection:
        """The picture and every key beside it, read at one moment."""
        reply = await self._run("inspect_show", show_id)
        pairs = [dict(zip(flat[::2], flat[1::2], strict=True)) for flat in reply[5:9]]
        holds, reserved, deadlines, holders = pairs
        return Inspection(
            picture=self._picture(show_id, reply, holds),
            reserved={
                label.decode(): (value.split()[0].decode(), int(value.split()[1]))
                for label, value in reserved.items()
            },
            deadlines={token.decode(): int(ms) for token, ms in deadlines.items()},
            holders={holder.decode(): token.decode() for holder, token in holders.items()},
            locked=frozenset(label.decode() for label in reply[9]),
        )

    @staticmethod
    def _picture(show_id: int, reply: Sequence[Reply], holds: Mapping[bytes, bytes]) -> Picture:
        return Picture(
            show_id=show_id,
            epoch=reply[2].decode(),
            version=reply[3],
            server_ms=reply[1],
            states=reply[4].decode(),
            holds=tuple(read_hold_record(token.decode(), record) for token, record in holds.items()),
        )

    async def rebuild(
        self,
        show_id: int,
        *,
        epoch_seen: str,
        epoch: str,
        states: str,
        fence_floor: int,
        gone_at_ms: int,
        holds: Sequence[Mapping[str, Any]],
        held_time: Mapping[str, str],
    ) -> bool:
        """Replace the whole picture if the epoch is still the one seen. False: somebody else was first."""
        reply = await self._run(
            "rebuild_show",
            show_id,
            epoch_seen,
            epoch,
            states,
            fence_floor,
            gone_at_ms,
            json.dumps(holds),
            json.dumps(held_time),
        )
        return bool(reply[0] == b"ok")

    async def positions(self, show_ids: Sequence[int]) -> dict[int, tuple[str, int] | None]:
        """(epoch, version) of many shows in one write; None for a show without a picture."""
        replies = await asyncio.gather(
            *(self.connection.call("HMGET", show_key(show_id), "epoch", "version") for show_id in show_ids)
        )
        return {
            show_id: (reply[0].decode(), int(reply[1])) if reply[0] else None
            for show_id, reply in zip(show_ids, replies, strict=True)
        }

    async def epoch(self, show_id: int) -> str:
        """The epoch of a show, '' when it has no picture."""
        value, drawn = await asyncio.gather(
            self.connection.call("HGET", show_key(show_id), "epoch"),
            self.connection.call("EXISTS", states_key(show_id)),
        )
        return value.decode() if value and drawn else ""

    async def forget(self, show_id: int) -> None:
        """Give up a picture that cannot be right; the show is not ready until it is rebuilt."""
        await self.connection.call("DEL", states_key(show_id))

    def publish(self, channel: str, message: bytes) -> None:
        """Publish a message that is ready for the channel layer, at most once: nobody waits for it."""
        self.connection.call("PUBLISH", channel, message).add_done_callback(_note_loss)


def _note_loss(published: "asyncio.Future[Reply]") -> None:
    if not published.cancelled() and (error := published.exception()) is not None:
        logger.info("a message was not published: %s", error)
