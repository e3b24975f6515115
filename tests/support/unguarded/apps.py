"""Removes a guard for as long as the process lives, before it serves anybody."""

import os
from contextlib import ExitStack
from typing import Final

from django.apps import AppConfig

VARIABLE: Final = "UNGUARDED"
NONE: Final = "none"

# Kept and never closed: a context that is forgotten is left, and the guard would be back.
_removed: Final = ExitStack()


class UnguardedConfig(AppConfig):
    name = "tests.support.unguarded"

    def ready(self) -> None:
        """Remove the guard that UNGUARDED names; `none` is the control. Raises KeyError for any other name."""
        from tests.support.unguarded.guards import GUARDS

        name = os.environ[VARIABLE]
        if name != NONE:
            _removed.enter_context(GUARDS[name]())
