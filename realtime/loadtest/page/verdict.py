"""The verdict, what it rests on, and the evidence: who, when, and the frames of every breach."""

from typing import Any, Final

from realtime.loadtest.page.figures import (
    amount,
    clock,
    counted,
    dig,
    into_the_run,
    listed,
    number,
    time_of_day,
    words,
)
from realtime.loadtest.page.markup import Html, element
from realtime.loadtest.page.tiles import draw_key_figures

_MARKS: Final = {"passed": "✓", "breached": "✕", "incomplete": "…", "idle": "–"}


def draw_verdict(result: dict[str, Any]) -> Html:
    """The section of verdict, checks and notes."""
    verdict = words(dig(result, "verdict"))
    look = verdict if verdict in ("passed", "breached") else "incomplete"
    checks = listed(result, "checks")
    return element(
        "section",
        element(
            "header",
            element("span", _MARKS[look], class_="mark", aria_hidden="true"),
            element("div", element("h2", verdict), element("p", _sentence(look, result))),
        ),
        draw_key_figures(result),
        element("ul", [_check(check, result) for check in checks], class_="checks") if checks else None,
        _notes(listed(result, "notes")),
        id="verdict",
        data_verdict=look,
    )


def _sentence(look: str, result: dict[str, Any]) -> str:
    checks = listed(result, "checks")
    is_interrupted = dig(result, "about", "interrupted") is True
    if look == "incomplete":
        why = "The run was interrupted" if is_interrupted else "Not everything could be judged"
        return f"{why}, so nothing is promised. What was seen is below."
    ended = "The run was interrupted. " if is_interrupted else ""
    return ended + (_passed(checks) if look == "passed" else _breached(checks))


def _passed(checks: list[Any]) -> str:
    busy = [check for check in checks if amount(dig(check, "examined"))]
    if not busy:
        return "Nothing broke, but nothing was examined either."
    examined = sum(amount(dig(check, "examined")) or 0 for check in busy)
    all_of_them = counted(len(checks), "check", "checks")
    who = all_of_them if len(busy) == len(checks) else f"{len(busy)} of {all_of_them}"
    but = "" if len(busy) == len(checks) else " The rest had nothing to examine in this run."
    return f"Nothing broke: {who} examined {number(examined)} answers, maps and frames, all from outside.{but}"


def _breached(checks: list[Any]) -> str:
    broken = [check for check in checks if _breaches(check)]
    count = sum(map(_breaches, broken))
    return (
        f"{counted(len(broken), 'promise was', 'promises were')} broken, {counted(count, 'time', 'times')}. "
        "The evidence is folded up below: who, when, and the frames as they came."
    )


def _breaches(check: Any) -> int:
    return len(listed(check, "breaches")) + int(amount(dig(check, "breaches_left_out")) or 0)


def _check(check: Any, result: dict[str, Any]) -> Html:
    count = _breaches(check)
    examined = dig(check, "examined")
    look = "breached" if count else "passed" if examined else "idle"
    said = f"{number(examined)} examined" if examined else "nothing to examine in this run"
    if count:
        said += f", {counted(count, 'breach', 'breaches')}"
    left_out = int(amount(dig(check, "breaches_left_out")) or 0)
    return element(
        "li",
        element("span", _MARKS[look], class_="mark", aria_hidden="true"),
        element("h3", words(dig(check, "title") or dig(check, "name"))),
        element("p", said),
        element("div", [_breach(breach, result) for breach in listed(check, "breaches")], class_="breaches")
        if listed(check, "breaches")
        else None,
        element("p", f"{number(left_out)} more like these were left out of the report.", class_="left-out")
        if left_out
        else None,
        data_verdict=look,
    )


def _breach(breach: Any, result: dict[str, Any]) -> Html:
    at_ms = dig(breach, "at_ms")
    into = into_the_run(result, at_ms)
    when = time_of_day(at_ms) + ("" if into is None else f", {clock(into, exactly=True)} into the run")
    who = [element("li", element("bdi", words(each))) for each in listed(breach, "who")]
    frames = [element("li", element("pre", element("code", words(each)))) for each in listed(breach, "frames")]
    seek = None
    if into is not None:
        seek = element("button", "Show this moment in the replay", type="button", hidden=True, data_seek=into)
    return element(
        "details",
        element("summary", element("bdi", words(dig(breach, "summary")))),
        element(
            "dl",
            element("dt", "When"),
            element("dd", when, " ", seek),
            element("dt", "Who"),
            element("dd", element("ul", who, class_="who") if who else "not recorded"),
            element("dt", "Frames"),
            element("dd", element("ol", frames, class_="frames") if frames else "none recorded"),
        ),
        class_="breach",
        aria_label=words(dig(breach, "summary")),
    )


def _notes(notes: list[Any]) -> Html | None:
    if not notes:
        return None
    return element(
        "div",
        element("h3", "To be read with it"),
        element("ul", [element("li", element("bdi", words(note))) for note in notes]),
        class_="notes",
    )
