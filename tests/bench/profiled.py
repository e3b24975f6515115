"""`python -m tests.bench.profiled FILE MODULE …`: run a server's module under cProfile; the profile is written when
it stops. For finding out where time goes, never for numbers: it makes everything several times slower."""

import cProfile
import runpy
import signal
import sys
from pathlib import Path


def main() -> None:
    """Run the module as if it had been started itself."""
    target, module = Path(sys.argv[1]), sys.argv[2]
    sys.argv = sys.argv[2:]
    # A server that leaves by the signal itself, as uvicorn does, would take its profile with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    profile = cProfile.Profile()
    profile.enable()
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        profile.disable()
        profile.dump_stats(target)


if __name__ == "__main__":
    main()
