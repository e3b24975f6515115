"""Many threads at one moment, each with a connection of its own."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connection

from tests.support.patience import PATIENCE_SECONDS

T = TypeVar("T")


def in_threads(count: int, work: Callable[[int], T]) -> list[T]:
    """What each of so many threads, each with a connection of its own, gets when all begin at once."""
    together = threading.Barrier(count)

    def run(number: int) -> T:
        try:
            connection.ensure_connection()
            together.wait(timeout=PATIENCE_SECONDS)
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))
