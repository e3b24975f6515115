"""Under which conditions a run was made: machine, versions, seed, and what the servers promise about durability."""

import os
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import psutil
import psycopg
import redis

from tests.bench.house import House
from tests.bench.node import find_node, package_versions

PACKAGES: Final = (
    "django",
    "channels",
    "channels-redis",
    "daphne",
    "twisted",
    "autobahn",
    "uvicorn",
    "websockets",
    "uvloop",
    "redis",
    "hiredis",
    "psycopg",
    "msgspec",
    "picows",
)


def describe(house: House, *, seed: int, quick: bool) -> dict[str, Any]:
    """Everything that somebody needs who wants to see the same numbers."""
    with psycopg.connect(house.servers.database_url) as connection:
        postgres = {
            name: connection.execute(f"SHOW {name}").fetchone()[0]  # type: ignore[index]
            for name in ("server_version", "fsync", "synchronous_commit")
        }
    with redis.Redis.from_url(house.servers.redis_url) as client:
        redis_version = str(client.info("server")["redis_version"])
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),  # noqa: TID251
        "seed": seed,
        "quick": quick,
        "server": house.server,
        "limit profile": "bench",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "load_average": list(os.getloadavg()),
        "python": sys.version.split()[0],
        "postgresql": postgres,
        "redis server": redis_version,
        "packages": {name: _version(name) for name in PACKAGES},
        "node": _node(),
    }


def as_text(about: dict[str, Any]) -> str:
    """The same in a few lines."""
    packages = ", ".join(f"{name} {found}" for name, found in about["packages"].items())
    postgres = about["postgresql"]
    return "\n".join(
        (
            f"{about['processor']}, {about['cores']} cores, {about['memory_gb']} GB, {about['system']};"
            f" load {about['load_average'][0]:.2f}",
            f"Python {about['python']}, PostgreSQL {postgres['server_version']} (fsync {postgres['fsync']}),"
            f" Redis {about['redis server']}, {packages}",
            ", ".join(f"{name} {found}" for name, found in about["node"].items()) or find_node().missing,
            f"Housefull on {about['server']}, LIMIT_PROFILE=bench, seed {about['seed']}"
            + (", quick" if about["quick"] else ""),
        )
    )


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _node() -> dict[str, str]:
    """Node and the packages of its peers; nothing where they cannot run."""
    node = find_node()
    return {} if node.missing else {"node": node.version, **package_versions()}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "–"
