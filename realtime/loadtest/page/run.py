"""The run itself: what was asked for, on what it ran, and the command that does it again."""

from typing import Any

from realtime.loadtest.page.figures import NOTHING, counted, dig, instant, moment, number, words
from realtime.loadtest.page.markup import Html, element

Facts = list[tuple[str, object]]


def draw_head(result: dict[str, Any]) -> Html:
    """The page's title: scenario, show, day."""
    about = dig(result, "about")
    show = dig(about, "show")
    facts = [
        dig(show, "movie"),
        dig(show, "screen"),
        dig(show, "theatre"),
        None if dig(show, "seats") is None else counted(dig(show, "seats"), "seat", "seats"),
        None if dig(about, "started_at") is None else moment(dig(about, "started_at")),
    ]
    return element(
        "header",
        element("p", "Housefull load test", class_="board"),
        element("h1", words(dig(about, "scenario"))),
        element("p", element("bdi", dig(about, "about_scenario")), class_="lead")
        if dig(about, "about_scenario")
        else None,
        element("p", [element("span", element("bdi", fact)) for fact in facts if fact], class_="facts"),
        class_="head",
    )


def draw_run(result: dict[str, Any]) -> Html:
    """The section of settings, versions and the command."""
    about = dig(result, "about")
    command = dig(about, "replay_with")
    return element(
        "section",
        element("h2", "The run"),
        element("div", _command(str(command)) if command else None, class_="again"),
        element(
            "div",
            _facts("Asked for", _asked(about)),
            _facts("The show", _show(about)),
            _facts("The server", _server(about)),
            _facts("The generator", _generator(about)),
            class_="fact-lists",
        ),
        id="run",
    )


def _command(command: str) -> list[Html]:
    return [
        element("h3", "Run it again"),
        element("pre", element("code", command, id="command"), tabindex=0, role="region", aria_label="Command"),
        element("button", "Copy", type="button", class_="button", id="copy", hidden=True),
        element("p", id="copied", role="status", class_="unseen"),
    ]


def _facts(title: str, facts: Facts) -> Html:
    rows = [(element("dt", name), element("dd", element("bdi", words(value)))) for name, value in facts]
    return element("div", element("h3", title), element("dl", rows))


def _asked(about: Any) -> Facts:
    return [
        ("scenario", dig(about, "scenario")),
        ("seed", _plain(dig(about, "seed"))),
        ("viewers", dig(about, "viewers")),
        ("grabbers", dig(about, "grabbers")),
        ("duration", _seconds(dig(about, "duration_seconds"))),
        ("rate", _rate(dig(about, "rate"))),
        ("processes", dig(about, "processes")),
        ("began", moment(dig(about, "started_at"))),
        ("ended", moment(dig(about, "ended_at"))),
        ("lasted", _lasted(about)),
        ("interrupted", dig(about, "interrupted")),
    ]


def _show(about: Any) -> Facts:
    show = dig(about, "show")
    return [
        ("movie", dig(show, "movie")),
        ("screen", dig(show, "screen")),
        ("theatre", dig(show, "theatre")),
        ("starts", moment(dig(show, "starts_at"))),
        ("seats", dig(show, "seats")),
        ("id", _plain(dig(show, "id"))),
    ]


def _server(about: Any) -> Facts:
    server = dig(about, "server")
    return [
        ("address", dig(about, "url")),
        ("name", dig(server, "name")),
        ("version", _plain(dig(server, "version"))),
        ("hold", _seconds(dig(server, "hold_seconds"))),
    ]


def _generator(about: Any) -> Facts:
    generator = dig(about, "generator")
    return [
        ("Python", _plain(dig(generator, "python"))),
        ("picows", _plain(dig(generator, "picows"))),
        ("uvloop", _plain(dig(generator, "uvloop"))),
        ("processor", dig(generator, "processor")),
        ("cores", dig(generator, "cores")),
        ("system", dig(generator, "system")),
    ]


def _plain(value: Any) -> str | None:
    """A number that is a name: 20251122, not 20,251,122."""
    return None if value is None else str(value)


def _seconds(value: Any) -> str:
    return NOTHING if value is None else f"{number(value)} s"


def _rate(value: Any) -> str:
    return f"{number(value)} a second" if value else NOTHING


def _lasted(about: Any) -> str:
    start, end = instant(dig(about, "started_at")), instant(dig(about, "ended_at"))
    return NOTHING if start is None or end is None else _seconds((end - start).total_seconds())
