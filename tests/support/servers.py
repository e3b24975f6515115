"""The PostgreSQL and Redis of one test process: where they will be is said early, they start when first needed.

Redis pub/sub ignores database numbers and tests commit for real, so no two test processes share a server. The
product reads its environment once, before any test is known; unit tests alone never pay for a server.
"""

import atexit
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import redis

from config.embedded import EmbeddedServers
from config.ports import free_port
from tests.support.razorpay_keys import KEY_ID, KEY_SECRET, PREVIOUS_WEBHOOK_SECRET, WEBHOOK_SECRET

# Of .env or the developer's shell, which must not decide how a test ends.
FORGOTTEN_VARIABLES = (
    "CACHE_URL",
    "CELERY_BROKER_URL",
    "CSRF_TRUSTED_ORIGINS",
    "EMAIL_URL",
    "HOLD_SECONDS",
    "LIMIT_PROFILE",
    "LIMIT_PROFILE_CONFIRM",
    "LOG_FORMAT",
    "LOG_LEVEL",
    "MAIL_FROM",
    "MAIL_REPLY_TO",
    "PUBLIC_URL",
    "CAPTURE_MODE",
    "CAPTURE_AUTOMATIC_MINUTES",
    "CAPTURE_MANUAL_MINUTES",
    "RAZORPAY_CHECKOUT_JS",
    "REFRESH_POLICY",
    "SECURE_COOKIES",
    "SEATS_PER_HOLD_MAX",
    "TRUSTED_PROXIES",
)


class TestServers:
    """The servers of this test process, started on first use."""

    __test__ = False

    def __init__(self) -> None:
        self.postgres_port = free_port()
        self.redis_port = free_port()
        # Where the emulated Razorpay is for tests that take `razorpay`; nobody listens there for the others.
        self.razorpay_port = free_port()
        # Not the checkout's logs/, where a house that runs beside the tests writes.
        self.logs_folder = tempfile.mkdtemp(prefix="housefull-test-logs-")
        atexit.register(shutil.rmtree, self.logs_folder, ignore_errors=True)
        # Set for a test that asked for the servers in order to break them.
        self.may_be_broken = False
        self._running: EmbeddedServers | None = None

    def environment(self) -> dict[str, str]:
        """What the product and every process a test starts shall read."""
        return {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": f"postgres://housefull@127.0.0.1:{self.postgres_port}/housefull",
            "REDIS_URL": f"redis://127.0.0.1:{self.redis_port}/0",
            "DEBUG": "true",
            "SECRET_KEY": "a-secret-of-the-tests-only-0123456789-abcdefghij",
            "ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
            "LOGS_DIR": self.logs_folder,
            "RAZORPAY_KEY_ID": KEY_ID,
            "RAZORPAY_KEY_SECRET": KEY_SECRET,
            "RAZORPAY_WEBHOOK_SECRET": f"{WEBHOOK_SECRET},{PREVIOUS_WEBHOOK_SECRET}",
            "RAZORPAY_BASE_URL": f"http://127.0.0.1:{self.razorpay_port}",
        }

    @property
    def running(self) -> EmbeddedServers:
        """The servers, started now if they were not."""
        if self._running is None:
            self._running = EmbeddedServers.start(postgres_port=self.postgres_port, redis_port=self.redis_port)
        return self._running

    def heal(self) -> None:
        """Undo what a fault test did to the servers; nothing to do after other tests."""
        if self._running is None or not self.may_be_broken:
            return
        if self._running.redis_runs():
            self._running.resume_redis()
        else:
            self._running.start_redis()
        if self._running.postgres_runs():
            resume_postgres(self._running)
        else:
            self._running.start_postgres()
        with redis.Redis.from_url(self._running.redis_url) as client:
            client.config_set("notify-keyspace-events", "Ex")
        self.may_be_broken = False

    def stop(self) -> None:
        """Stop the servers if they ever ran."""
        if self._running is not None:
            self._running.stop()
            self._running = None


def enter_environment(servers: TestServers) -> None:
    """Make this process, and those it starts, read the test environment. Before Django's settings are loaded."""
    for name in FORGOTTEN_VARIABLES:
        os.environ.pop(name, None)
    os.environ.update(servers.environment())


def pause_postgres(servers: EmbeddedServers) -> None:
    """Let PostgreSQL hang with all its sessions: connections stay open and nothing answers."""
    _signal_postgres(servers, signal.SIGSTOP)


def resume_postgres(servers: EmbeddedServers) -> None:
    """Let a paused PostgreSQL go on."""
    _signal_postgres(servers, signal.SIGCONT)


@contextmanager
def paused_postgres(servers: EmbeddedServers) -> Iterator[None]:
    """PostgreSQL hangs within this block."""
    pause_postgres(servers)
    try:
        yield
    finally:
        resume_postgres(servers)


@contextmanager
def paused_redis(servers: EmbeddedServers) -> Iterator[None]:
    """Redis hangs within this block."""
    servers.pause_redis()
    try:
        yield
    finally:
        servers.resume_redis()


def _signal_postgres(servers: EmbeddedServers, number: signal.Signals) -> None:
    # Each session is a process with a group of its own, so the whole family is signalled.
    postmaster = psutil.Process(servers.postgres_pid)
    for process in (postmaster, *postmaster.children(recursive=True)):
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            continue  # A session that ended meanwhile.
