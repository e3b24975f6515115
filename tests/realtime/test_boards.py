"""Boards of one process, on virtual time: when screens are told what, and what they are not told."""

import asyncio
from itertools import pairwise
from unittest.mock import patch

import pytest
from django.db import OperationalError
from hypothesis import given, settings
from hypothesis import strategies as st

from bookings.api import NotFound, NotReady
from realtime.boards import theatre_board
from realtime.boards.board import Listing
from realtime.protocol import CloseCode
from tests.support.boards import HOUR_MS, AScreen, FakeTheatre, a_listing, fake_theatre
from tests.support.guards import unless, with_and_without_guard
from tests.support.virtual_time import VirtualTimeLoop, virtual_ms, virtually


def two_shows() -> list[Listing]:
    return [
        a_listing(1, starts_ms=virtual_ms() + HOUR_MS),
        a_listing(2, starts_ms=virtual_ms() + 3 * HOUR_MS, screen="Audi 2"),
    ]


def now() -> float:
    return asyncio.get_running_loop().time()


async def changes_from(theatre: FakeTheatre, screen: AScreen, *, seconds: float) -> list[float]:
    """When frames of changes came, in a rush of clicks that lasts so long."""
    times: list[float] = []
    until = now() + seconds
    said = len(screen.writer.frames)
    place = 0
    while now() < until:
        theatre.rooms.room(1).set("HA"[place // 90 % 2], at=place % 90)
        place += 1
        await asyncio.sleep(0.004)
        if len(screen.writer.frames) > said:
            said = len(screen.writer.frames)
            times.append(now())
    return times


class TestAScreen:
    @virtually
    async def test_is_shown_the_whole_board_first(self) -> None:
        async with fake_theatre(*two_shows()) as theatre:
            screen = await theatre.screen()

            (board,) = screen.messages
            assert board["type"] == "board"
            assert board["theatre"] == {
                "slug": "cauvery",
                "name": "Cauvery",
                "city": "Bengaluru",
                "time_zone": "Asia/Kolkata",
            }
            assert [(show["id"], show["available"], show["status"]) for show in board["shows"]] == [
                (1, 100, "open"),
                (2, 100, "open"),
            ]

    @virtually
    async def test_is_told_at_once_of_a_first_change(self) -> None:
        async with fake_theatre(*two_shows()) as theatre:
            screen = await theatre.screen()
            await asyncio.sleep(0.5)
            began = now()
            theatre.rooms.room(2).set("BBH")
            await asyncio.sleep(0)
            await asyncio.sleep(0)

            (changes,) = screen.of("board.changes")
            assert now() == began
            assert [(show["id"], show["available"], show["held"]) for show in changes["shows"]] == [(2, 97, 1)]

    @with_and_without_guard
    @virtually
    async def test_is_told_four_times_a_second_at_most(self, guarded: bool) -> None:
        with unless(guarded, patch.object(theatre_board, "CHANGES_EVERY_SECONDS", 0.0)):
            async with fake_theatre(*two_shows()) as theatre:
                times = await changes_from(theatre, await theatre.screen(), seconds=3)

        if not guarded:
            assert len(times) > 100
        else:
            assert 10 <= len(times) <= 13
            assert all(later - earlier > 0.25 for earlier, later in pairwise(times))
            # A fifth comes well after a second, however a line jolts.
            assert all(fifth - first > 1.02 for first, fifth in zip(times, times[4:], strict=False))

    @virtually
    async def test_is_not_told_of_what_comes_to_nothing(self) -> None:
        async with fake_theatre(*two_shows()) as theatre:
            screen = await theatre.screen()
            await asyncio.sleep(0.5)
            theatre.rooms.room(1).set("H")
            theatre.rooms.room(1).set("A")
            await asyncio.sleep(1)

            assert screen.of("board.changes") == []

    @virtually
    async def test_hears_every_five_seconds_that_the_line_lives(self) -> None:
        async with fake_theatre(*two_shows()) as theatre:
            screen = await theatre.screen()
            await asyncio.sleep(21)

            beats = screen.of("board.changes")
            assert [beat["shows"] for beat in beats] == [[]] * 4

    @virtually
    async def test_that_has_fallen_behind_gets_the_whole_board(self) -> None:
        async with fake_theatre(*two_shows()) as theatre:
            screen = await theatre.screen()
            screen.writer.on_drained = lambda: screen.board.catch_up(screen)  # type: ignore[attr-defined]
            screen.writer.behind = True
            for place in range(5):
                theatre.rooms.room(1).set("B", at=place)
                await asyncio.sleep(0.3)
            assert len(screen.messages) == 1
            screen.writer.drain()

            assert screen.messages[-1]["type"] == "board"
            assert screen.folded[0]["available"] == 95

    @virtually
    async def test_that_stays_behind_is_sent_away(self) -> None:
        async with fake_theatre(*two_shows()) as theatre:
            slow, quick = await theatre.screen(), await theatre.screen()
            slow.writer.behind = True
            theatre.rooms.room(1).set("B")
            await asyncio.sleep(12)

            assert slow.writer.closed_with == CloseCode.TOO_SLOW
            assert quick.writer.closed_with is None


class TestTheProgramme:
    @virtually
    async def test_is_read_once_for_all_screens_and_changes(self) -> None:
        async with fake_theatre(*two_shows()) as theatre:
            screens = [await theatre.screen() for _ in range(20)]
            await changes_from(theatre, screens[0], seconds=6)

            assert theatre.reads == 1
            assert all(screen.folded == screens[0].folded for screen in screens)

    @virtually
    async def test_is_read_again_when_the_catalogue_has_changed(self) -> None:
        async with fake_theatre(*two_shows()) as theatre:
            screen = await theatre.screen()
            first, _ = theatre.listings
            theatre.list(first, a_listing(9, starts_ms=virtual_ms() + HOUR_MS, screen="Audi 3"))
            await asyncio.sleep(3)

            assert [show["id"] for show in screen.folded] == [1, 9]
            assert screen.messages[-1]["type"] == "board"
            assert theatre.rooms.room(2).viewers == set()
            assert theatre.reads == 2

    @virtually
    async def test_stays_while_redis_cannot_say_whether_it_changed(self) -> None:
        async with fake_theatre(*two_shows()) as theatre:
            await theatre.screen()
            theatre.stamp = None
            await asyncio.sleep(100)
            assert theatre.reads == 1
            await asyncio.sleep(250)

            assert theatre.reads == 2

    @virtually
    async def test_rolls_over_at_the_theatres_midnight(self) -> None:
        async with fake_theatre(*two_shows()) as theatre:
            screen = await theatre.screen()
            theatre.until_ms = virtual_ms() + 36 * HOUR_MS
            theatre.listings = [a_listing(3, starts_ms=virtual_ms() + 20 * HOUR_MS)]
            screen.board.programme = screen.board.programme.__class__(  # type: ignore[attr-defined]
                screen.board.programme.theatre,  # type: ignore[attr-defined]
                screen.board.programme.listings,  # type: ignore[attr-defined]
                virtual_ms() + 10_000,
            )
            await asyncio.sleep(9)
            assert [show["id"] for show in screen.folded] == [1, 2]
            await asyncio.sleep(2.5)

            assert [show["id"] for show in screen.folded] == [3]

    @virtually
    async def test_that_postgresql_cannot_tell_is_read_again_until_it_can(self) -> None:
        async with fake_theatre(*two_shows()) as theatre:
            screen = await theatre.screen()
            theatre.refuse = OperationalError("gone")
            theatre.list(a_listing(9, starts_ms=virtual_ms() + HOUR_MS))
            await asyncio.sleep(6)
            assert [show["id"] for show in screen.folded] == [1, 2]
            theatre.refuse = None
            await asyncio.sleep(2.5)

            assert [show["id"] for show in screen.folded] == [9]

    @virtually
    async def test_of_no_theatre_is_not_found_and_asked_again(self) -> None:
        async with fake_theatre() as theatre:
            for _ in range(2):
                with pytest.raises(NotFound):
                    await theatre.boards.enter("nowhere", AScreen())

            assert theatre.reads == 2

    @virtually
    async def test_of_a_theatre_that_is_gone_sends_its_screens_away(self) -> None:
        async with fake_theatre(*two_shows()) as theatre:
            screen = await theatre.screen()
            theatre.refuse = NotFound("There is no such theatre.")
            theatre.stamp = "another"
            await asyncio.sleep(3)

            assert screen.writer.closed_with == CloseCode.NO_SUCH_SHOW
            assert theatre.rooms.room(1).viewers == set()


class TestShows:
    @virtually
    async def test_start_by_the_clock(self) -> None:
        async with fake_theatre(a_listing(1, starts_ms=virtual_ms() + 10_000)) as theatre:
            screen = await theatre.screen()
            await asyncio.sleep(9.5)
            assert screen.folded[0]["status"] == "open"
            await asyncio.sleep(2)

            assert screen.folded[0]["status"] == "started"

    @virtually
    async def test_that_are_over_are_not_listened_to(self) -> None:
        async with fake_theatre(a_listing(1, starts_ms=virtual_ms() - 2 * HOUR_MS + 5_000)) as theatre:
            screen = await theatre.screen()
            theatre.rooms.room(1).set("BB")
            await asyncio.sleep(7)

            assert theatre.rooms.room(1).viewers == set()
            assert screen.folded[0]["available"] == 98

    @virtually
    async def test_that_cannot_be_counted_come_when_they_can(self) -> None:
        async with fake_theatre(*two_shows(), not_ready={2: True}) as theatre:
            screen = await theatre.screen()
            assert [show["id"] for show in screen.folded] == [1]
            theatre.rooms.not_ready.clear()
            await asyncio.sleep(4)

            assert [show["id"] for show in screen.folded] == [1, 2]

    @virtually
    async def test_of_which_none_can_be_counted_make_the_board_not_ready(self) -> None:
        async with fake_theatre(*two_shows(), not_ready={1: True, 2: True}) as theatre:
            with pytest.raises(NotReady):
                await theatre.screen()


class TestABoardThatIsBehind:
    @virtually
    async def test_would_lie_if_it_did_not_look(self) -> None:
        with patch.object(theatre_board, "UNCONFIRMED_SECONDS_MAX", float("inf")):
            async with fake_theatre(*two_shows()) as theatre:
                screen = await theatre.screen()
                theatre.rooms.room(2).last_confirmed_at = now()
                await asyncio.sleep(20)

        assert screen.of("notice") == []
        assert len(screen.of("board.changes")) >= 3

    @virtually
    async def test_says_so_and_falls_silent_until_it_is_true_again(self) -> None:
        async with fake_theatre(*two_shows()) as theatre:
            screen = await theatre.screen()
            theatre.rooms.room(2).last_confirmed_at = now()
            await asyncio.sleep(20)
            silent = [message["type"] for message in screen.messages[1:]]
            last_word = screen.messages[-1]
            late = await theatre.screen()
            theatre.rooms.room(2).last_confirmed_at = None
            await asyncio.sleep(7)

            # A heartbeat in the first seconds, when nothing was amiss yet, and none after the notice.
            assert silent in (["notice"], ["board.changes", "notice"])
            assert last_word["code"] == "updates_delayed"
            assert [message["type"] for message in late.messages[:2]] == ["board", "notice"]
            assert [notice["code"] for notice in screen.of("notice")] == ["updates_delayed", "updates_live"]
            assert screen.messages[-1] == {**screen.messages[-1], "type": "board.changes", "shows": []}

    @virtually
    async def test_says_so_while_pictures_come_from_postgresql(self) -> None:
        async with fake_theatre(*two_shows()) as theatre:
            screen = await theatre.screen()
            theatre.rooms.office.live = False
            await asyncio.sleep(12)

            assert [notice["code"] for notice in screen.of("notice")] == ["updates_delayed"]
            assert screen.of("board.changes")


class TestAnEmptyBoard:
    @virtually
    async def test_is_kept_for_a_minute_and_then_leaves_its_rooms(self) -> None:
        async with fake_theatre(*two_shows()) as theatre:
            screen = await theatre.screen()
            theatre.leave(screen)
            await asyncio.sleep(50)
            theatre.leave(await theatre.screen())
            assert theatre.reads == 1
            await asyncio.sleep(61)

            assert theatre.rooms.room(1).viewers == set()
            await theatre.screen()
            assert theatre.reads == 2


CLICKS = st.lists(
    st.tuples(st.integers(1, 3), st.integers(0, 99), st.sampled_from("AHBX"), st.integers(0, 400)), max_size=60
)


class TestCoalescing:
    @settings(max_examples=30, deadline=None)
    @given(clicks=CLICKS, comes_after=st.integers(0, 60))
    def test_leaves_every_screen_with_the_board_read_anew(
        self, clicks: list[tuple[int, int, str, int]], comes_after: int
    ) -> None:
        async def run() -> None:
            shows = [a_listing(show, starts_ms=virtual_ms() + 5_000 * show) for show in (1, 2, 3)]
            async with fake_theatre(*shows) as theatre:
                screens = [await theatre.screen()]
                for number, (show, seat, state, wait_ms) in enumerate(clicks):
                    theatre.rooms.room(show).set(state, at=seat)
                    if wait_ms > 100:
                        await asyncio.sleep(wait_ms / 1000)
                    if number == comes_after:
                        screens.append(await theatre.screen())
                await asyncio.sleep(2)

                anew = await theatre.screen()
                for screen in screens:
                    assert screen.folded == anew.folded
                for entry in anew.folded:
                    states = theatre.rooms.room(entry["id"]).map.states
                    assert (entry["available"], entry["held"]) == (states.count(b"A"), states.count(b"H"))

        with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
            runner.run(run())
