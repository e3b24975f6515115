"""What the person at the terminal sees of the demo: prefixed, coloured lines and the box with the addresses.

Owns how it looks and which lines of a process are worth showing; starts nothing.
"""

import os
import re
import unicodedata
from collections.abc import Sequence
from typing import TextIO

COLOURS = {"web": 36, "worker": 33, "beat": 35, "watcher": 32, "gateway": 34, "demo": 37}
ALARM_COLOUR = 31
NAME_WIDTH = 8
# How levels are written by Python's logging, Celery, structlog, PostgreSQL and an uncaught exception.
ALARM = re.compile(
    r"\b(WARNING|ERROR|CRITICAL|FATAL|PANIC)\b|\[(warning|error|critical)\s*\]|^[\w.]+(Error|Exception)\b"
)
LEVEL_WITHIN_CHARACTERS = 80


class Loudness:
    """Which lines of one process are shown: all, or warnings, errors and the tracebacks that belong to them."""

    def __init__(self, *, verbose: bool) -> None:
        self._verbose = verbose
        self._in_traceback = False

    def shows(self, line: str) -> bool:
        """Whether this next line is worth the person's eyes."""
        if self._verbose:
            return True
        if line.startswith("Traceback"):
            self._in_traceback = True
            return True
        if self._in_traceback:
            # A traceback is indented; its last line names the exception.
            self._in_traceback = line.startswith((" ", "\t")) or not line
            return True
        return bool(ALARM.search(line[:LEVEL_WITHIN_CHARACTERS]))


class Console:
    """Writes lines and boxes to a terminal, or plain text elsewhere."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._nobody_reads = False
        self._colourful = out.isatty() and "NO_COLOR" not in os.environ

    def line(self, name: str, text: str) -> None:
        """One line of a process, under its name."""
        self._prefixed(name, COLOURS.get(name, 0), text)

    def say(self, text: str) -> None:
        """One line of the demo itself."""
        self.line("demo", text)

    def alarm(self, text: str) -> None:
        """Something the person should know or do."""
        self._prefixed("demo", ALARM_COLOUR, text)

    def box(self, title: str, rows: Sequence[tuple[str, str]]) -> None:
        """A box of labelled rows; a row without a label goes on from the one before."""
        label_width = max(_width(label) for label, _ in rows)
        lines = [f"{label}{' ' * (label_width - _width(label))}   {text}" for label, text in rows]
        width = max(_width(line) for line in (title, *lines))
        frame = [f"│  {line}{' ' * (width - _width(line))}  │" for line in (title, "", *lines)]
        bar = "─" * (width + 4)
        self._write("\n".join(["", f"╭{bar}╮", *frame, f"╰{bar}╯", ""]))

    def _prefixed(self, name: str, colour: int, text: str) -> None:
        prefix = f"{name:<{NAME_WIDTH}}│"
        if self._colourful and colour:
            prefix = f"\x1b[{colour}m{prefix}\x1b[0m"
        self._write(f"{prefix} {text}")

    def _write(self, text: str) -> None:
        if self._nobody_reads:
            return
        try:
            self._out.write(text + "\n")
            self._out.flush()
        except OSError:
            # The terminal or the reader (`make demo | head`) left; the demo goes on, its log files have everything.
            self._nobody_reads = True


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
