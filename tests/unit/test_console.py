"""Which lines of its processes the demo shows, and how."""

import io

import pytest

from config.console import Console, Loudness


def shown(*lines: str, verbose: bool = False) -> list[str]:
    loudness = Loudness(verbose=verbose)
    return [line for line in lines if loudness.shows(line)]


class TestLoudness:
    @pytest.mark.parametrize(
        "line",
        [
            "2026-11-21 23:58:04,158 WARNING  Not Found: /nowhere",
            "[2026-11-21 23:59:23,097: ERROR/MainProcess] the broker is gone",
            "2026-11-21T10:00:00Z [warning  ] redis is slow",
            "2026-11-21 23:43:53.548 UTC [8804] FATAL:  the database system is starting up",
            "redis.exceptions.ConnectionError: refused",
        ],
    )
    def test_shows_warnings_and_worse(self, line: str) -> None:
        assert shown(line) == [line]

    @pytest.mark.parametrize(
        "line",
        [
            "[2026-11-21 23:59:24,138: INFO/MainProcess] celery@here ready.",
            "  _warn_or_raise_security_error(egid, euid, gid, uid,",
            "2026-11-21T10:00:00Z [info     ] hold refused, no error",
            "",
        ],
    )
    def test_keeps_quiet_about_the_rest(self, line: str) -> None:
        assert shown(line) == []

    def test_shows_a_traceback_to_its_last_line(self) -> None:
        trace = ["Traceback (most recent call last):", '  File "x.py", line 1', "    boom()", "KeyBoom: 'x'"]

        assert shown("before", *trace, "after") == trace

    def test_shows_everything_where_asked(self) -> None:
        assert shown("before", "", "after", verbose=True) == ["before", "", "after"]


class TestConsole:
    def test_draws_a_box_as_wide_as_its_widest_line(self) -> None:
        out = io.StringIO()

        Console(out).box("Open", [("Cinema", "http://localhost:8000/"), ("", "two browsers")])

        lines = out.getvalue().strip("\n").split("\n")
        assert len({len(line) for line in lines}) == 1
        assert "Cinema   http://localhost:8000/" in lines[3]

    def test_goes_on_when_nobody_reads_any_more(self) -> None:
        class Closed(io.StringIO):
            def write(self, _text: str) -> int:
                raise BrokenPipeError

        console = Console(Closed())

        console.say("one")
        console.say("two")
