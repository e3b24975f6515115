"""Free ports on the loopback address, and the pause between two looks at a server that is starting."""

import random
import socket
import time
from collections.abc import Iterable

# Below every system's range for outgoing connections, so that nobody takes a server's port while it restarts.
PORTS = range(20000, 32000)
TRIES_MAX = 200
WAIT_STEP_SECONDS = 0.02


class NoFreePort(Exception):
    """Not one of the ports tried was free."""


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen()
        except OSError:
            return False
    return True


def free_port(*, preferred: Iterable[int] = ()) -> int:
    """The first preferred port that is free, else a random free one. Raises NoFreePort."""
    chance = random.SystemRandom()
    for port in (*preferred, *(chance.choice(PORTS) for _ in range(TRIES_MAX))):
        if is_free(port):
            return port
    raise NoFreePort(f"none of {TRIES_MAX} ports tried on 127.0.0.1 is free")


def wait_step() -> None:
    """Wait a moment before looking again at something that cannot be awaited."""
    time.sleep(WAIT_STEP_SECONDS)
