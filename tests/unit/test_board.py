"""realtime/boards/board.py: the words of the contract, and that a board and its changes are a board read anew."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime.boards.board import Board
from tests.support.boards import HOUR_MS, a_listing, as_json

NOW_MS = 1_763_760_000_000
LATER_MS = NOW_MS + HOUR_MS


def status_of(*, available: int, held: int = 0, total: int = 200, now_ms: int = NOW_MS) -> str:
    board = Board()
    board.list_shows([a_listing(1, starts_ms=LATER_MS, total=total)])
    board.count(1, available=available, held=held)
    board.news(now_ms)
    return board.shown[0].status


class TestStatus:
    @pytest.mark.parametrize(
        ("available", "held", "total", "status"),
        [
            (200, 0, 200, "open"),
            (101, 0, 200, "open"),
            (100, 0, 200, "filling"),
            (11, 0, 200, "filling"),
            (10, 0, 200, "last_few"),
            (1, 0, 200, "last_few"),
            (0, 1, 200, "last_few"),
            (0, 0, 200, "housefull"),
            (50, 0, 1000, "last_few"),
            (51, 0, 1000, "filling"),
        ],
    )
    def test_is_the_contracts(self, available: int, held: int, total: int, status: str) -> None:
        assert status_of(available=available, held=held, total=total) == status

    def test_is_started_from_the_first_minute_on(self) -> None:
        assert status_of(available=0, now_ms=LATER_MS - 1) == "housefull"
        assert status_of(available=0, now_ms=LATER_MS) == "started"


class TestBoard:
    def test_shows_what_has_been_counted_by_start(self) -> None:
        board = Board()
        board.list_shows(
            [
                a_listing(3, starts_ms=LATER_MS, screen="Audi 2"),
                a_listing(1, starts_ms=LATER_MS, screen="Audi 1"),
                a_listing(2, starts_ms=NOW_MS + 1),
                a_listing(4, starts_ms=LATER_MS),
            ]
        )
        for show in (1, 2, 3):
            board.count(show, available=9, held=1)

        news = board.news(NOW_MS)

        assert news is not None
        assert news.whole
        assert [entry.id for entry in news.shows] == [2, 1, 3]

    def test_says_only_what_differs(self) -> None:
        board = Board()
        board.list_shows([a_listing(show, starts_ms=LATER_MS) for show in (1, 2)])
        for show in (1, 2):
            board.count(show, available=90, held=0)
        board.news(NOW_MS)

        board.count(2, available=89, held=1)
        changed = board.news(NOW_MS)
        nothing = board.news(NOW_MS)

        assert changed is not None
        assert not changed.whole
        assert [(entry.id, entry.available, entry.held) for entry in changed.shows] == [(2, 89, 1)]
        assert nothing is None

    def test_counts_nothing_that_is_not_in_the_programme(self) -> None:
        board = Board()
        board.count(7, available=1, held=1)
        board.list_shows([a_listing(7, starts_ms=LATER_MS)])

        assert not board.has_counted(7)
        assert board.news(NOW_MS) is None


# What may happen to a board: the programme changes, seats are counted, time passes, it is shown.
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("list"), st.sets(st.integers(1, 6), max_size=6)),
        st.tuples(st.just("count"), st.integers(1, 6), st.integers(0, 100), st.integers(0, 20)),
        st.tuples(st.just("wait"), st.integers(0, 90)),
        st.tuples(st.just("show")),
        st.tuples(st.just("rename"), st.integers(1, 6)),
    ),
    max_size=25,
)


class Told:
    """A board that things happen to, a screen that follows it, and what the truth is."""

    def __init__(self) -> None:
        self.board = Board()
        self.now_ms = NOW_MS
        self.screen: dict[int, dict[str, Any]] = {}
        self._listed: set[int] = set()
        self._titles: dict[int, str] = {}
        self._counts: dict[int, dict[str, int]] = {}

    def list(self, shows: set[int]) -> None:
        self._listed = shows
        self._counts = {show: counted for show, counted in self._counts.items() if show in shows}
        self._follow(self.board)

    def rename(self, show: int) -> None:
        self._titles[show] = f"Another {len(self._titles)}"
        self._follow(self.board)

    def count(self, show: int, available: int, held: int) -> None:
        if show in self._listed:
            self._counts[show] = {"available": available, "held": held}
            self.board.count(show, available=available, held=held)

    def wait(self, minutes: int) -> None:
        self.now_ms += minutes * 60_000

    def show(self) -> None:
        news = self.board.news(self.now_ms)
        if news is not None:
            if news.whole:
                self.screen.clear()
            self.screen |= {entry["id"]: entry for entry in as_json(news.shows)}

    def anew(self) -> Any:
        """The board of a process that has just been started."""
        board = Board()
        self._follow(board)
        for show, counted in self._counts.items():
            board.count(show, **counted)
        board.news(self.now_ms)
        return as_json(board.shown)

    def _follow(self, board: Board) -> None:
        board.list_shows(
            a_listing(show, starts_ms=NOW_MS + show * 600_000, movie=self._titles.get(show, f"Movie {show}"))
            for show in self._listed
        )


class TestFolding:
    @settings(max_examples=80, deadline=None)
    @given(steps=STEPS)
    def test_a_board_and_its_changes_are_a_board_read_anew(self, steps: list[tuple[Any, ...]]) -> None:
        told = Told()

        for step, *details in steps:
            getattr(told, step)(*details)
        told.show()

        assert list(told.screen.values()) == told.anew() == as_json(told.board.shown)
