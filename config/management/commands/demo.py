"""`make demo`: the whole cinema on one machine, from servers to addresses, until Ctrl-C.

Owns what runs and in which order; how processes are kept is `config/supervisor.py`, where servers come from is
`config/embedded.py`. Never touches the database itself: its own settings were read before the servers existed.
"""

import asyncio
import fcntl
import hmac
import os
import secrets
import signal
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from bookings.management.commands.seed_demo import DEMO_LOGINS, DEMO_PASSWORD
from config.binaries import ServerMissing
from config.console import Console
from config.embedded import EmbeddedServers, ServerFailed, remove_state
from config.guardian import Guardian, ProcessRefused
from config.ports import NoFreePort, free_port, is_free
from config.supervisor import Service, Supervisor, how_it_ended

STATE_FOLDER = ".housefull"
# What another process must know to be of this house.
HOUSE_VARIABLES = (
    "DATABASE_URL",
    "REDIS_URL",
    "DEBUG",
    "SECRET_KEY",
    "ALLOWED_HOSTS",
    "RAZORPAY_KEY_ID",
    "RAZORPAY_KEY_SECRET",
    "RAZORPAY_WEBHOOK_SECRET",
    "RAZORPAY_BASE_URL",
    "EMAIL_URL",
    "PUBLIC_URL",
)
DEMO_KEY_ID = "rzp_test_HousefullDemo1"
LETTERS_WORKER = ("-Q", "letters", "-n", "letters@%h", "-c", "1")
SLOW_WORKER = ("-Q", "slow", "-n", "slow@%h", "-c", "1")
PORT_MAX = 65535
READY_SECONDS_MAX = 90.0
READY_STEP_SECONDS = 0.1
STOP_ORDER = (
    ["prepare", "web"],
    ["beat", "watcher", "worker", "letters", "slow"],
    ["gateway", "mail"],
    ["redis", "postgresql"],
)


class Command(BaseCommand):
    help = "Run the whole cinema on this machine with a PostgreSQL and a Redis of its own."
    # The checks look at servers that this command is about to start.
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=os.environ.get("PORT") or "8000", help="of the pages (8000)")
        parser.add_argument("--verbose", action="store_true", help="show every line, not only warnings")
        parser.add_argument("--reset", action="store_true", help="remove what earlier runs kept, and do nothing else")

    def handle(self, *_args: Any, **options: Any) -> None:
        state_folder = Path(settings.BASE_DIR) / STATE_FOLDER
        try:
            with only_one(state_folder):
                if options["reset"]:
                    remove_state(state_folder)
                    self.stdout.write("The demo starts anew next time.")
                    return
                check_port(options["port"])
                demo = Demo(state_folder, options["port"], verbose=options["verbose"], console=Console(sys.stdout))
                asyncio.run(demo.run())
        except (ServerMissing, ServerFailed, ProcessRefused, NoFreePort, NotStarted) as reason:
            raise CommandError(str(reason)) from reason
        except PermissionError as reason:
            raise CommandError(
                f"{reason.filename} belongs to somebody else, perhaps because the demo ran as another user before."
                " Run `make demo-reset` as that user."
            ) from reason


class NotStarted(Exception):
    """The demo cannot go on; the text says why and what to do."""


class Demo:
    """One run of the demo."""

    def __init__(self, state_folder: Path, port: int, *, verbose: bool, console: Console) -> None:
        self._state_folder = state_folder
        self._port = port
        self._console = console
        self._verbose = verbose
        self._guardian = Guardian()
        self._supervisor: Supervisor | None = None
        self._logs_folder = Path(settings.LOGS_DIR)
        # What the processes print, word for word; their log files proper are beside this folder.
        self._output_folder = self._logs_folder / "demo"
        self._redis_url = os.environ.get("REDIS_URL", "")
        # The address of the emulated Razorpay; empty where keys of a real account are set.
        self._razorpay_url = ""
        # Where mail is caught, and where it is shown; none where a mail server is set.
        self._mail_ports: tuple[int, int] | None = None
        self._environment_file = state_folder / "demo.env"

    async def run(self) -> None:
        """Run until SIGINT or SIGTERM, then stop everything. Raises NotStarted and what the servers raise."""
        asked_to_stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, asked_to_stop.set)
        working = asyncio.create_task(self._work())
        asked = asyncio.create_task(asked_to_stop.wait())
        try:
            await asyncio.wait({working, asked}, return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                working.result()
        finally:
            working.cancel()
            asked.cancel()
            self._console.say("stopping")
            if self._supervisor is not None:
                await self._supervisor.stop(*STOP_ORDER)
            await asyncio.to_thread(self._guardian.close)
            self._environment_file.unlink(missing_ok=True)
            self._console.say("stopped, nothing is left running")

    async def _work(self) -> None:
        self._output_folder.mkdir(parents=True, exist_ok=True)
        environment = await asyncio.to_thread(self._start_servers)
        self._supervisor = supervisor = Supervisor(
            self._guardian,
            self._console,
            environment=environment,
            folder=Path(settings.BASE_DIR),
            logs_folder=self._output_folder,
            verbose=self._verbose,
        )
        await self._prepare(supervisor)
        self._console.say("starting the cinema")
        for service in (
            *services(self._port, razorpay_url=self._razorpay_url, state_folder=self._state_folder),
            *mail_services(self._mail_ports, state_folder=self._state_folder),
        ):
            supervisor.keep_running(service)
        await self._await_ready()
        self._show_addresses()
        await supervisor.failure()

    def _start_servers(self) -> dict[str, str]:
        """The environment of the processes; embedded servers stand in for URLs that nobody set."""
        environment = dict(os.environ)
        with_postgres, with_redis = "DATABASE_URL" not in environment, "REDIS_URL" not in environment
        if with_postgres or with_redis:
            self._console.say("starting the servers")
            servers = EmbeddedServers.start(
                state_folder=self._state_folder,
                logs_folder=self._output_folder,
                with_postgres=with_postgres,
                with_redis=with_redis,
                guardian=self._guardian,
            )
            if with_postgres:
                environment["DATABASE_URL"] = servers.database_url
            if with_redis:
                environment["REDIS_URL"] = self._redis_url = servers.redis_url
        environment.setdefault("DEBUG", "true")
        environment.setdefault("SECRET_KEY", secret_key(self._state_folder))
        environment.setdefault("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
        environment.setdefault("PUBLIC_URL", f"http://127.0.0.1:{self._port}")
        if not environment.get("RAZORPAY_KEY_ID"):
            self._razorpay_url = f"http://127.0.0.1:{free_port()}"
            environment |= razorpay_of_the_demo(self._razorpay_url, secret=environment["SECRET_KEY"])
        if not environment.get("EMAIL_URL"):
            self._mail_ports = free_port(), free_port()
            environment["EMAIL_URL"] = f"smtp://127.0.0.1:{self._mail_ports[0]}"
        environment.setdefault("PUBLIC_URL", f"http://localhost:{self._port}")
        self._leave_word(environment)
        environment["LOGS_DIR"] = str(self._logs_folder)
        environment["PORT"] = str(self._port)
        environment["PYTHONUNBUFFERED"] = "1"
        return environment

    def _leave_word(self, environment: dict[str, str]) -> None:
        """Tell commands that are run beside this demo which house is meant (config/settings.py reads it)."""
        lines = [f"{name}={environment[name]}" for name in HOUSE_VARIABLES if name in environment]
        self._environment_file.touch(mode=0o600)
        self._environment_file.write_text("\n".join(lines) + "\n")

    async def _prepare(self, supervisor: Supervisor) -> None:
        self._console.say("preparing the tables and the demo cinema")
        prepare = Service("prepare", [sys.executable, "manage.py", "prepare_demo"], "prepare.log")
        status = await supervisor.run_once(prepare)
        if status != 0:
            log = self._output_folder / prepare.log_name
            raise NotStarted(f"`manage.py prepare_demo` {how_it_ended(status)}; {log} says why.")

    async def _await_ready(self) -> None:
        deadline = asyncio.get_running_loop().time() + READY_SECONDS_MAX
        while not await answers(self._port):
            if asyncio.get_running_loop().time() > deadline:
                raise NotStarted(f"The web process does not answer; {self._output_folder}/web.log says why.")
            await asyncio.sleep(READY_STEP_SECONDS)

    def _show_addresses(self) -> None:
        address = f"http://localhost:{self._port}"
        logs = os.path.relpath(self._logs_folder)
        self._console.box(
            "Housefull is open",
            [
                ("Cinema", f"{address}/"),
                ("Staff", f"{address}/admin/   password {DEMO_PASSWORD}, logins by role:"),
                ("", ", ".join(DEMO_LOGINS)),
                ("API", f"{address}/api/v1/docs"),
                ("Payments", f"{self._razorpay_url}/   an emulated Razorpay: no money moves")
                if self._razorpay_url
                else ("Payments", "Razorpay, with the keys of your environment"),
                ("Mail", f"http://localhost:{self._mail_ports[1]}/   caught here: nothing is delivered")
                if self._mail_ports
                else ("Mail", "sent, by the EMAIL_URL of your environment"),
                ("", ""),
                ("Try this", "Open the cinema in two browsers (or one and a private window), choose the same"),
                ("", "show in both, click a seat in one and watch the other."),
                ("Redis", f"{redis_cli(self._redis_url)} --scan --pattern 'seat_*'"),
                ("Logs", f"{logs}/booking.log, {logs}/celery_worker.log and more"),
                ("Stop", "Ctrl-C (everything is kept; `make demo-reset` forgets it)"),
            ],
        )


def services(port: int, *, razorpay_url: str, state_folder: Path) -> list[Service]:
    """The processes of the cinema; with a URL for it, Razorpay's emulator among them."""
    python, here = sys.executable, "127.0.0.1"
    celery = [python, "-m", "celery", "--quiet", "-A", "config"]
    running = [
        Service("web", [python, "-m", "realtime.server", "--host", here, "--port", str(port)], "web.log"),
        Service("worker", [*celery, "worker", "--loglevel", "INFO", "-Q", "celery"], "worker.log"),
        # Letters wait for a mail server, reports are made for a while; seats and money must not wait with them.
        Service("letters", [*celery, "worker", "--loglevel", "INFO", *LETTERS_WORKER], "letters.log"),
        Service("slow", [*celery, "worker", "--loglevel", "INFO", *SLOW_WORKER], "slow.log"),
        Service("beat", [*celery, "beat", "--loglevel", "INFO"], "beat.log"),
        Service("watcher", [python, "manage.py", "watch_expiry"], "watch_expiry.log"),
    ]
    if razorpay_url:
        emulator = [python, "manage.py", "razorpay_emulator", "--port", str(urlsplit(razorpay_url).port)]
        emulator += ["--webhook-url", f"http://{here}:{port}/payments/webhook/"]
        emulator += ["--state", str(state_folder / "razorpay")]
        running.append(Service("gateway", emulator, "razorpay_emulator.log"))
    return running


def mail_services(ports: tuple[int, int] | None, *, state_folder: Path) -> list[Service]:
    """The mail catcher, where mail is caught."""
    if ports is None:
        return []
    catcher = [
        sys.executable,
        "manage.py",
        "mail_catcher",
        "--smtp-port",
        str(ports[0]),
        "--http-port",
        str(ports[1]),
    ]
    return [Service("mail", [*catcher, "--state", str(state_folder / "mails")], "mail_catcher.log")]


def razorpay_of_the_demo(url: str, *, secret: str) -> dict[str, str]:
    """The emulated Razorpay's address and keys; the secrets are this demo's own."""
    return {
        "RAZORPAY_KEY_ID": DEMO_KEY_ID,
        "RAZORPAY_KEY_SECRET": _derived(secret, "razorpay key"),
        "RAZORPAY_WEBHOOK_SECRET": _derived(secret, "razorpay webhook"),
        "RAZORPAY_BASE_URL": url,
    }


def _derived(secret: str, purpose: str) -> str:
    return hmac.new(secret.encode(), purpose.encode(), "sha256").hexdigest()


def check_port(port: int) -> None:
    """Raises NotStarted where the pages cannot be served there."""
    if not 0 < port <= PORT_MAX:
        raise NotStarted(f"{port} is no port. Choose one: PORT=8001 make demo")
    if not is_free(port):
        raise NotStarted(f"Port {port} is taken on this machine. Choose another: PORT={port + 1} make demo")


@contextmanager
def only_one(state_folder: Path) -> Iterator[None]:
    """Hold the demo's state for this process. Raises NotStarted where another run has it."""
    state_folder.mkdir(exist_ok=True)
    with (state_folder / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as reason:
            raise NotStarted("A demo of this folder is running already. Stop it with Ctrl-C first.") from reason
        yield


def secret_key(state_folder: Path) -> str:
    """The demo's own secret, made once."""
    path = state_folder / "secret_key"
    if not path.is_file():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(50))
    return path.read_text()


async def answers(port: int) -> bool:
    """Whether the web process is ready; a server without /healthz is ready when it answers at all."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
        status = (await reader.readline()).split(b" ")
        writer.close()
        await writer.wait_closed()
    except OSError:
        return False
    return len(status) > 1 and status[1] in {b"200", b"404"}


def redis_cli(url: str) -> str:
    """How to look into Redis from another terminal."""
    local = url.removeprefix("redis://127.0.0.1:").removesuffix("/0")
    return f"redis-cli -p {local}" if local.isdecimal() else "redis-cli -u $REDIS_URL"
