"""What a test of the rules sees with its own eyes, past the product: rows, keys, messages; and where it stands.

A second box office in one process is a second process to PostgreSQL and Redis: nothing is shared but the code.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import msgpack
import psycopg
import redis
import redis.asyncio

from bookings.api import BoxOffice, Changes, Held
from bookings.seat_store import Acquired, SeatStore, StoreConnection
from bookings.services.booking_ids import new_booking_id
from bookings.waypoints import standing_at
from tests.support.cinema import PRICE_PAISE
from tests.support.patience import PATIENCE_SECONDS

LOOK_SECONDS = 0.01
HOLD_MS = 600_000


@asynccontextmanager
async def another_office() -> AsyncIterator[BoxOffice]:
    """A box office of its own connections, as another process would have; connected, also on a busy machine."""
    office = await BoxOffice.open()
    try:
        await connected(office)
        yield office
    finally:
        await office.close()


async def connected(office: BoxOffice) -> None:
    """Wait until the office has both servers, which it asks for 300 ms at a time: a busy machine takes longer."""
    await eventually(lambda: office.live and office._standby._store is not None)


async def settled(office: BoxOffice) -> None:
    """Wait until everything that the office does in the background is done."""
    for part in (office._live, office._expiry, office._pictures):
        await part.close()


class Halt:
    """The first to reach a point stops there; `reached` says so, `go_on` lets it go. Later ones pass."""

    def __init__(self) -> None:
        self._reached = asyncio.Event()
        self._go = asyncio.Event()

    async def __call__(self) -> None:
        if not self._reached.is_set():
            self._reached.set()
            await self._go.wait()

    async def reached(self) -> None:
        """Wait until somebody stands at the point."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self._reached.wait()

    def go_on(self) -> None:
        """Let who stands there go on."""
        self._go.set()


@contextmanager
def halt_at(point: str) -> Iterator[Halt]:
    """Stop the first who reaches this point."""
    halt = Halt()
    with standing_at(point, halt):
        try:
            yield halt
        finally:
            halt.go_on()


def holding(office: BoxOffice, show_id: int, *labels: str, holder: str = "holder") -> "asyncio.Task[Held]":
    """A hold that somebody works on meanwhile."""
    return asyncio.create_task(office.hold(show_id=show_id, holder=holder, labels=labels))


async def dies(task: "asyncio.Task[Any]") -> None:
    """The process that works on this is gone: nothing after the point where it stands is done."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


# PostgreSQL


def rows(database: str, query: str, *arguments: object) -> list[tuple[Any, ...]]:
    """The rows of a query, committed."""
    with psycopg.connect(database, autocommit=True) as connection:
        cursor = connection.execute(query.encode(), arguments or None)
        return cursor.fetchall() if cursor.description else []


def live_claims(database: str, show_id: int) -> dict[int, str]:
    """Who has which seat in PostgreSQL: the booking's id, or 'block'. Fails when a seat has two owners."""
    found = rows(
        database,
        "SELECT seat_index, COALESCE(booking_id::text, kind) FROM bookings_seatclaim "
        "WHERE show_id = %s AND released_at IS NULL ORDER BY seat_index",
        show_id,
    )
    assert len(dict(found)) == len(found), f"a seat with two owners: {found}"
    return dict(found)


def booking_status(database: str, booking: str) -> str:
    """The status of a booking, '' when there is none."""
    found = rows(database, "SELECT status FROM bookings_booking WHERE id = %s", booking)
    return str(found[0][0]) if found else ""


def pending_fences(database: str) -> int:
    """How many changes wait to be shown."""
    return int(rows(database, "SELECT count(*) FROM bookings_picturepending")[0][0])


def insert_booking(
    database: str,
    show_id: int,
    *,
    seats: Sequence[int],
    holder: str = "rival",
    status: str = "pending",
    ends_in_ms: int = 600_000,
) -> str:
    """A booking with its claims that Redis has not heard of. Returns its id."""
    booking = new_booking_id()
    rows(
        database,
        "INSERT INTO bookings_booking (id, show_id, holder, status, expires_at) "
        "VALUES (%s, %s, %s, %s, clock_timestamp() + %s * interval '1 ms')",
        *(booking, show_id, holder, status, ends_in_ms),
    )
    for seat in seats:
        rows(
            database,
            "INSERT INTO bookings_seatclaim (show_id, seat_index, booking_id, price_paise) VALUES (%s, %s, %s, %s)",
            *(show_id, seat, booking, PRICE_PAISE),
        )
    return booking


async def waits_for_a_lock(database: str, *, sessions: int = 1) -> None:
    """Wait until so many sessions of PostgreSQL wait for another one."""
    waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    await eventually(lambda: len(rows(database, waiting)) >= sessions)


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait for what a server does in its own time."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110 — there is no event of another process to await
            await asyncio.sleep(LOOK_SECONDS)


async def relay(office: BoxOffice, database: str) -> None:
    """What the relay of a serving process does every two seconds."""
    rows(database, "UPDATE bookings_picturepending SET created_at = created_at - interval '3 s'")
    await office.apply_leftovers()


# Redis


@asynccontextmanager
async def raw_store(url: str) -> AsyncIterator[SeatStore]:
    """The scripts alone, without any service around them."""
    connection = await StoreConnection.open(url)
    try:
        yield SeatStore(connection, monotonic=time.monotonic)
    finally:
        connection.close()


async def acquire(
    store: SeatStore, show_id: int, *, holder: str, seats: Sequence[int], token: str | None = None
) -> Acquired:
    """Take seats of row A in Redis alone."""
    return await store.acquire(
        show_id,
        token=token or new_booking_id(),
        holder=holder,
        seats=[(seat, f"A{seat + 1}", PRICE_PAISE) for seat in seats],
        hold_ms=HOLD_MS,
        seats_max=10,
        budget_ms=0,
    )


def calls_of(client: redis.Redis, command: str) -> int:
    """How often Redis has run a command."""
    stats: Any = client.info("commandstats")
    return int(stats.get(f"cmdstat_{command}", {"calls": 0})["calls"])


def redis_url_of(client: redis.Redis) -> str:
    """Where a client's Redis is."""
    options = client.get_connection_kwargs()
    return f"redis://{options['host']}:{options['port']}/0"


def shown(client: "redis.Redis", show_id: int) -> str:
    """The states string as Redis has it, '' when there is none."""
    return str(client.get(f"seat_states:{{{show_id}}}") or "")


def shown_owner(client: "redis.Redis", show_id: int, label: str) -> str:
    """The token that reserves a seat in Redis, '' when none does."""
    return str(client.hget(f"reserved_seats:{{{show_id}}}", label) or "").split(" ")[0]


def traces_of_holds(client: "redis.Redis", show_id: int) -> list[str]:
    """Every key that only holds leave behind."""
    patterns = ("seat_lock", "seat_reservation", "reserved_seats", "holds", "holders", "hold_deadlines")
    return sorted(key for name in patterns for key in _keys(client, f"{name}:{{{show_id}}}*"))


def _keys(client: "redis.Redis", pattern: str) -> list[str]:
    return [str(key) for key in client.scan_iter(pattern)]


def move_back(database: str, client: "redis.Redis", show_id: int, *, ms: int, postgres: bool = True) -> None:
    """Let time pass for every hold of a show without waiting: what began or ends is so much earlier."""
    if postgres:
        rows(
            database,
            "UPDATE bookings_booking SET expires_at = expires_at - %s * interval '1 ms', "
            "created_at = created_at - %s * interval '1 ms' WHERE show_id = %s AND status = 'pending'",
            ms,
            ms,
            show_id,
        )
    client.eval(_MOVE_BACK, 0, f"{{{show_id}}}", ms)


_MOVE_BACK = """
local tag, ms = ARGV[1], tonumber(ARGV[2])
local function earlier(value) return string.format('%.0f', tonumber(value) - ms) end
local function each(key)
  local flat, at = redis.call('HGETALL', key), -1
  return function()
    at = at + 2
    return flat[at], flat[at + 1]
  end
end
for token, record in each('holds:' .. tag) do
  local expires, since, rest = string.match(record, '^(%d+) (%d+) (.*)$')
  redis.call('HSET', 'holds:' .. tag, token, earlier(expires) .. ' ' .. earlier(since) .. ' ' .. rest)
  redis.call('ZADD', 'hold_deadlines:' .. tag, 'XX', earlier(expires), token)
end
local now = redis.call('TIME')
for label, reserved in each('reserved_seats:' .. tag) do
  local token, expires = string.match(reserved, '^(%S+) (%d+)$')
  redis.call('HSET', 'reserved_seats:' .. tag, label, token .. ' ' .. earlier(expires))
end
local function sooner(key)
  local left = redis.call('PTTL', key)
  if left <= ms then redis.call('DEL', key) else redis.call('PEXPIRE', key, left - ms) end
end
for label in each('reserved_seats:' .. tag) do sooner('seat_lock:' .. tag .. ':' .. label) end
for holder in each('holders:' .. tag) do sooner('seat_reservation:' .. tag .. ':' .. holder) end
"""


# Messages


class Listener:
    """Everything published to a show's group, in order, as it lies on the wire."""

    def __init__(self, subscription: "redis.asyncio.client.PubSub") -> None:
        self._subscription = subscription

    async def heard(self) -> list[dict[str, Any]]:
        """What has been published since the last call: all that comes before the answer to a ping."""
        await self._subscription.ping("up to here")
        messages: list[dict[str, Any]] = []
        while True:
            raw = await self._subscription.get_message(timeout=PATIENCE_SECONDS)
            assert raw is not None, "Redis answers a subscriber's ping"
            if raw["type"] == "pong":
                return messages
            messages.append(msgpack.unpackb(raw["data"]))


@asynccontextmanager
async def listening(show_id: int, url: str) -> AsyncIterator[Listener]:
    """Listen to a show's group, on the raw channel of the channel layer."""
    async with redis.asyncio.Redis.from_url(url) as client, client.pubsub() as subscription:
        await subscription.subscribe(f"asgi__group__show.{show_id}")
        await subscription.get_message(timeout=PATIENCE_SECONDS)
        yield Listener(subscription)


def as_step(message: Mapping[str, Any]) -> Changes:
    """A published `show.changes` as the value that a seat map applies."""
    return Changes(
        epoch=message["epoch"],
        from_version=message["from"],
        version=message["version"],
        server_ms=message["ms"],
        changes=[tuple(change) for change in message["changes"]],
    )
