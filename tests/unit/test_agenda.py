"""The agenda: things are done at their moment, once each, in order, and never before."""

import asyncio

from realtime.agenda import Agenda
from tests.support.virtual_time import virtual_ms, virtually


class Diary:
    """What was done, and when."""

    def __init__(self) -> None:
        self.done: list[tuple[str, int]] = []
        self.agenda: Agenda[str] = Agenda(now_ms=virtual_ms, do=lambda thing: self.done.append((thing, virtual_ms())))


class TestAgenda:
    @virtually
    async def test_does_things_at_their_moments_in_order(self) -> None:
        diary, begin_ms = Diary(), virtual_ms()
        for thing, in_ms in (("second", 500), ("first", 20), ("third", 600_000)):
            diary.agenda.note(begin_ms + in_ms, thing)

        await asyncio.sleep(700)

        assert [thing for thing, _ in diary.done] == ["first", "second", "third"]
        late_ms = [at_ms - begin_ms - in_ms for (_, at_ms), in_ms in zip(diary.done, (20, 500, 600_000), strict=True)]
        assert all(0 <= late <= 1 for late in late_ms)

    @virtually
    async def test_notes_the_same_thing_at_the_same_moment_once(self) -> None:
        diary, at_ms = Diary(), virtual_ms() + 100
        for _ in range(3):
            diary.agenda.note(at_ms, "once")
        await asyncio.sleep(1)
        diary.agenda.note(at_ms, "once")
        await asyncio.sleep(1)

        assert len(diary.done) == 2

    @virtually
    async def test_does_what_is_past_soon_but_not_at_once(self) -> None:
        diary = Diary()

        diary.agenda.note(virtual_ms() - 1000, "late")
        done_at_once = list(diary.done)
        await asyncio.sleep(0.01)

        assert done_at_once == []
        assert [thing for thing, _ in diary.done] == ["late"]

    @virtually
    async def test_forgets_everything_when_closed(self) -> None:
        diary = Diary()
        diary.agenda.note(virtual_ms() + 10, "never")

        diary.agenda.close()
        await asyncio.sleep(1)

        assert diary.done == []
