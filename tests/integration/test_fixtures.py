"""The ground the other tests stand on: own servers, real commits, nothing left over."""

import logging
import os
import signal
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import OperationalError

from config.logging import APP_LOG
from tests.support import emptying
from tests.support.emptying import ROWS_DELETED_MAX
from tests.support.house import running_house, send_everybody_home
from tests.support.patience import PATIENCE_SECONDS
from tests.support.servers import paused_postgres, paused_redis

if TYPE_CHECKING:
    from config.embedded import EmbeddedServers


def session(key: str) -> Session:
    """A row that nothing but a test writes."""
    return Session(session_key=key, expire_date=datetime(2099, 1, 1, tzinfo=UTC))


class TestDatabase:
    @pytest.mark.parametrize("_time", ["first", "second"])
    @pytest.mark.parametrize("rows", [1, ROWS_DELETED_MAX + 1])
    def test_is_empty_and_commits_for_everyone(self, database: str, rows: int, _time: str) -> None:
        assert not Session.objects.exists()

        Session.objects.bulk_create(session(f"usher {number}") for number in range(rows))

        with psycopg.connect(database) as elsewhere:
            assert elsewhere.execute("SELECT count(*) FROM django_session").fetchone() == (rows,)

    def test_is_not_emptied_while_a_session_is_left_open(
        self, database: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        session("usher").save()
        monkeypatch.setattr(emptying, "LOCK_SECONDS_MAX", 0.1)

        with psycopg.connect(database) as left_open:
            left_open.execute("SELECT FROM django_session")
            with pytest.raises(OperationalError, match="lock timeout"):
                emptying.empty(["django_session"])

    def test_is_the_one_that_child_processes_read_about(self, database: str) -> None:
        assert os.environ["DATABASE_URL"] == database
        assert urlsplit(database).port == settings.DATABASES["default"]["PORT"]

    def test_survives_a_crash_of_postgresql(self, database: str, servers: "EmbeddedServers") -> None:
        session("usher").save()

        servers.restart_postgres()

        with psycopg.connect(database) as elsewhere:
            assert elsewhere.execute("SELECT count(*) FROM django_session").fetchone() == (1,)


class TestLogs:
    def test_are_kept_out_of_the_checkout(self) -> None:
        logging.getLogger("bookings").warning("a line of %s", type(self).__name__)

        assert "a line of TestLogs" in (Path(settings.LOGS_DIR) / APP_LOG).read_text(encoding="utf-8")
        assert not Path(settings.LOGS_DIR).is_relative_to(settings.BASE_DIR)
        assert os.environ["LOGS_DIR"] == str(settings.LOGS_DIR)


class TestRedis:
    @pytest.mark.parametrize("_time", ["first", "second"])
    def test_is_empty_in_every_database(self, redis_client: redis.Redis, _time: str) -> None:
        assert redis_client.info("keyspace") == {}

        redis_client.set("seat", "A1")
        with redis.Redis.from_url(settings.CELERY_BROKER_URL) as broker:
            broker.set("message", "1")

    def test_has_the_settings_the_product_needs(self, redis_client: redis.Redis) -> None:
        assert redis_client.config_get("notify-keyspace-events") == {"notify-keyspace-events": "xE"}
        assert redis_client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


class TestServers:
    @pytest.mark.parametrize("_time", ["first", "second"])
    def test_are_healed_after_a_test_that_left_redis_dead(
        self, redis_client: redis.Redis, servers: "EmbeddedServers", _time: str
    ) -> None:
        assert redis_client.ping()

        servers.kill_redis()

        assert not servers.redis_runs()

    @pytest.mark.parametrize("_time", ["first", "second"])
    def test_are_healed_after_a_test_that_left_redis_hanging(
        self, redis_client: redis.Redis, servers: "EmbeddedServers", _time: str
    ) -> None:
        assert redis_client.ping()

        os.kill(servers.redis_pid, signal.SIGSTOP)

    def test_can_hang_and_go_on(self, database: str, servers: "EmbeddedServers") -> None:
        with psycopg.connect(database) as session:
            with paused_postgres(servers), pytest.raises(psycopg.OperationalError):
                psycopg.connect(database, connect_timeout=2)
            assert session.execute("SELECT 1").fetchone() == (1,)

        impatient = redis.Redis.from_url(servers.redis_url, socket_timeout=0.1)
        with impatient:
            with paused_redis(servers), pytest.raises(redis.TimeoutError):
                impatient.ping()
            assert impatient.ping()


class TestHouse:
    def test_is_sent_home_by_tests_that_must_be_alone_and_comes_back_where_it_was(self, database: str) -> None:
        with running_house() as house:
            url = house.start_web()
            send_everybody_home()
            gone = house.exit_status("web")

            assert house.awake() is house.awake()
            assert gone is not None
            assert house.exit_status("web") is None
            with urllib.request.urlopen(f"{url}/healthz", timeout=PATIENCE_SECONDS) as reply:
                assert reply.status == 200
