"""What came of it: outcomes, errors, the scenario's own findings, and how near the generator was to its own limit."""

from typing import Any, Final

from realtime.loadtest.page.figures import amount, dig, listed, number, share, words
from realtime.loadtest.page.markup import Html, element
from realtime.loadtest.page.over_time import OverTime
from realtime.loadtest.page.tables import Column, table
from realtime.loadtest.page.tiles import bar, tile

# Above this share of its own limit a generator measures itself; bench voids a figure for the same reason.
BUSY_SHARE: Final = 0.8
_OUTCOMES: Final = {
    "granted": "holds granted",
    "refused": "holds refused",
    "released": "given back",
    "expired": "expired",
    "confirmed": "paid for",
    "abandoned": "abandoned",
}


def draw_outcomes(result: dict[str, Any]) -> Html:
    """The section of outcomes and errors by code."""
    outcomes = dig(result, "outcomes")
    known = outcomes if isinstance(outcomes, dict) else {}
    names = [*_OUTCOMES, *(name for name in known if name not in _OUTCOMES)]
    most = max((amount(value) or 0 for value in known.values()), default=0)
    rows = [
        element(
            "li",
            element("span", _OUTCOMES.get(name, name)),
            element("b", number(known.get(name))),
            bar((amount(known.get(name)) or 0) / most if most else 0),
        )
        for name in names
    ]
    return element(
        "section",
        element("h2", "Outcomes"),
        element("ul", rows, class_="bars"),
        element("h3", "Errors by code"),
        _errors(listed(result, "errors")),
        _counters(dig(result, "counters")),
        id="outcomes",
    )


def _errors(errors: list[Any]) -> Html:
    if not errors:
        return element("p", "None.", class_="soft")
    rows = [
        [
            element("code", words(dig(error, "code"))),
            number(dig(error, "count")),
            element("bdi", words(dig(error, "detail"))),
        ]
        for error in errors
    ]
    columns = (Column("code"), Column("count", is_number=True), Column("the first one said"))
    return element("div", table("Errors by code", columns, rows), class_="errors")


def _counters(counters: Any) -> Html | None:
    if not isinstance(counters, dict) or not counters:
        return None
    rows = [[element("bdi", name), number(count)] for name, count in counters.items()]
    name = "Everything that was counted"
    columns = (Column("what"), Column("count", is_number=True))
    return element("details", element("summary", name), table(name, columns, rows), aria_label=name)


def draw_findings(result: dict[str, Any]) -> Html | None:
    """The section of the scenario's own numbers, if it has any."""
    findings = listed(result, "findings")
    if not findings:
        return None
    tiles = [tile(words(dig(each, "title")), words(dig(each, "value")), dig(each, "unit")) for each in findings]
    return element("section", element("h2", "Findings"), element("dl", tiles, class_="figures"), id="findings")


def draw_load(result: dict[str, Any], over_time: OverTime) -> Html:
    """The section of processors and of the generator's ceiling."""
    used = amount(dig(result, "ceiling", "used_share"))
    tiles = [
        tile("can receive", number(dig(result, "ceiling", "frames_per_second")), "frames/s"),
        tile("can be answered", number(dig(result, "ceiling", "answers_per_second")), "answers/s"),
        tile("used of that", share(used), None, bar(used, look="alarm" if (used or 0) >= BUSY_SHARE else "amount")),
    ]
    return element(
        "section",
        element("h2", "Processors"),
        _used(used),
        element("h3", "One generator process, measured before the run"),
        element("dl", tiles, class_="figures"),
        element("h3", "Share of one core, over the whole run"),
        element("ul", _cores(result), class_="bars"),
        over_time.draw_processors(),
        id="load",
    )


def _used(used: float | None) -> Html:
    if used is None:
        return element("p", "The generator's own limit was not measured.", class_="soft")
    if used >= BUSY_SHARE:
        said = (
            f"The generator was at {share(used)} of its own limit: these numbers say as much about it as about the "
            "server. Give it more processes or fewer sockets, and run again."
        )
        return element("p", said, class_="notice alarm")
    said = f"The generator was at {share(used)} of its own limit, so what was measured is the server."
    return element("p", said, class_="soft")


def _cores(result: dict[str, Any]) -> list[Html]:
    processes = listed(result, "cpu", "generator")
    server = amount(dig(result, "cpu", "server"))
    several = len(processes) > 1
    parts = [("server", server)]
    parts += [
        (f"generator process {at}" if several else "generator", amount(each)) for at, each in enumerate(processes, 1)
    ]
    most = max((value or 0 for _, value in parts), default=0)
    return [
        element(
            "li",
            element("span", name),
            element("b", "not known" if value is None else share(value)),
            bar((value or 0) / max(1.0, most), look="alarm" if (value or 0) >= 1 else "amount"),
        )
        for name, value in parts
    ]
