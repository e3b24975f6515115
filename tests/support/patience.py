"""How long a test waits for what must happen before it fails.

Generous, because it costs nothing where the thing happens: how busy the machine is must not decide how a test ends.
How fast things are is measured by tests/bench.
"""

from typing import Final

PATIENCE_SECONDS: Final = 30.0
