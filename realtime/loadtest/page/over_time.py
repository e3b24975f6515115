"""Charts over time: latency, throughput, processors; and the table with the same numbers."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from realtime.loadtest.page.axes import Axis, linear, logarithmic, times
from realtime.loadtest.page.charts import Line, Mark, chart, marks
from realtime.loadtest.page.figures import NOTHING, clock, number, share
from realtime.loadtest.page.markup import Html, element
from realtime.loadtest.page.series import COUNTS, Row, merged, per_second
from realtime.loadtest.page.tables import Column, table

TABLE: Final = "seconds"
_TITLES: Final = {
    "sockets": "sockets",
    "sent": "sent/s",
    "granted": "granted/s",
    "refused": "refused/s",
    "errors": "errors/s",
    "changes": "changes/s",
    "frames": "frames/s",
    "hold_p50_ms": "hold p50, ms",
    "hold_p99_ms": "hold p99, ms",
    "show_p50_ms": "shown p50, ms",
    "show_p99_ms": "shown p99, ms",
    "generator_cpu": "generator CPU",
    "server_cpu": "server CPU",
}
_LATENCIES: Final = (
    ("hold_p99_ms", "hold p99", "line-1"),
    ("hold_p50_ms", "hold p50", "line-1 dashed"),
    ("show_p99_ms", "shown p99", "line-3"),
    ("show_p50_ms", "shown p50", "line-3 dashed"),
)
_CALLS: Final = (
    ("sent", "sent", "line-5 dashed"),
    ("granted", "granted", "line-3"),
    ("refused", "refused", "line-2 dotted"),
    ("errors", "errors", "line-4 dashed"),
)
_FRAMES: Final = (("frames", "frames received", "line-1"),)
_CHANGES: Final = (("changes", "changes of seats, each client counted", "line-3"),)
_SOCKETS: Final = (("sockets", "sockets open", "line-5"),)
_PROCESSORS: Final = (
    ("server_cpu", "server", "line-1"),
    ("generator_cpu", "generator, its busiest", "line-2 dashed"),
)
_Names = Sequence[tuple[str, str, str]]


class OverTime:
    """The charts of one run. They share their axis of time, and the table the pointer reads from."""

    def __init__(self, result: dict[str, Any]) -> None:
        self._rows, self._seconds = merged(result)
        self._across = times(self._rows[-1]["t"] or 0 if self._rows else 0)
        self._values = {name: self._valued(name) for name in _TITLES}

    def draw_over_time(self) -> Html:
        """The section of latency and throughput."""
        return element(
            "section",
            element("h2", "Over time"),
            self._note(),
            self._chart("latency-time", "Latency", "ms, logarithmic", _LATENCIES, is_log=True),
            element(
                "div",
                self._chart("calls", "Holds and releases", "a second", _CALLS),
                self._chart("frames", "Fan-out", "frames a second", _FRAMES),
                self._chart("changes", "Changes received", "a second", _CHANGES),
                self._chart("sockets", "Sockets", "open", _SOCKETS),
                class_="charts",
            ),
            self._table(),
            id="over-time",
        )

    def draw_processors(self) -> Html:
        """The chart of who used how much of a core."""
        return self._chart("processors", "Second by second", "share of one core", _PROCESSORS, words=share, limit=1.0)

    def _valued(self, name: str) -> list[float | None]:
        if name in COUNTS:
            return per_second(self._rows, name, self._seconds)
        return [row[name] for row in self._rows]

    def _note(self) -> Html | None:
        if not self._rows or self._seconds <= 1:
            return None
        said = f"Each point stands for {number(self._seconds)} seconds: of their latencies the worst p99 is drawn."
        return element("p", said, class_="soft")

    def _chart(
        self,
        name: str,
        title: str,
        unit: str,
        names: _Names,
        *,
        is_log: bool = False,
        words: Callable[[float], str] = number,
        limit: float | None = None,
    ) -> Html:
        values = [value for column, _, _ in names for value in self._values[column]]
        up = logarithmic(values) if is_log else linear(values, least=limit or 0)
        levels = marks(up, words)
        if limit is not None:
            levels = [mark for mark in levels if mark.place != up.place(limit)]
            levels.append(Mark(up.place(limit), f"{words(limit)}: one core", is_strong=True))
        return chart(
            name=name,
            title=title,
            unit=unit,
            says="; ".join(self._says(column, called, words) for column, called, _ in names),
            lines=[Line(called, look, self._points(column, up), column) for column, called, look in names],
            across=marks(self._across, lambda seconds: clock(seconds * 1000)),
            up=levels,
            reads=TABLE,
        )

    def _points(self, column: str, up: Axis) -> list[tuple[float, float] | None]:
        return [
            None if value is None else (self._across.place(row["t"] or 0), up.place(value))
            for row, value in zip(self._rows, self._values[column], strict=True)
        ]

    def _says(self, column: str, called: str, words: Callable[[float], str]) -> str:
        known = [(value, row["t"] or 0) for row, value in self._known(column)]
        if not known:
            return f"{called}: not measured"
        most, at = max(known)
        return f"{called}: between {words(min(known)[0])} and {words(most)}, most at {clock(at * 1000)}"

    def _known(self, column: str) -> list[tuple[Row, float]]:
        pairs = zip(self._rows, self._values[column], strict=True)
        return [(row, value) for row, value in pairs if value is not None]

    def _table(self) -> Html | None:
        if not self._rows:
            return None
        columns = [Column("time"), *(Column(title, is_number=True, name=name) for name, title in _TITLES.items())]
        rows = [
            [
                element("data", clock((row["t"] or 0) * 1000), value=row["t"]),
                *(self._cell(name, at) for name in _TITLES),
            ]
            for at, row in enumerate(self._rows)
        ]
        return element(
            "details",
            element("summary", "All of it as a table"),
            table("The run step by step", columns, rows, identity=TABLE),
            aria_label="All of it as a table",
        )

    def _cell(self, name: str, at: int) -> str:
        value = self._values[name][at]
        if value is None:
            return NOTHING
        return share(value) if name.endswith("_cpu") else number(value)
