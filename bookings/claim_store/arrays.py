"""Array parameters as PostgreSQL reads them. For the statements of every hold: psycopg's own dumper looks at each
element in Python, which cost more than the round trip.
"""

import re
from collections.abc import Iterable
from typing import Final

_SPECIAL: Final = re.compile(r'[\\"]')


def plain(values: Iterable[object]) -> str:
    """Numbers or UUIDs, whose text needs no quotes."""
    return "{" + ",".join(map(str, values)) + "}"


def quoted(values: Iterable[str | None]) -> str:
    """Any text; None becomes NULL."""
    return "{" + ",".join("NULL" if value is None else f'"{_SPECIAL.sub(_escaped, value)}"' for value in values) + "}"


def _escaped(found: re.Match[str]) -> str:
    return "\\" + found[0]
