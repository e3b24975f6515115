"""/healthz, /readyz and /metrics: what a supervisor, a load balancer and Prometheus ask of one process.

They name no person and no secret and change nothing, so anyone may ask; a proxy may keep /metrics to itself.
All three answer in about READY_SECONDS, whatever is down.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import psycopg
import redis
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from bookings.api import BoxOffice
from config import metrics, probes

logger = logging.getLogger(__name__)

READY_SECONDS: Final = 1.0


class PartMissing(Exception):
    """A part that this process cannot serve without, or is slower without; the text says which and how."""


@never_cache
@require_safe
async def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. Looks at nothing else: a supervisor must not restart us because Redis is away."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
async def readyz(request: HttpRequest) -> HttpResponse:
    """Whether to send people here: 200 when seats can be sold, else 503.

    Without Redis PostgreSQL sells alone, slower: 200 and `degraded`.
    """
    names = ("postgres", "redis", "migrations", "seat_store")
    looks = (_postgres, _redis, _migrations, _seat_store)
    answers = await asyncio.gather(*(_within(look) for look in looks))
    parts = dict(zip(names, answers, strict=True))
    ready = parts["postgres"]["ok"] and parts["migrations"]["ok"]
    degraded = ready and not (parts["redis"]["ok"] and parts["seat_store"]["ok"])
    _readiness.is_now(
        "degraded" if degraded else "ready" if ready else "not ready",
        missing=[f"{name}: {part['detail']}" for name, part in parts.items() if not part["ok"]],
    )
    body = {"ready": ready, "degraded": degraded, "parts": parts}
    return JsonResponse(body, status=200 if ready else 503)


@never_cache
@require_safe
async def prometheus(request: HttpRequest) -> HttpResponse:
    """The counters of this process, and what PostgreSQL says now; a number nobody knows is NaN."""
    try:
        async with asyncio.timeout(READY_SECONDS):
            await metrics.look()
    except TimeoutError:
        metrics.forget()
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)


class Readiness:
    """What the last poll found. Polls come every few seconds, so only a change is worth a line of the log."""

    LEVELS: Final = {"ready": logging.INFO, "degraded": logging.WARNING, "not ready": logging.ERROR}

    def __init__(self) -> None:
        # A process that begins well has nothing to tell.
        self._state = "ready"

    def is_now(self, state: str, *, missing: list[str]) -> None:
        """Tell the log when the state is another than at the last poll."""
        if state != self._state:
            logger.log(self.LEVELS[state], "%s; %s", state, ", ".join(missing) or "every part is well again")
            self._state = state


_readiness: Final = Readiness()


async def _within(look: Callable[[], Awaitable[str]]) -> dict[str, Any]:
    started = time.perf_counter()
    try:
        async with asyncio.timeout(READY_SECONDS):
            detail, ok = await look(), True
    except TimeoutError:
        detail, ok = f"no answer within {READY_SECONDS:.0f} s", False
    except (OSError, psycopg.Error, redis.RedisError) as error:
        # Not its text: that names hosts and users, and anyone may ask.
        detail, ok = type(error).__name__, False
    except PartMissing as missing:
        detail, ok = str(missing), False
    return {"ok": ok, "detail": detail, "ms": round((time.perf_counter() - started) * 1000, 1)}


async def _postgres() -> str:
    async with await probes.open_postgres_async() as connection:
        await connection.execute("SELECT 1")
        return f"PostgreSQL {connection.info.server_version // 10000}"


async def _migrations() -> str:
    known = await asyncio.to_thread(probes.known_migrations)
    async with await probes.open_postgres_async() as connection:
        cursor = await connection.execute(probes.APPLIED_MIGRATIONS)
        missing = known.difference(await cursor.fetchall())
    if missing:
        raise PartMissing(f"{len(missing)} migrations are not applied")
    return f"{len(known)} applied"


async def _redis() -> str:
    async with probes.open_redis_async() as client:
        pong: Any = client.ping()  # typed for the sync client too
        await pong
    return "answers"


async def _seat_store() -> str:
    if not (await BoxOffice.current()).live:
        raise PartMissing("PostgreSQL alone decides; updates are delayed")
    return "Redis decides first"
