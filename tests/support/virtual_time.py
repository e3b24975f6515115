"""An event loop whose clock jumps to the next timer as soon as nothing is left to do.

Minutes of timeouts pass in milliseconds, in exactly the order of their deadlines, and nothing sleeps. For code
that waits on timers and futures only: with a real socket the clock would run away from it.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec

P = ParamSpec("P")
# Any time of day will do; what counts is that it is no round number and not now.
UNIX_MS_AT_START = 1_763_760_000_123


class _JumpingSelector(selectors.SelectSelector):
    """Never waits: what it was asked to wait is added to the clock instead."""

    def __init__(self) -> None:
        super().__init__()
        self.elapsed_seconds = 0.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready:
            assert timeout is not None, "everything waits for something that will never happen"
            self.elapsed_seconds += max(0.0, timeout)
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """See the module."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.elapsed_seconds

    def unix_ms(self) -> int:
        """The time of day of this loop."""
        return UNIX_MS_AT_START + round(self.time() * 1000)


def virtually(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run an async test on a loop of virtual time."""

    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
            runner.run(test(*args, **kwargs))

    return run


def virtual_ms() -> int:
    """The time of day on a loop of virtual time."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    return loop.unix_ms()
