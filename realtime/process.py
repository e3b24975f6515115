"""What a web process asks of its system and its interpreter, once, before the first connection."""

import gc
import resource
from typing import Final

# Where there is no bound to files; some systems (macOS) call it boundless and refuse more than this.
FILES_MAX: Final = 10_240
# What was loaded stays for good and connections leave no cycles behind, so the collector seldom has work. By default
# it took a third of the time in which 4,000 sockets connect, in pauses of up to 300 ms. The first number is above
# what 200 requests in flight keep alive: below it, each wave of them is searched for garbage that it does not have.
COLLECTOR_THRESHOLDS: Final = (50_000, 10, 50)


def raise_file_limit() -> None:
    """Open as many sockets as the system lets us: many systems say 1,024 until asked for more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = FILES_MAX if hard == resource.RLIM_INFINITY else hard
    if soft == resource.RLIM_INFINITY or soft >= most:
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def calm_collector() -> None:
    """Search what is loaded now once more, then never again, and the rest seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTOR_THRESHOLDS)
