"""Is what the house stands on there, and set as it must be: Redis, PostgreSQL, their clocks, the channel layer.

Each function is one examination: it returns what it saw, or raises Failed or Skipped. CONFIG is never asked, as
the house's Redis user need not have it: what a setting does is tried instead.
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from typing import Any, Final

from channels.layers import channel_layers
from django.conf import settings

from config import probes
from config.checks import channel_layer_url, problems
from config.doctor.examination import Failed
from config.settings import redis_url_with_database

POSTGRES_MAJOR_MIN: Final = 15
REDIS_MAJOR_MIN: Final = 7
CLOCK_DIFFERENCE_MS_MAX: Final = 250
CLOCK_READINGS: Final = 5
# Far from what the house uses, on the server of the locks: its settings hold for all databases.
TRIAL_DATABASE: Final = 3
EVENT_SECONDS_MAX: Final = 1.0
LAYER_SECONDS_MAX: Final = 1.5
LAYER_STEP_SECONDS: Final = 0.1
KEYS_SAMPLED_MAX: Final = 2000
# What bookings/seat_store writes into database 0.
SEAT_KEYS: Final = (
    "show:",
    "seat_states:",
    "seat_lock:",
    "seat_reservation:",
    "reserved_seats:",
    "holds:",
    "holders:",
    "hold_deadlines:",
    "seat_fence:",
    "held_time:",
    "house:",
)


def settings_are_safe() -> str:
    """The system checks of the house (config/checks.py)."""
    found = problems()
    if found:
        raise Failed(" ".join(message.msg for message in found), remedy=" ".join(str(m.hint) for m in found))
    return "no problem found"


def redis_answers() -> str:
    """The server of the locks."""
    with probes.open_redis() as client:
        version = str(client.info("server")["redis_version"])
    if int(version.split(".")[0]) < REDIS_MAJOR_MIN:
        raise Failed(f"Redis {version} is too old", remedy=f"Use Redis {REDIS_MAJOR_MIN} or newer.")
    return f"Redis {version}"


def broker_and_cache_answer() -> str:
    """The other Redis databases: channel layer, Celery's broker, cache."""
    urls = {
        "channel layer": channel_layer_url(),
        "broker": str(settings.CELERY_BROKER_URL),
        "cache": str(settings.CACHES["default"]["LOCATION"]),
    }
    for url in urls.values():
        with probes.open_redis(url) as client:
            client.ping()
    return ", ".join(urls)


def keyspace_events_are_on() -> str:
    """A key that expires is told of: tried with a key of our own."""
    with (
        probes.open_redis(redis_url_with_database(settings.REDIS_URL, TRIAL_DATABASE)) as client,
        client.pubsub(ignore_subscribe_messages=True) as heard,
    ):
        key = f"doctor:{secrets.token_hex(8)}"
        heard.subscribe(f"__keyevent@{TRIAL_DATABASE}__:expired")
        client.set(key, "1", px=1)
        started = time.monotonic()
        while time.monotonic() - started < EVENT_SECONDS_MAX:
            # A look at a key past its time expires it at once; Redis' own round may come much later.
            client.exists(key)
            message = heard.get_message(timeout=0.05)
            if message is not None and message["data"] == key:
                return f"heard after {(time.monotonic() - started) * 1000:.0f} ms"
    raise Failed("no event came for a key that expired")


def database_zero_is_the_seats() -> str:
    """Nobody else writes where a rebuild may empty everything and the watcher listens."""
    with probes.open_redis() as client:
        sampled = 0
        for key in client.scan_iter(count=500):
            if not key.startswith(SEAT_KEYS):
                raise Failed(f"database 0 has a key that is not of the seats: {key[:60]}")
            sampled += 1
            if sampled == KEYS_SAMPLED_MAX:
                break
    return f"{sampled} keys looked at"


def locks_are_never_evicted() -> str:
    """Redis refuses to write when its memory is full, rather than drop locks."""
    with probes.open_redis() as client:
        policy = str(client.info("memory")["maxmemory_policy"])
    if policy != "noeviction":
        raise Failed(f"maxmemory-policy is {policy}: Redis may drop locks when memory is short")
    return policy


def postgres_answers() -> str:
    """The database of the house."""
    with probes.open_postgres() as connection:
        number = connection.info.server_version
        connection.execute("SELECT 1")
    version = f"PostgreSQL {number // 10000}.{number % 10000}"
    if number // 10000 < POSTGRES_MAJOR_MIN:
        raise Failed(f"{version} is too old", remedy=f"Use PostgreSQL {POSTGRES_MAJOR_MIN} or newer.")
    return version


def migrations_are_applied() -> str:
    """The tables are those this code was written for."""
    known = probes.known_migrations()
    with probes.open_postgres() as connection:
        exists = connection.execute("SELECT to_regclass('django_migrations')").fetchone()
        applied = connection.execute(probes.APPLIED_MIGRATIONS).fetchall() if exists and exists[0] else []
    missing = sorted(known.difference((str(app), str(name)) for app, name in applied))
    if missing:
        raise Failed(f"{len(missing)} of {len(known)} are not applied, first {'.'.join(missing[0])}")
    return f"{len(known)} applied"


def clocks_agree() -> str:
    """Deadlines are compared with two clocks; each is read several times and its best reading believed."""
    with probes.open_postgres() as connection, probes.open_redis() as client:

        def postgres_ms() -> float:
            row = connection.execute("SELECT extract(epoch FROM clock_timestamp()) * 1000").fetchone()
            assert row is not None, "a SELECT without FROM returns one row"
            return float(row[0])

        def redis_ms() -> float:
            seconds, micros = client.time()
            return float(seconds) * 1000 + float(micros) / 1000

        postgres, redis = _read_clock(postgres_ms), _read_clock(redis_ms)
    difference_ms, unsure_ms = postgres[0] - redis[0], postgres[1] + redis[1]
    told = f"PostgreSQL is {abs(difference_ms):.1f} ms {'ahead of' if difference_ms > 0 else 'behind'} Redis"
    if abs(difference_ms) > CLOCK_DIFFERENCE_MS_MAX:
        raise Failed(f"{told}; {CLOCK_DIFFERENCE_MS_MAX} ms may be")
    return f"{told} (± {unsure_ms:.1f} ms)"


def channel_layer_carries() -> str:
    """A message sent to a group comes back."""
    started = time.perf_counter()
    asyncio.run(_round_trip())
    return f"round trip in {(time.perf_counter() - started) * 1000:.0f} ms"


def _read_clock(read_ms: Callable[[], float]) -> tuple[float, float]:
    """(offset from our own clock, half the round trip) of the quickest of some readings, in ms.

    The clock was read somewhere between asking and being answered: at the middle, give or take half the way.
    """
    readings = []
    for _ in range(CLOCK_READINGS):
        asked_at = time.perf_counter() * 1000
        told_ms = read_ms()
        half_ms = (time.perf_counter() * 1000 - asked_at) / 2
        readings.append((half_ms, told_ms - (asked_at + half_ms)))
    half_ms, offset_ms = min(readings)
    return offset_ms, half_ms


async def _round_trip() -> None:
    # One of our own, so that a layer in use by this process is left alone.
    layer: Any = channel_layers.make_backend("default")
    group, message = f"doctor.{secrets.token_hex(8)}", {"type": "doctor.trial"}
    try:
        async with asyncio.timeout(LAYER_SECONDS_MAX):
            channel = await layer.new_channel()
            await layer.group_add(group, channel)
            receiving = asyncio.ensure_future(layer.receive(channel))
            # The layer need not wait until Redis has acknowledged the subscription: the first may be too early.
            while not receiving.done():
                await layer.group_send(group, message)
                await asyncio.wait({receiving}, timeout=LAYER_STEP_SECONDS)
            if receiving.result() != message:
                raise Failed("a message came back changed")
    except TimeoutError as error:
        raise Failed("a message sent to a group did not come back") from error
    finally:
        await layer.flush()
