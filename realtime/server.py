"""`python -m realtime.server`: the web process. Chooses the event loop, then starts Daphne with direct sockets."""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Final

from realtime.process import raise_file_limit

# Connections that may wait to be accepted. With Twisted's 50 a crowd that comes back at once is not refused but
# left to its kernels, which try again after 1, 3, 7 … seconds. The system's own bound (somaxconn) still holds.
BACKLOG_MAX: Final = 4096


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m realtime.server", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--fd", type=int, help="serve a listening socket that was inherited instead")
    parser.add_argument(
        "--uvloop",
        action=argparse.BooleanOptionalAction,
        default=find_spec("uvloop") is not None,
        help="use uvloop's event loop (default: if it is installed)",
    )
    options = parser.parse_args(arguments)
    raise_file_limit()

    # Twisted's reactor is chosen by whoever comes first, and django.setup() imports Daphne.
    from twisted.internet import asyncioreactor

    asyncioreactor.install(  # type: ignore[no-untyped-call]  # Twisted has no hints here
        _new_loop(with_uvloop=options.uvloop)
    )
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    sys.path.insert(0, os.getcwd())
    import django
    from django.utils.module_loading import import_string

    django.setup()
    from django.conf import settings

    from realtime.api import close_rooms
    from realtime.daphne_server import SeatServer

    endpoint = (
        f"fd:fileno={options.fd}"
        if options.fd is not None
        else f"tcp:port={options.port}:interface={options.host}:backlog={BACKLOG_MAX}"
    )
    application = import_string(settings.ASGI_APPLICATION)
    server = SeatServer(application, endpoints=[endpoint], at_end=close_rooms)
    server.run()
    if server.abort_start:
        sys.exit(1)


def _new_loop(*, with_uvloop: bool) -> asyncio.AbstractEventLoop:
    if not with_uvloop:
        return asyncio.SelectorEventLoop()
    import uvloop

    return uvloop.new_event_loop()


if __name__ == "__main__":
    main()
