"""Work that blocks, for calls on the event loop: in a thread, and with connections of the ORM that are good.

Pages get this from Django's request signals; calls have none (config.api_handler).
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.db import close_old_connections

P = ParamSpec("P")
T = TypeVar("T")


async def in_thread(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a selector, or anything else that blocks, off the loop."""

    def run() -> T:
        close_old_connections()
        try:
            return call(*args, **kwargs)
        finally:
            close_old_connections()

    # Not thread-sensitive: those calls would wait for each other in one thread of the whole process.
    return await sync_to_async(run, thread_sensitive=False)()
