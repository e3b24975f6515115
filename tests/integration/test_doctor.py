"""`manage.py doctor`: every failure is provoked for real and comes with its remedy; nothing makes it hang."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import redis
from django.conf import settings as house
from django.core.cache import cache
from django.db.models.functions import Now
from pytest_django import Settings

from bookings.api import with_box_office
from bookings.models import PicturePending
from config import heartbeats
from config.doctor import money as money_examinations
from config.doctor import servers as server_examinations
from config.doctor.checklist import CHECKLIST
from config.doctor.examination import Examination, Finding, examine_all
from frontend.models import Letter
from payments.models import Payment, WebhookEvent
from payments.razorpay_gateway import RazorpayGateway
from tests.support.bought import make_booking
from tests.support.cinema import make_show
from tests.support.mail import MailServer
from tests.support.patience import PATIENCE_SECONDS
from tests.support.razorpay import Razorpay
from tests.support.servers import pause_postgres, resume_postgres

if TYPE_CHECKING:
    from config.embedded import EmbeddedServers

# The bound is 2 s an examination; a busy machine adds to it, and what hangs would take for ever.
SECONDS_MAX = PATIENCE_SECONDS
COMMAND_SECONDS_MAX = 60
ROOTS = ("Redis answers", "Redis databases answer", "PostgreSQL answers")
EVERYBODY = (
    heartbeats.WORKER,
    heartbeats.SLOW_WORKER,
    heartbeats.BEAT,
    heartbeats.WATCHER,
    heartbeats.SWEEP,
)
SIGNS = {
    "worker alive": "celery -A config worker",
    "beat alive": "celery -A config beat",
    "expiry watcher alive": "manage.py watch_expiry",
    "expired holds swept": "logs/celery_worker.log",
}


def examine(name: str) -> Finding:
    """One line of the checklist, without its bound in time."""
    (examination,) = [e for e in CHECKLIST if e.name == name]
    (finding,) = examine_all(
        [Examination(name=name, examine=examination.examine, remedy=examination.remedy)], seconds_max=SECONDS_MAX
    )
    return finding


def assert_fails(name: str, *, saying: str, remedy: str) -> None:
    finding = examine(name)
    assert finding.outcome == "failed", finding
    assert saying in finding.detail
    assert remedy in finding.remedy


def all_findings() -> dict[str, Finding]:
    return {finding.name: finding for finding in examine_all(CHECKLIST, seconds_max=SECONDS_MAX)}


@pytest.fixture
def living_house(database: str) -> None:
    """Everybody has left his sign just now."""
    for name in EVERYBODY:
        heartbeats.leave_sign(name)


@pytest.fixture
def in_development(settings: Settings) -> None:
    """As the environment of the tests says, and pytest-django does not: a house with the emulator's secrets."""
    settings.DEBUG = True


@pytest.mark.usefixtures("in_development")
class TestDoctor:
    def test_finds_a_living_house_well(self, living_house: None, razorpay: Razorpay) -> None:
        show = make_show()
        with_box_office(lambda office: office.hold(show_id=show.pk, holder="holder", labels=["A1"]))

        findings = all_findings()

        assert {name: f.outcome for name, f in findings.items() if f.outcome != "ok"} == {
            "mail": "skipped",
        }
        assert "1 of 1 active shows" in findings["pictures agree"].detail

    def test_finds_dead_servers_and_asks_no_more_of_them(
        self, database: str, servers: "EmbeddedServers", razorpay: Razorpay
    ) -> None:
        servers.kill_redis()

        findings = all_findings()

        failed = {name for name, finding in findings.items() if finding.outcome == "failed"}
        assert failed == {"Redis answers", "Redis databases answer"}
        assert "REDIS_URL" in findings["Redis answers"].remedy
        assert findings["worker alive"].detail == "needs: Redis databases answer"
        assert findings["PostgreSQL answers"].outcome == "ok"

    def test_names_the_demo_wherever_it_would_start_what_is_missing(self) -> None:
        assert {examination.name for examination in CHECKLIST if "make demo" in examination.remedy} == {
            "Redis answers",
            "PostgreSQL answers",
            "worker alive",
            "beat alive",
            "expiry watcher alive",
            "letters go out",
        }

    @pytest.mark.parametrize(
        ("queues", "signs"),
        [
            (["letters"], set()),
            (["slow"], {heartbeats.SLOW_WORKER}),
            (["celery"], {heartbeats.WORKER}),
            (["celery", "letters", "slow"], {heartbeats.WORKER, heartbeats.SLOW_WORKER}),
        ],
    )
    def test_takes_a_worker_for_what_its_queues_make_it(
        self, redis_client: redis.Redis, queues: list[str], signs: set[str]
    ) -> None:
        sign = heartbeats._WorkerSign()
        amqp = SimpleNamespace(queues=SimpleNamespace(consume_from=dict.fromkeys(queues)))

        sign.begin(SimpleNamespace(app=SimpleNamespace(amqp=amqp)))
        sign()

        ages = heartbeats.ages_seconds([heartbeats.WORKER, heartbeats.SLOW_WORKER])
        assert {name for name, age in ages.items() if age is not None} == signs

    def test_misses_a_worker_for_what_is_slow(self, living_house: None) -> None:
        cache.delete(f"heartbeat:{heartbeats.SLOW_WORKER}")

        assert_fails("worker alive", saying="nobody takes the queue slow (no sign of life)", remedy="-Q slow")

    @pytest.mark.parametrize(("name", "remedy"), SIGNS.items())
    def test_misses_signs_of_life(self, living_house: None, name: str, remedy: str) -> None:
        assert examine(name).outcome == "ok"

        for key in EVERYBODY:
            cache.set(f"heartbeat:{key}", time.time_ns() // 1_000_000 - 151_000)
        assert_fails(name, saying="last sign 151 s ago", remedy=remedy)

        cache.clear()
        assert_fails(name, saying="no sign of life", remedy=remedy)


class TestRedis:
    def test_must_tell_of_keys_that_expire(self, servers: "EmbeddedServers", redis_client: redis.Redis) -> None:
        assert examine("keyspace events on").outcome == "ok"

        redis_client.config_set("notify-keyspace-events", "")

        assert_fails("keyspace events on", saying="no event", remedy="notify-keyspace-events Ex")

    @pytest.mark.parametrize("events", ["Kx", "Eg", "E"])
    def test_must_tell_of_them_in_the_way_the_watcher_hears(
        self, servers: "EmbeddedServers", redis_client: redis.Redis, events: str
    ) -> None:
        redis_client.config_set("notify-keyspace-events", events)

        assert examine("keyspace events on").outcome == "failed"

    @pytest.fixture
    def evicting(self, redis_client: redis.Redis) -> Iterator[None]:
        redis_client.config_set("maxmemory-policy", "allkeys-lru")
        yield
        redis_client.config_set("maxmemory-policy", "noeviction")

    def test_must_never_evict_locks(self, evicting: None) -> None:
        assert_fails("locks never evicted", saying="allkeys-lru", remedy="maxmemory-policy noeviction")

    def test_must_keep_database_0_for_the_seats(self, redis_client: redis.Redis) -> None:
        redis_client.set("celery-task-meta-1", "x")

        assert_fails("seats alone in database 0", saying="celery-task-meta-1", remedy="another database")

    def test_answers_for_layer_broker_and_cache_too(self, settings: Settings, redis_client: redis.Redis) -> None:
        settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/2"

        assert_fails("Redis databases answer", saying="refused", remedy="CELERY_BROKER_URL")

    def test_must_carry_the_channel_layer(self, redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
        assert examine("channel layer carries").outcome == "ok"

        def drop_all(self: Any, *_: Any) -> None:
            """As if Redis had lost the subscription."""

        monkeypatch.setattr("realtime.layer.SubscribingConnection._deliver", drop_all)
        monkeypatch.setattr(server_examinations, "LAYER_SECONDS_MAX", 0.3)

        finding = examine("channel layer carries")
        assert (finding.outcome, "did not come back" in finding.detail) == ("failed", True)


class TestPostgres:
    def test_must_have_every_migration(self, database: str) -> None:
        with psycopg.connect(database, autocommit=True) as other:
            taken = other.execute(
                "DELETE FROM django_migrations WHERE id = (SELECT max(id) FROM django_migrations) RETURNING app, name"
            ).fetchone()
            try:
                assert_fails("migrations applied", saying="1 of ", remedy="manage.py migrate")
            finally:
                other.execute("INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, now())", taken)

    def test_must_not_be_too_old(self, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(server_examinations, "POSTGRES_MAJOR_MIN", 99)

        assert_fails("PostgreSQL answers", saying="too old", remedy="PostgreSQL 99 or newer")


class RedisOfAnotherTime:
    """Answers TIME and nothing else, from a machine whose clock is `ahead_ms` ahead."""

    def __init__(self, ahead_ms: int) -> None:
        self._ahead_ms = ahead_ms
        self._listening = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._listening.getsockname()[1]}/0"

    def close(self) -> None:
        self._listening.close()

    def _serve(self) -> None:
        try:
            connected, _ = self._listening.accept()
        except OSError:
            return
        with connected:
            while request := connected.recv(4096):
                for command in request.split(b"*")[1:]:
                    connected.sendall(self._time() if b"TIME" in command else b"+OK\r\n")

    def _time(self) -> bytes:
        micros = time.time_ns() // 1000 + self._ahead_ms * 1000
        parts = [str(micros // 1_000_000).encode(), str(micros % 1_000_000).encode()]
        return b"*2\r\n" + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)


@pytest.fixture
def redis_ahead(settings: Settings) -> Iterator[Callable[[int], None]]:
    """Let Redis' clock be ahead by so many ms."""
    running = []

    def put_ahead(ms: int) -> None:
        running.append(RedisOfAnotherTime(ms))
        settings.REDIS_URL = running[-1].url

    yield put_ahead
    for other in running:
        other.close()


class TestClocks:
    @pytest.mark.parametrize(("ahead_ms", "told"), [(400, "behind Redis"), (-60_000, "ahead of Redis")])
    def test_must_agree(self, database: str, redis_ahead: Callable[[int], None], ahead_ms: int, told: str) -> None:
        redis_ahead(ahead_ms)

        assert_fails("clocks agree", saying=told, remedy="NTP")

    def test_may_differ_by_little(self, database: str, redis_ahead: Callable[[int], None]) -> None:
        redis_ahead(100)

        assert examine("clocks agree").outcome == "ok"


class TestHouse:
    def test_must_show_changes_in_time(self, database: str) -> None:
        pending = PicturePending.objects.create(fence=1, show=make_show(), seats=[0])
        assert examine("changes shown").detail == "1 on their way"

        PicturePending.objects.filter(pk=pending.pk).update(created_at=Now() - timedelta(seconds=61))

        assert_fails("changes shown", saying="1 changes", remedy="relay_outbox")

    def test_must_show_what_postgresql_has(self, database: str, redis_client: redis.Redis) -> None:
        show = make_show()
        with_box_office(lambda office: office.hold(show_id=show.pk, holder="holder", labels=["A1"]))
        redis_client.setrange(f"seat_states:{{{show.pk}}}", 0, "AB")

        assert_fails("pictures agree", saying=f"show {show.pk}: 2 seats", remedy="manage.py reconcile")

        assert redis_client.getrange(f"seat_states:{{{show.pk}}}", 0, 1) == "AB"

    def test_must_have_safe_settings(self, settings: Settings) -> None:
        settings.HOLD_SECONDS = 0

        assert_fails("settings safe", saying="HOLD_SECONDS is 0", remedy="Set HOLD_SECONDS to 600")

    @pytest.mark.parametrize(
        ("url", "outcome", "told"),
        [
            ("", "skipped", "no mail is sent"),
            ("consolemail://", "ok", "console"),
            ("smtp://127.0.0.1:1", "failed", "127.0.0.1:1 does not take mail"),
            ("pigeon://coop", "failed", "cannot be read"),
        ],
    )
    def test_can_send_mail(self, settings: Settings, url: str, outcome: str, told: str) -> None:
        settings.EMAIL_URL = url

        finding = examine("mail")

        assert (finding.outcome, told in finding.detail) == (outcome, True)

    def test_greets_the_mail_server_and_sends_nothing(self, mail: MailServer) -> None:
        well = examine("mail")
        mail.fail("busy")
        busy = examine("mail")

        assert (well.outcome, well.detail) == ("ok", f"127.0.0.1:{mail.port} answers, in the clear")
        assert (busy.outcome, "421" in busy.detail) == ("failed", True)
        assert mail.mails == []

    def test_must_not_leave_letters_lying(self, database: str) -> None:
        booking = make_booking()
        soon = Now() + timedelta(days=1)
        letter = Letter.objects.create(
            booking=booking, kind="confirmation", to="a@b.c", message_id="1", give_up_at=soon
        )
        assert examine("letters go out").detail == "1 wait"

        Letter.objects.filter(pk=letter.pk).update(next_at=Now() - timedelta(minutes=5))
        assert_fails("letters go out", saying="1 letters are due", remedy="-Q letters")

        Letter.objects.filter(pk=letter.pk).update(state="failed")
        assert_fails("letters go out", saying="1 letters of the last two days", remedy="Letters in the admin")


class TestMoney:
    def test_keys_are_tried_at_the_gateway(self, razorpay: Razorpay) -> None:
        finding = examine("gateway keys valid")

        assert (finding.outcome, razorpay.url in finding.detail) == ("ok", True)

    def test_keys_must_be_the_gateways(self, razorpay: Razorpay, monkeypatch: pytest.MonkeyPatch) -> None:
        wrong = RazorpayGateway(base_url=razorpay.url, key_id="rzp_test_of_another", key_secret="wrong")
        monkeypatch.setattr(money_examinations, "gateway", wrong)

        assert_fails("gateway keys valid", saying="refuses them", remedy="RAZORPAY_KEY_ID")

    def test_gateway_must_be_reached(self, monkeypatch: pytest.MonkeyPatch) -> None:
        nowhere = RazorpayGateway(base_url="http://127.0.0.1:1", key_id="rzp_test_1", key_secret="secret")
        monkeypatch.setattr(money_examinations, "gateway", nowhere)

        assert_fails("gateway keys valid", saying="cannot be reached", remedy="RAZORPAY_BASE_URL")

    def test_a_gateway_that_hangs_is_not_waited_for(self, razorpay: Razorpay) -> None:
        razorpay.fault("hang", "orders.list", seconds=30)

        assert_fails("gateway keys valid", saying="did not answer", remedy="RAZORPAY_BASE_URL")

    def test_a_house_without_payments_has_no_keys(self, settings: Settings) -> None:
        settings.RAZORPAY_KEY_ID = ""

        assert examine("gateway keys valid").outcome == "skipped"

    def test_must_not_be_open_for_long(self, database: str) -> None:
        parked = Payment.objects.create(
            id="pay_of_nobody00000", order_id="order_of_nobody000", amount_paise=25_000, currency="INR", rank=3
        )
        assert examine("open money").detail == "1 on their way"

        Payment.objects.filter(pk=parked.pk).update(first_seen_at=Now() - timedelta(minutes=16))

        assert_fails("open money", saying="1 × for an order that nobody knows", remedy="in the admin")

        WebhookEvent.objects.create(body_sha256=b"a", event="x", body=b"{", tries=20, error="not JSON")

        assert_fails("open money", saying="1 × told by Razorpay and not understood", remedy="in the admin")


@pytest.fixture
def dead_environment(tmp_path: Path) -> dict[str, str]:
    """Where nothing listens."""
    return {
        **os.environ,
        "DATABASE_URL": "postgres://housefull@127.0.0.1:1/housefull",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "LOGS_DIR": str(tmp_path),
    }


def run_doctor(environment: dict[str, str]) -> tuple[int, dict[str, Any]]:
    """Exit status and the JSON on stdout, of a process of its own."""
    ended = subprocess.run(
        [sys.executable, "manage.py", "doctor", "--json"],
        env=environment,
        cwd=house.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS_MAX,
    )
    return ended.returncode, json.loads(ended.stdout)


class TestCommand:
    def test_ends_at_once_with_no_server_running(self, dead_environment: dict[str, str], razorpay: Razorpay) -> None:
        status, told = run_doctor(dead_environment)

        assert (status, told["ok"]) == (1, False)
        assert {f["name"] for f in told["findings"] if f["outcome"] == "failed"} == set(ROOTS)
        assert told["took_ms"] < SECONDS_MAX * 1000

    def test_ends_in_time_with_both_servers_hanging(
        self, database: str, servers: "EmbeddedServers", razorpay: Razorpay, tmp_path: Path
    ) -> None:
        servers.pause_redis()
        pause_postgres(servers)
        try:
            status, told = run_doctor({**os.environ, "LOGS_DIR": str(tmp_path)})
        finally:
            resume_postgres(servers)

        assert status == 1
        assert {f["name"] for f in told["findings"] if f["outcome"] == "failed"} == set(ROOTS)
        assert told["took_ms"] < SECONDS_MAX * 1000
