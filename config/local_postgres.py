"""One PostgreSQL server of our own on a loopback port: made, started, restarted.

Only the role `housefull` may connect, from this machine, without a password; it is no superuser. Owns the data
folder and the server's settings; the process itself belongs to the guardian.
"""

# ruff: noqa: S603  (every command run here is the house's own)

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psycopg

from config import binaries
from config.guardian import Guardian
from config.ports import is_free, wait_step

NAME = "postgresql"
INITDB_SECONDS_MAX = 120
READY_SECONDS_MAX = 30.0
# After a crash it first does again what was not yet written in its place; stopped meanwhile, it would begin anew.
RECOVERY_SECONDS_MAX = 300.0
STOP_SECONDS_MAX = 15.0

ROLE_AND_DATABASE = b"CREATE ROLE housefull LOGIN CREATEDB;\n\nCREATE DATABASE housefull OWNER housefull;\n\n"
ACCESS = "host all housefull 127.0.0.1/32 trust\n"
COMMON_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
}
DURABLE_SETTINGS = {
    "max_connections": "150",
    "fsync": "on",
    "synchronous_commit": "on",
    "checkpoint_timeout": "15min",
}
# What is thrown away need not survive a power cut; a killed server must still keep what it committed, and
# without fsync a synchronous commit costs nothing.
THROWAWAY_SETTINGS = {
    "max_connections": "200",
    "fsync": "off",
    "synchronous_commit": "on",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    # A crash in a test must not cost the redoing of all tests before it; without fsync a checkpoint is cheap.
    "checkpoint_timeout": "30s",
}


class ServerFailed(Exception):
    """A server of ours did not start; the text holds the end of its log."""


class PortTaken(ServerFailed):
    """Somebody else listens on the port that a server of ours was given."""


class LocalPostgres:
    """A PostgreSQL data folder and the server on it."""

    def __init__(self, guardian: Guardian, folder: Path, log: Path, *, throwaway: bool) -> None:
        self._guardian = guardian
        self._identity = binaries.postgres_identity()
        self._program = binaries.postgres_for(self._identity, binaries.find_postgres())
        self._folder = folder
        self._log = log
        self._settings = COMMON_SETTINGS | (THROWAWAY_SETTINGS if throwaway else DURABLE_SETTINGS)
        self._throwaway = throwaway
        self.port = 0
        self.pid = 0

    @property
    def url(self) -> str:
        """For DATABASE_URL."""
        return f"postgres://housefull@127.0.0.1:{self.port}/housefull"

    def start_on(self, port: int) -> None:
        """Start on this loopback port, where it stays. Raises ServerFailed, PortTaken."""
        self.port = port
        self.start()

    def start(self) -> None:
        """Make the data folder if need be, start the server and wait until it answers. Raises ServerFailed."""
        made = self._folder / "PG_VERSION"
        if not made.is_file():
            self._make_folder()
        elif (major := int(made.read_text())) != self._program.major:
            raise ServerFailed(
                f"{self._folder} belongs to PostgreSQL {major}, but PostgreSQL {self._program.major} is here now."
                " `make demo-reset` starts anew."
            )
        else:
            self._stop_orphan()
        settings = self._settings | {"port": str(self.port)}
        command = [str(self._program.path), "-D", str(self._folder)]
        command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with self._log.open("ab") as output:
            self.pid = self._guardian.start(
                NAME,
                command,
                output=output.fileno(),
                folder=self._folder,
                identity=self._identity,
                stop_signal=signal.SIGINT,  # "fast": sessions are ended, what is committed is written.
                grace_seconds=STOP_SECONDS_MAX,
            )
        self._await_ready()

    def restart(self, *, with_signal: signal.Signals = signal.SIGQUIT) -> None:
        """End the server (SIGQUIT: at once, as in a crash) and start it again on the same port and data."""
        self._guardian.stop(NAME, with_signal=with_signal)
        self.start()

    def runs(self) -> bool:
        """Whether the process is there (a paused one is)."""
        return self._guardian.exit_status(NAME) is None

    def _make_folder(self) -> None:
        # Made beside its place and renamed when whole: an interrupted start leaves no half folder to trip over.
        unfinished = self._folder.with_name(f"{self._folder.name}-unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        if self._identity is not None:
            os.chown(unfinished, *self._identity)
        # PostgreSQL's own C.UTF-8 sorts alike on every platform; before 17 it is the C library's.
        locale = (
            ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
            if self._program.major >= 17
            else ["--locale=C.UTF-8"]
        )
        sync = ["--no-sync"] if self._throwaway else []
        where = ["-D", str(unfinished)]
        initdb = str(self._program.path.with_name("initdb"))
        self._run(
            [initdb, *where, "-U", "postgres", "-E", "UTF8", *locale, *sync, "-A", "reject", "--no-instructions"]
        )
        single = [
            str(self._program.path),
            "--single",
            *where,
            "-j",
            "-c",
            f"fsync={self._settings['fsync']}",
            "postgres",
        ]
        self._run(single, ROLE_AND_DATABASE)
        (unfinished / "pg_hba.conf").write_text(ACCESS)
        unfinished.rename(self._folder)

    def _run(self, command: list[str], text: bytes = b"") -> None:
        identity = self._identity
        try:
            done = subprocess.run(
                command,
                input=text,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=INITDB_SECONDS_MAX,
                check=False,
                cwd="/",
                user=None if identity is None else identity[0],
                group=None if identity is None else identity[1],
                extra_groups=None if identity is None else [],
            )
        except OSError as reason:
            raise ServerFailed(f"{command[0]} could not be run: {reason}") from reason
        with self._log.open("ab") as log:
            log.write(done.stdout)
        # Single-user mode ends well even where a statement failed.
        if done.returncode != 0 or re.search(rb"(ERROR|FATAL|PANIC):", done.stdout):
            raise ServerFailed(f"{Path(command[0]).name} failed: {done.stdout.decode(errors='replace')[-2000:]}")

    def _await_ready(self) -> None:
        started = time.monotonic()
        while True:
            said = ""
            try:
                psycopg.connect(self.url, connect_timeout=2).close()
                # Whoever answers may be another house's, which was quicker to take the port.
                if self._accepts_connections():
                    return
            except psycopg.OperationalError as reason:
                said = str(reason)
            ended = self._guardian.exit_status(NAME)
            # It answers, if only to say that it recovers.
            seconds_max = RECOVERY_SECONDS_MAX if "FATAL:" in said else READY_SECONDS_MAX
            if ended is not None or time.monotonic() - started > seconds_max:
                self._guardian.stop(NAME)
                why = "took too long" if ended is None else f"ended with {ended}"
                failed = PortTaken if ended is not None and not is_free(self.port) else ServerFailed
                raise failed(f"PostgreSQL {why}. {said}\n{tail(self._log)}")
            wait_step()

    def _accepts_connections(self) -> bool:
        """Whether our own server says so: in postmaster.pid its process is the first line, its status the eighth."""
        try:
            lines = (self._folder / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return lines[0] == str(self.pid) and lines[7:8] != [] and lines[7].strip() == "ready"

    def _stop_orphan(self) -> None:
        """End a server that an earlier guardian, killed itself, could not stop."""
        try:
            pid = int((self._folder / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return
        end_orphan(pid, str(self._folder), signal.SIGINT)


def end_orphan(pid: int, mark: str, number: signal.Signals) -> None:
    """Signal this process and wait for its end, if it runs and its command line holds the mark.

    Raises ServerFailed when it does not end.
    """
    deadline = time.monotonic() + STOP_SECONDS_MAX
    signalled = False
    while mark in _command_line(pid):
        if not signalled:
            os.kill(pid, number)
            signalled = True
        if time.monotonic() > deadline:
            raise ServerFailed(f"An earlier server (process {pid}) does not stop. End it, then try again.")
        wait_step()


def _command_line(pid: int) -> str:
    if Path("/proc/self/cmdline").is_file():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            return ""
    return subprocess.run(
        ["ps", "-ww", "-o", "args=", "-p", str(pid)],  # noqa: S607  (ps is at the same place nowhere)
        capture_output=True,
        text=True,
        check=False,
    ).stdout


def tail(log: Path, *, bytes_max: int = 2000) -> str:
    """The end of a log file."""
    return log.read_bytes()[-bytes_max:].decode(errors="replace") if log.is_file() else ""
