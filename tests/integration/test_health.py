"""What a supervisor, a load balancer and Prometheus are told, with everything there and with parts missing."""

import logging
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.test import AsyncClient
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from bookings.api import BoxOffice
from config import health, heartbeats
from realtime import metrics as room_metrics
from tests.support.cinema import make_show
from tests.support.patience import PATIENCE_SECONDS
from tests.support.servers import paused_postgres, paused_redis

if TYPE_CHECKING:
    from config.embedded import EmbeddedServers

# Bounded by READY_SECONDS, it answers on any machine; unbounded it would hang for ever.
ANSWER_SECONDS_MAX = PATIENCE_SECONDS


@pytest_asyncio.fixture
async def client(database: str, settings: Settings, tmp_path: Path) -> AsyncIterator[AsyncClient]:
    """Asks a serving process, which this loop is."""
    settings.STATIC_ROOT = tmp_path
    await BoxOffice.current()
    try:
        yield AsyncClient()
    finally:
        await BoxOffice.close_current()


async def parts_of(client: AsyncClient) -> tuple[int, dict[str, bool], bool]:
    """Status, which parts are well, and whether it is degraded; answered in time."""
    asked_at = time.monotonic()
    reply = await client.get("/readyz")
    assert time.monotonic() - asked_at < ANSWER_SECONDS_MAX
    body = reply.json()
    assert body["ready"] == (reply.status_code == 200)
    return reply.status_code, {name: part["ok"] for name, part in body["parts"].items()}, body["degraded"]


async def numbers_of(client: AsyncClient) -> dict[str, float]:
    """Every number without labels, and those of heartbeats under their name."""
    reply = await client.get("/metrics")
    families = text_string_to_metric_families(reply.content.decode())
    return {
        sample.labels.get("of") or sample.name: sample.value
        for family in families
        for sample in family.samples
        if set(sample.labels) <= {"of"}
    }


class TestHealthz:
    async def test_answers_while_everything_is_away(self, client: AsyncClient, servers: "EmbeddedServers") -> None:
        with paused_redis(servers), paused_postgres(servers):
            reply = await client.get("/healthz")

        assert (reply.status_code, reply.json()) == (200, {"status": "ok"})
        assert "no-store" in reply.headers["Cache-Control"]

    async def test_gives_the_request_a_name(self, client: AsyncClient) -> None:
        given = await client.get("/healthz", headers={"X-Request-ID": "from-the-proxy.7"})
        forged = await client.get("/healthz", headers={"X-Request-ID": "two\twords"})

        assert given.headers["X-Request-ID"] == "from-the-proxy.7"
        assert len(forged.headers["X-Request-ID"]) == 32


class TestReadyz:
    async def test_says_that_every_part_is_well(self, client: AsyncClient) -> None:
        parts = {"postgres": True, "redis": True, "migrations": True, "seat_store": True}

        assert await parts_of(client) == (200, parts, False)

    async def test_is_degraded_without_redis(self, client: AsyncClient, servers: "EmbeddedServers") -> None:
        servers.kill_redis()

        status, parts, degraded = await parts_of(client)

        assert (status, parts["postgres"], parts["redis"], degraded) == (200, True, False, True)

    async def test_says_when_postgresql_alone_decides(self, client: AsyncClient, servers: "EmbeddedServers") -> None:
        alone: list[bool] = []
        office = await BoxOffice.current()
        office.on_mode_change(alone.append)
        servers.kill_redis()
        show = await sync_to_async(make_show)()
        await office.picture(show.pk)

        _, parts, degraded = await parts_of(client)

        assert alone == [False]  # not live
        assert (parts["seat_store"], degraded) == (False, True)

    async def test_is_degraded_in_time_while_redis_hangs(
        self, client: AsyncClient, servers: "EmbeddedServers"
    ) -> None:
        with paused_redis(servers):
            status, parts, degraded = await parts_of(client)

        assert (status, parts["redis"], degraded) == (200, False, True)

    async def test_refuses_in_time_while_postgresql_hangs(
        self, client: AsyncClient, servers: "EmbeddedServers"
    ) -> None:
        with paused_postgres(servers):
            status, parts, _ = await parts_of(client)

        assert (status, parts["postgres"], parts["migrations"]) == (503, False, False)

    async def test_refuses_with_a_migration_missing(self, client: AsyncClient, database: str) -> None:
        with psycopg.connect(database, autocommit=True) as other:
            taken = other.execute(
                "DELETE FROM django_migrations WHERE id = (SELECT max(id) FROM django_migrations) RETURNING app, name"
            ).fetchone()
            try:
                status, parts, _ = await parts_of(client)
            finally:
                other.execute("INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, now())", taken)

        assert (status, parts["postgres"], parts["migrations"]) == (503, True, False)

    async def test_logs_a_change_once_and_not_each_poll(
        self,
        client: AsyncClient,
        servers: "EmbeddedServers",
        caplog: pytest.LogCaptureFixture,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(health, "_readiness", health.Readiness())  # as a process that has just begun

        def told() -> list[tuple[str, str]]:
            names = ("config.health", "django.request")
            return [(r.levelname, r.getMessage().split(";")[0]) for r in caplog.records if r.name in names]

        with caplog.at_level(logging.INFO):
            await parts_of(client)
            assert told() == []
            with paused_postgres(servers):
                for _ in range(3):
                    status, _, _ = await parts_of(client)
                    assert status == 503
            assert told() == [("ERROR", "not ready")]
            assert "postgres: no answer within 1 s" in caplog.text
            for _ in range(2):
                await parts_of(client)

        assert told() == [("ERROR", "not ready"), ("INFO", "ready")]

    async def test_leaves_other_failures_in_the_log(
        self, client: AsyncClient, caplog: pytest.LogCaptureFixture
    ) -> None:
        await client.get("/no-such-page/")

        assert "Not Found: /no-such-page/" in caplog.text

    async def test_names_no_host_and_no_user(self, client: AsyncClient, servers: "EmbeddedServers") -> None:
        servers.kill_redis()

        reply = await client.get("/readyz")

        assert "127.0.0.1" not in reply.content.decode()
        assert str(servers.redis_port) not in reply.content.decode()


class TestMetrics:
    async def test_count_live_holds(self, client: AsyncClient) -> None:
        show = await sync_to_async(make_show)()
        await (await BoxOffice.current()).hold(show_id=show.pk, holder="holder", labels=["A1"])

        numbers = await numbers_of(client)

        assert numbers["housefull_holds_live"] == 1
        assert numbers["housefull_holds_overdue"] == 0
        assert numbers["housefull_seat_store_live"] == 1

    async def test_tell_the_age_of_signs_of_life(self, client: AsyncClient) -> None:
        await sync_to_async(heartbeats.leave_sign)(heartbeats.BEAT)

        numbers = await numbers_of(client)

        assert 0 <= numbers["beat"] < 60
        assert "worker" not in numbers

    async def test_know_nothing_while_postgresql_hangs(self, client: AsyncClient, servers: "EmbeddedServers") -> None:
        with paused_postgres(servers):
            asked_at = time.monotonic()
            numbers = await numbers_of(client)

        assert time.monotonic() - asked_at < ANSWER_SECONDS_MAX
        assert numbers["housefull_holds_live"] != numbers["housefull_holds_live"]  # NaN

    async def test_carry_the_counters_of_the_rooms_and_the_build(self, client: AsyncClient) -> None:
        before = (await numbers_of(client))["housefull_frames_written_total"]
        room_metrics.frames_written.inc(3)

        after = (await numbers_of(client))["housefull_frames_written_total"]
        text = (await client.get("/metrics")).content.decode()

        assert after - before == 3
        assert 'housefull_build_info{django="' in text
