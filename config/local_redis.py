"""One Redis server of our own on a loopback port: started, lost, started again.

Owns the server's settings (they are those the product needs anywhere: keyspace events, no eviction); the process
itself belongs to the guardian.
"""

import os
import signal
import socket
import time
from pathlib import Path

from config import binaries
from config.guardian import Guardian
from config.local_postgres import PortTaken, ServerFailed, end_orphan, tail
from config.ports import is_free, wait_step

NAME = "redis"
READY_SECONDS_MAX = 20.0
PROBE_SECONDS_MAX = 1.0
STOP_SECONDS_MAX = 5.0

COMMON_SETTINGS = {
    "bind": "127.0.0.1",
    "databases": "16",
    "notify-keyspace-events": "Ex",
    "maxmemory-policy": "noeviction",
    "hz": "10",
    "save": "",
    "daemonize": "no",
    "appendfsync": "everysec",
    # The folder stays on its command line, by which an orphan is told from somebody else's server.
    "set-proc-title": "no",
}
DURABLE_SETTINGS = {"appendonly": "yes"}
# Fault tests may hold Redis back with DEBUG; nobody else may.
THROWAWAY_SETTINGS = {"appendonly": "no", "enable-debug-command": "local"}


class LocalRedis:
    """A Redis folder and the server on it."""

    def __init__(self, guardian: Guardian, folder: Path, log: Path, *, throwaway: bool) -> None:
        self._guardian = guardian
        self._program = binaries.find_redis()
        self._folder = folder
        self._log = log
        self._settings = COMMON_SETTINGS | (THROWAWAY_SETTINGS if throwaway else DURABLE_SETTINGS)
        self._pidfile = folder / "redis.pid"
        self.port = 0
        self.pid = 0

    @property
    def url(self) -> str:
        """For REDIS_URL: the database of the locks."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start_on(self, port: int) -> None:
        """Start on this loopback port, where it stays. Raises ServerFailed, PortTaken."""
        self.port = port
        self.start()

    def start(self) -> None:
        """Start the server and wait until it answers; a throwaway one is empty. Raises ServerFailed."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self._pidfile.is_file():
            end_orphan(int(self._pidfile.read_text()), f"--dir {self._folder}", signal.SIGTERM)
        settings = self._settings | {"port": str(self.port), "dir": str(self._folder)}
        command = [str(self._program.path)]
        command += [part for name, value in settings.items() for part in (f"--{name}", value)]
        with self._log.open("ab") as output:
            self.pid = self._guardian.start(
                NAME,
                command,
                output=output.fileno(),
                folder=self._folder,
                stop_signal=signal.SIGTERM,
                grace_seconds=STOP_SECONDS_MAX,
            )
        self._pidfile.write_text(str(self.pid))
        self._await_ready()

    def kill(self) -> None:
        """End the server by SIGKILL, as a crash does, and wait for its end."""
        self._guardian.stop(NAME, with_signal=signal.SIGKILL)
        self._pidfile.unlink(missing_ok=True)

    def pause(self) -> None:
        """Let the server hang (SIGSTOP): connections stay open and nothing answers."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused server go on."""
        os.kill(self.pid, signal.SIGCONT)

    def runs(self) -> bool:
        """Whether the process is there (a paused one is)."""
        return self._guardian.exit_status(NAME) is None

    def _await_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS_MAX
        while not self._answers():
            ended = self._guardian.exit_status(NAME)
            if ended is not None or time.monotonic() > deadline:
                self._guardian.stop(NAME)
                why = "took too long" if ended is None else f"ended with {ended}"
                failed = PortTaken if ended is not None and not is_free(self.port) else ServerFailed
                raise failed(f"Redis {why}.\n{tail(self._log)}")
            wait_step()

    def _answers(self) -> bool:
        """Whether our own server is ready; another house's may have been quicker to take the port."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), PROBE_SECONDS_MAX) as probe:
                probe.sendall(b"INFO server\r\nPING\r\n")
                heard = b""
                # While it loads its file the answer to PING is an error, not PONG.
                while b"\r\n+PONG" not in heard and b"\r\n-LOADING" not in heard:
                    if not (more := probe.recv(4096)):
                        return False
                    heard += more
                return b"\r\n+PONG" in heard and f"process_id:{self.pid}\r\n".encode() in heard
        except OSError:
            return False
