"""The replay: seats and changes as the script wants them, checked, and the room it plays in (replay.html).

The document's `changes` are [t_ms, version, [[index, state], …]]. t_ms counts from the moment at which everybody was
seated and began, as the rows of the series do; `began_ms` is that moment by the server's clock.
"""

from collections.abc import Iterable
from itertools import groupby
from string import Template
from typing import Any, Final

from realtime.loadtest.page.figures import amount, counted, dig, into_the_run, listed, number, words
from realtime.loadtest.page.markup import Html, element, joined, visible
from realtime.loadtest.page.series import seconds_played
from realtime.loadtest.page.sources import source

STATES: Final = "AHBX"
# What a server says that is no state; drawn as a question mark.
UNKNOWN: Final = "?"
KINDS: Final = ("standard", "recliner", "sofa-left", "sofa-right", "wheelchair", "companion", "house", "restricted")
TINTS: Final = 5


def replay_of(result: dict[str, Any]) -> dict[str, Any]:
    """What the page's script plays. Seats are [label, row, x, y, kind, tint, category]."""
    seats = [seat for seat in listed(result, "replay", "seats") if isinstance(seat, dict)]
    start = dig(result, "replay", "start")
    states = start if isinstance(start, str) else ""
    changes = list(_changes(listed(result, "replay", "changes"), len(seats)))
    return {
        "length_ms": _length_ms(result, changes),
        "seats": _drawn(seats),
        "start": "".join(_state(state) for state in states[: len(seats)].ljust(len(seats), UNKNOWN)),
        "changes": changes,
        "breaches_ms": _breaches_ms(result),
    }


def draw_replay(result: dict[str, Any], replay: dict[str, Any]) -> Html:
    """The section of the replay."""
    heading = element("h2", "Replay")
    if not replay["seats"]:
        return element("section", heading, element("p", "No replay was recorded.", class_="void"), id="replay")
    changed = sum(len(change[2]) for change in replay["changes"])
    said = f"{counted(len(replay['seats']), 'seat', 'seats')}, {counted(changed, 'change', 'changes')} of state."
    left_out = amount(dig(result, "replay", "left_out"))
    if left_out:
        said += f" {number(left_out)} later changes were left out: from there on the picture is not complete."
    return element(
        "section",
        heading,
        element("p", said, class_="soft"),
        element("noscript", element("p", "The replay needs JavaScript.", class_="notice")),
        Html(Template(source("replay.html")).substitute(categories=_categories(replay["seats"]))),
        id="replay",
    )


def _state(state: Any) -> str:
    return state if isinstance(state, str) and len(state) == 1 and state in STATES else UNKNOWN


def _changes(changes: list[Any], count: int) -> Iterable[list[Any]]:
    """Changes of seats there are. Their order is the truth; time never runs backwards in it."""
    latest = 0
    for change in changes:
        if not isinstance(change, list | tuple) or len(change) != 3 or not isinstance(change[2], list | tuple):
            continue
        latest = max(latest, round(amount(change[0]) or 0))
        seats = [[each[0], _state(each[1])] for each in change[2] if _names_a_seat(each, count)]
        if seats:
            yield [latest, round(amount(change[1]) or 0), seats]


def _names_a_seat(change: Any, count: int) -> bool:
    if not isinstance(change, list | tuple) or len(change) < 2:
        return False
    return isinstance(change[0], int) and not isinstance(change[0], bool) and 0 <= change[0] < count


def _length_ms(result: dict[str, Any], changes: list[list[Any]]) -> int:
    """As long as seconds were counted, and until the last change; as long as was asked for where neither is there."""
    ran = seconds_played(result) * 1000
    last = changes[-1][0] if changes else 0
    asked = (amount(dig(result, "about", "duration_seconds")) or 0) * 1000
    return max(1, round(max(ran, last) or asked))


def _breaches_ms(result: dict[str, Any]) -> list[int]:
    moments = (
        into_the_run(result, dig(breach, "at_ms"))
        for check in listed(result, "checks")
        for breach in listed(check, "breaches")
    )
    return sorted(at for at in moments if at is not None)


def _drawn(seats: list[dict[str, Any]]) -> list[list[Any]]:
    kinds = _kinds(seats)
    tints: dict[str, int] = {}
    for seat in sorted(seats, key=lambda seat: amount(seat.get("y")) or 0):
        tints.setdefault(words(seat.get("category")), len(tints) % TINTS + 1)
    return [
        [
            visible(words(seat.get("label"))),
            visible(words(seat.get("row"))),
            amount(seat.get("x")) or 0,
            amount(seat.get("y")) or 0,
            kinds[at],
            tints[words(seat.get("category"))],
            visible(words(seat.get("category"))),
        ]
        for at, seat in enumerate(seats)
    ]


def _kinds(seats: list[dict[str, Any]]) -> list[str]:
    """The kind of each seat; of neighbours on sofas the first is a left half and the second its right one."""
    kinds = [str(seat.get("kind")) for seat in seats]
    left: dict[Any, Any] = {}
    for at, seat in enumerate(seats):
        if kinds[at] != "sofa":
            continue
        x, y = amount(seat.get("x")) or 0, amount(seat.get("y")) or 0
        if left.get(y) == x - 1:
            kinds[at] = "sofa-right"
            del left[y]
        else:
            kinds[at] = "sofa-left"
            left[y] = x
    return [kind if kind in KINDS else "standard" for kind in kinds]


def _categories(seats: list[list[Any]]) -> Html:
    """Tints in words: which rows are of which category, from the screen back."""
    ordered = sorted(seats, key=lambda seat: (seat[3], seat[2]))
    parts = []
    for (tint, category), group in groupby(ordered, key=lambda seat: (seat[5], seat[6])):
        rows = list(dict.fromkeys(seat[1] for seat in group))
        reach = f"row {rows[0]}" if len(rows) == 1 else f"rows {rows[0]} to {rows[-1]}"
        swatch = element("i", class_=f"seat swatch t{tint}", data_state="A", aria_hidden="true")
        parts.append(element("li", swatch, element("span", element("bdi", category), f", {reach}")))
    return element("ul", joined(parts), class_="categories", aria_label="Categories")
