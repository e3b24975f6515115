"""What Prometheus may read beside the counters of the apps: the build, the mode, and the house's open work.

Gauges here are set when somebody asks (/metrics), from PostgreSQL and the cache; the apps' own counters register
themselves. Every process answers for itself, so sums over processes are Prometheus' business.
"""

import asyncio
import math
import platform
from typing import Final

import django
import psycopg
from prometheus_client import Gauge, Info
from redis.exceptions import RedisError

from bookings.api import BoxOffice
from config import heartbeats, probes
from config.api import project_version
from payments import metrics as money
from payments.open_money import open_items, open_money_query

build: Final = Info("housefull_build", "What is running")
build.info({"version": project_version(), "python": platform.python_version(), "django": django.get_version()})
seat_store_live: Final = Gauge(
    "housefull_seat_store_live", "1 while Redis decides first, 0 while PostgreSQL is alone"
)
holds_live: Final = Gauge("housefull_holds_live", "Pending bookings before their deadline, in PostgreSQL")
holds_overdue: Final = Gauge("housefull_holds_overdue", "Pending bookings past their deadline, not yet expired")
pictures_pending: Final = Gauge("housefull_pictures_pending", "Changes of claims that Redis may not show yet")
heartbeat_age: Final = Gauge("housefull_heartbeat_age_seconds", "Since the last sign of life", ["of"])

_COUNTS: Final = """
SELECT (SELECT count(*) FROM bookings_booking WHERE status = 'pending' AND expires_at > clock_timestamp()),
       (SELECT count(*) FROM bookings_booking WHERE status = 'pending' AND expires_at <= clock_timestamp()),
       (SELECT count(*) FROM bookings_picturepending)
"""
_SIGNS: Final = {
    heartbeats.WORKER: "worker",
    heartbeats.SLOW_WORKER: "slow",
    heartbeats.BEAT: "beat",
    heartbeats.WATCHER: "watcher",
    heartbeats.SWEEP: "sweep",
}


async def look() -> None:
    """Set the gauges from what PostgreSQL and the cache say now."""
    office = await BoxOffice.current()
    seat_store_live.set(1 if office.live else 0)
    await asyncio.gather(_look_at_postgres(), _look_at_heartbeats())


def forget() -> None:
    """Nobody answered in time: say that nothing is known rather than what was true once."""
    for gauge in (holds_live, holds_overdue, pictures_pending):
        gauge.set(math.nan)
    money.forget()
    heartbeat_age.clear()


async def _look_at_postgres() -> None:
    counts: tuple[float, ...] = (math.nan, math.nan, math.nan)
    money.forget()
    try:
        async with await probes.open_postgres_async() as connection:
            counts = await (await connection.execute(_COUNTS)).fetchone() or counts
            query = open_money_query()
            cursor = await connection.execute(query.statement, query.arguments)
            money.show(open_items(await cursor.fetchall()))
    except (psycopg.Error, OSError):
        pass  # NaN says so
    for gauge, count in zip((holds_live, holds_overdue, pictures_pending), counts, strict=True):
        gauge.set(count)


async def _look_at_heartbeats() -> None:
    heartbeat_age.clear()
    try:
        ages = await asyncio.to_thread(heartbeats.ages_seconds, list(_SIGNS))
    except RedisError:
        return
    for sign, age in ages.items():
        if age is not None:
            heartbeat_age.labels(_SIGNS[sign]).set(age)
