"""The page's own files: templates, styles, and modules put one after the other into one script."""

import re
from functools import cache
from importlib.resources import files
from typing import Final

STYLES: Final = ("tokens", "page", "parts", "charts", "seats", "replay")
# Each after those it imports.
MODULES: Final = (
    "timeline",
    "grid",
    "words",
    "seatMap",
    "seatPanel",
    "strip",
    "player",
    "replay",
    "readings",
    "copying",
    "main",
)
_IMPORT: Final = re.compile(r'^import (\{[^}]*\}) from "\./(\w+)\.js";$', re.MULTILINE)
_EXPORT: Final = re.compile(r"^export (class|function|const) (\w+)", re.MULTILINE)


def source(path: str) -> str:
    """A file beside this one."""
    return files("realtime.loadtest.page").joinpath(path).read_text(encoding="utf-8")


@cache
def style() -> str:
    """All styles."""
    return "\n".join(source(f"css/{name}.css") for name in STYLES)


@cache
def script() -> str:
    """All modules as one script.

    They are modules so that they can be read and tested apart, but a page that fetches nothing cannot import any. So
    each becomes a function that returns what it exports, and its imports are taken from those before it.
    """
    return "\n".join(("const modules = {};", *(_linked(name, source(f"js/{name}.js")) for name in MODULES)))


def _linked(name: str, text: str) -> str:
    exported = ", ".join(match[2] for match in _EXPORT.finditer(text))
    body = _EXPORT.sub(r"\1 \2", _IMPORT.sub(r"const \1 = modules.\2;", text))
    return f"modules.{name} = (() => {{\n{body}\nreturn {{ {exported} }};\n}})();"
