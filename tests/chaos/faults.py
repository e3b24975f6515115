"""The table of faults: what is broken, for how long, how it is healed, and how soon everybody sees the truth again.

Owns the doing only; when, and what is checked afterwards, is in run.py. A fault with no `heal` heals itself.
"""

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import redis

from config.embedded import EmbeddedServers
from tests.chaos.clients import Onlooker, open_socket
from tests.chaos.crowd import Crowd
from tests.support.house import RunningHouse
from tests.support.servers import pause_postgres, resume_postgres

# How soon after the fault has ended everybody must see the truth.
AT_ONCE_SECONDS: Final = 3.0
SOON_SECONDS: Final = 5.0
REBUILT_SECONDS: Final = 10.0

WEBS: Final = ("first", "second")
SLOW_READERS: Final = 2
# Enough snapshots of the largest hall to fill every buffer of a socket as the system makes it (a small window would
# be a slow network afterwards), few enough to be read and checked soon.
SLOW_READERS_SYNCS: Final = 500
TOO_LITTLE_MEMORY: Final = "1mb"


@dataclass
class Scene:
    """What there is to break, and what a fault remembers until it is healed."""

    servers: EmbeddedServers
    house: RunningHouse
    crowd: Crowd
    rng: random.Random
    # Which of several was hit.
    hit: str = ""
    kept: dict[str, Any] = field(default_factory=dict)

    def redis(self) -> redis.Redis:
        """A client of the locks' database."""
        return redis.Redis.from_url(self.servers.redis_url, decode_responses=True)


Deed = Callable[[Scene], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Fault:
    """One line of the table. It lasts between `lasts_seconds` and is then healed."""

    name: str
    breaks: Deed
    heals: Deed | None
    lasts_seconds: tuple[float, float]
    within_seconds: float


async def _nothing(scene: Scene) -> None:
    del scene


# --- web processes


async def _kill_web(scene: Scene) -> None:
    scene.hit = scene.rng.choice(WEBS)
    await asyncio.to_thread(scene.house.crash, scene.hit)


async def _start_web(scene: Scene) -> None:
    await asyncio.to_thread(scene.house.start_web, scene.hit, port=scene.house.ports[scene.hit])


async def _pause_web(scene: Scene) -> None:
    scene.hit = scene.rng.choice(WEBS)
    scene.house.kill(scene.hit, signal.SIGSTOP)


async def _resume_web(scene: Scene) -> None:
    scene.house.kill(scene.hit, signal.SIGCONT)


# --- Redis


async def _kill_redis(scene: Scene) -> None:
    await asyncio.to_thread(scene.servers.kill_redis)


async def _start_redis(scene: Scene) -> None:
    await asyncio.to_thread(scene.servers.start_redis)


async def _pause_redis(scene: Scene) -> None:
    scene.servers.pause_redis()


async def _resume_redis(scene: Scene) -> None:
    scene.servers.resume_redis()


async def _save_redis(scene: Scene) -> None:
    def save() -> None:
        with scene.redis() as client:
            client.save()
            scene.kept["dump"] = Path(str(client.config_get("dir")["dir"])) / "dump.rdb"

    await asyncio.to_thread(save)


async def _restore_redis(scene: Scene) -> None:
    def restore() -> None:
        scene.servers.kill_redis()
        scene.servers.start_redis()
        scene.kept["dump"].unlink()

    await asyncio.to_thread(restore)


def _commands(*lines: str) -> Deed:
    async def send(scene: Scene) -> None:
        def run() -> None:
            with scene.redis() as client:
                for line in lines:
                    client.execute_command(*line.split(" "))

        await asyncio.to_thread(run)

    return send


# --- PostgreSQL


async def _crash_postgres(scene: Scene) -> None:
    await asyncio.to_thread(scene.servers.restart_postgres)


async def _pause_postgres(scene: Scene) -> None:
    pause_postgres(scene.servers)


async def _resume_postgres(scene: Scene) -> None:
    resume_postgres(scene.servers)


# --- the other processes


async def _kill_watcher(scene: Scene) -> None:
    await asyncio.to_thread(scene.house.crash, "watcher")


async def _start_watcher(scene: Scene) -> None:
    await asyncio.to_thread(scene.house.start_watcher)


async def _kill_worker(scene: Scene) -> None:
    await asyncio.to_thread(scene.house.crash, "worker")


async def _start_worker(scene: Scene) -> None:
    await asyncio.to_thread(scene.house.start_worker)


# --- clients


async def _drop_everybody(scene: Scene) -> None:
    for onlooker in scene.crowd.everybody:
        if onlooker.follower is not None:
            onlooker.follower.drop()


async def _stop_reading(scene: Scene) -> None:
    """Clients that ask and ask and read nothing: the replies fill every buffer on their way."""
    scene.kept["slow"] = []
    for number in range(SLOW_READERS):
        rng = random.Random(scene.rng.random())
        show, house = scene.crowd.shows[-1], rng.choice(scene.crowd.houses)
        slow = Onlooker(f"slow reader {number}", show=show, houses=scene.crowd.houses, rng=rng)
        socket = await open_socket(house, show, max_queue=1)
        scene.kept["slow"].append((slow, socket, asyncio.create_task(_ask_without_reading(socket))))


async def _ask_without_reading(socket: Any) -> None:
    for _ in range(SLOW_READERS_SYNCS):
        await socket.send('{"type":"sync","epoch":"none","version":0}')


async def _read_again(scene: Scene) -> None:
    for slow, socket, asking in scene.kept.pop("slow"):
        asking.cancel()
        # What the asking ended with (its socket closed, its time over) does not matter: the map does.
        await asyncio.wait([asking])
        if not asking.cancelled():
            asking.exception()
        slow.look(socket)
        scene.crowd.add_guest(slow)


_TABLE: Final = (
    Fault("calm", _nothing, None, (1, 3), AT_ONCE_SECONDS),
    Fault("web-killed", _kill_web, _start_web, (1, 3), SOON_SECONDS),
    Fault("web-paused", _pause_web, _resume_web, (3, 3), SOON_SECONDS),
    Fault("redis-killed-started-empty", _kill_redis, _start_redis, (1, 4), REBUILT_SECONDS),
    Fault("redis-old-dump-restored", _save_redis, _restore_redis, (2, 4), REBUILT_SECONDS),
    Fault("redis-paused", _pause_redis, _resume_redis, (4, 4), REBUILT_SECONDS),
    Fault("redis-flushed", _commands("FLUSHALL"), None, (0, 0), SOON_SECONDS),
    Fault("redis-scripts-flushed", _commands("SCRIPT FLUSH"), None, (0.5, 1), AT_ONCE_SECONDS),
    Fault("redis-subscriptions-cut", _commands("CLIENT KILL TYPE pubsub"), None, (0, 1), SOON_SECONDS),
    Fault("redis-connections-cut", _commands("CLIENT KILL TYPE normal"), None, (0, 1), SOON_SECONDS),
    Fault(
        "keyspace-events-off",
        _commands("CONFIG SET notify-keyspace-events "),
        _commands("CONFIG SET notify-keyspace-events Ex"),
        (4, 6),
        AT_ONCE_SECONDS,
    ),
    Fault(
        "redis-out-of-memory",
        _commands(f"CONFIG SET maxmemory {TOO_LITTLE_MEMORY}"),
        _commands("CONFIG SET maxmemory 0"),
        (2, 4),
        REBUILT_SECONDS,
    ),
    Fault("postgres-crashed", _crash_postgres, None, (0, 1), SOON_SECONDS),
    Fault("postgres-paused", _pause_postgres, _resume_postgres, (3, 3), SOON_SECONDS),
    Fault("watcher-killed", _kill_watcher, _start_watcher, (2, 4), AT_ONCE_SECONDS),
    Fault("worker-killed", _kill_worker, _start_worker, (2, 4), AT_ONCE_SECONDS),
    Fault("slow-readers", _stop_reading, _read_again, (3, 5), SOON_SECONDS),
    Fault("clients-dropped", _drop_everybody, None, (0, 0), SOON_SECONDS),
)
FAULTS: Final = {fault.name: fault for fault in _TABLE}
