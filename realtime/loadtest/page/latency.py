"""Latency: the percentiles as a table, and the whole distribution as a curve in the manner of HdrHistogram."""

import math
from typing import Any, Final

from realtime.loadtest.page.axes import Axis, logarithmic
from realtime.loadtest.page.charts import Line, Mark, Point, chart, marks
from realtime.loadtest.page.figures import amount, dig, listed, milliseconds, number, words
from realtime.loadtest.page.markup import Html, element
from realtime.loadtest.page.tables import Column, table

_PERCENTILES: Final = (
    ("mean", "mean_ms"),
    ("p50", "p50_ms"),
    ("p90", "p90_ms"),
    ("p99", "p99_ms"),
    ("p99.9", "p999_ms"),
    ("max", "max_ms"),
)
# As many as the load tester measures: no two have both colour and dashes in common.
_LOOKS: Final = (
    "line-1",
    "line-2 dashed",
    "line-3 dotted",
    "line-4",
    "line-5 dashed",
    "line-1 dotted",
    "line-2",
    "line-3 dashed",
)


def draw_latency(result: dict[str, Any]) -> Html:
    """The section of the distributions."""
    measures = listed(result, "latency")
    if not measures:
        return element(
            "section",
            element("h2", "Latency"),
            element("p", "No answer was timed.", class_="void"),
            id="latency",
        )
    columns = (
        Column("measured"),
        Column("count", is_number=True),
        *(Column(title, is_number=True) for title, _ in _PERCENTILES),
    )
    rows = [
        [_heading(measure), number(dig(measure, "count")), *(number(dig(measure, key)) for _, key in _PERCENTILES)]
        for measure in measures
    ]
    return element(
        "section",
        element("h2", "Latency"),
        element(
            "p",
            "In milliseconds, each from the moment the schedule said, not from when the generator got to it: "
            "a server that stops for a second is charged for everything that had to wait.",
            class_="soft",
        ),
        table("Latency percentiles in milliseconds", columns, rows),
        _curve(measures),
        id="latency",
    )


def _title(measure: Any) -> str:
    return words(dig(measure, "title") or dig(measure, "name"))


def _heading(measure: Any) -> list[object]:
    """The title, of which a phone's table shows what is before its colon."""
    short, colon, rest = _title(measure).partition(":")
    return [short, element("span", colon, rest, class_="rest")]


def _curve(measures: list[Any]) -> Html:
    counted = [(measure, cumulated(measure)) for measure in measures]
    nines = max((points[-1][0] for _, points in counted if points), default=1.0)
    across = Axis(0, max(1.0, nines), ())
    up = logarithmic(latency for _, points in counted for _, latency in points)
    lines = [
        Line(_title(measure), _LOOKS[at % len(_LOOKS)], _placed(points, across, up))
        for at, (measure, points) in enumerate(counted)
    ]
    feet = [Mark(across.place(at), text, is_minor=text == "50%") for text, at in _nines(across.high)]
    return chart(
        name="curve",
        title="By percentile",
        unit="ms, both axes logarithmic",
        says="; ".join(_says(measure) for measure in measures),
        lines=lines,
        across=feet,
        up=marks(up, number),
    )


def cumulated(measure: Any) -> list[tuple[float, float]]:
    """(nines, latency_ms) of each bucket: nines is log10(1 / (1 - q)), so 1 is 90%, 2 is 99%, 3 is 99.9%.

    The last bucket ends at 100%, which has no place on such an axis: it stands half an answer before.
    """
    top = amount(dig(measure, "max_ms"))
    buckets = [
        (upper, count)
        for upper, count in map(_bucket, listed(measure, "buckets"))
        if upper is not None and count is not None and count > 0
    ]
    total = sum(count for _, count in buckets)
    points: list[tuple[float, float]] = []
    seen = 0.0
    for upper, count in sorted(buckets):
        latency = upper if top is None else min(upper, max(top, 0))
        points += [(_place(seen, total), latency), (_place(seen + count, total), latency)]
        seen += count
    return points


def _bucket(value: Any) -> tuple[float | None, float | None]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        return None, None
    return amount(value[0]), amount(value[1])


def _place(seen: float, total: float) -> float:
    return math.log10(1 / (1 - min(seen / total, 1 - 0.5 / total)))


def _placed(points: list[tuple[float, float]], across: Axis, up: Axis) -> list[Point]:
    return [(across.place(nines), up.place(latency)) for nines, latency in points]


def _nines(most: float) -> list[tuple[str, float]]:
    """Labels of the axis up to its end: 0%, 50%, 90%, 99%, 99.9% …"""
    steps = [("0%", 0.0), ("50%", math.log10(2)), ("90%", 1.0)]
    steps += [(f"99.{'9' * (nines - 2)}%" if nines > 2 else "99%", float(nines)) for nines in range(2, 9)]
    return [(text, at) for text, at in steps if at <= most * 1.001]


def _says(measure: Any) -> str:
    return (
        f"{_title(measure)}: half within {milliseconds(dig(measure, 'p50_ms'))}, "
        f"99% within {milliseconds(dig(measure, 'p99_ms'))}, all within {milliseconds(dig(measure, 'max_ms'))}"
    )
