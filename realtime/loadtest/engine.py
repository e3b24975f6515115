"""A run from beginning to end: seat everybody, let them play, bring them to rest, judge, report."""

import asyncio
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from realtime.loadtest import checks, together
from realtime.loadtest.api import Api, NotServed
from realtime.loadtest.ceiling import Ceiling, measure_ceiling
from realtime.loadtest.checks import Clock
from realtime.loadtest.crew import Crew, RunFailed
from realtime.loadtest.evidence import Breach, Evidence, FinalMap, SeenPicture
from realtime.loadtest.frames import Show, Snapshot
from realtime.loadtest.orders import (
    Assignment,
    CameBack,
    ComeBack,
    Done,
    GiveBack,
    Played,
    Ready,
    Settle,
    Settled,
    Start,
    Stop,
)
from realtime.loadtest.progress import Progress
from realtime.loadtest.scenarios import Scenario
from realtime.loadtest.seat_map import SeatMap

POLL_SECONDS: Final = 2.0
# From the last process being ready to the common start.
START_SECONDS: Final = 0.3
# A show at rest is at rest soon; expiries may still be on their way.
REST_TRIES_MAX: Final = 8
REST_SECONDS: Final = 0.5
CLOCK_READINGS: Final = 5
# A picture that may become evidence is cut here: a long run sees many.
PICTURE_CHARACTERS_MAX: Final = 2_000


@dataclass(frozen=True, slots=True)
class Settings:
    """What was asked for. `url` is the house; `show_id` None: the next one that is on sale."""

    url: str
    scenario: Scenario
    viewers: int
    grabbers: int
    duration_seconds: float
    rate: float
    seed: int
    processes: int = 1
    show_id: int | None = None
    with_ceiling: bool = True


@dataclass(frozen=True, slots=True)
class Server:
    """What serves there, as it says itself, and which Housefull."""

    name: str
    version: str | None


@dataclass(slots=True)
class Run:
    """All that a run has found, until now or in the end."""

    settings: Settings
    show: Show
    server: Server
    began: datetime
    before: SeatMap
    ceiling: Ceiling | None
    progress: Progress
    clock: Clock = field(default_factory=lambda: Clock(0.0))
    # When everybody began (monotonic clock); None: it never came to that.
    start_at: float | None = None
    evidence: Evidence = field(default_factory=Evidence)
    results: list[Done] = field(default_factory=list)
    hold_seconds: float | None = None
    ended: datetime | None = None
    interrupted: bool = False
    at_rest: bool = False
    notes: list[str] = field(default_factory=list)


async def run(settings: Settings, say: Callable[[str], None]) -> Run:
    """Do it. Raises RunFailed where it cannot begin or go on; Ctrl-C ends it early, with what was found."""
    async with Api(settings.url) as api:
        try:
            return await _Engine(settings, api, say).run()
        except NotServed as error:
            raise RunFailed(error.code, error.detail) from error


class _Engine:
    def __init__(self, settings: Settings, api: Api, say: Callable[[str], None]) -> None:
        self._settings = settings
        self._api = api
        self._say = say
        # What HTTP showed last.
        self._picture: SeatMap | None = None

    async def run(self) -> Run:
        settings = self._settings
        show_id = settings.show_id if settings.show_id is not None else await self._api.next_open_show()
        show = await self._api.show(show_id)
        snapshot, _ = await self._api.snapshot(show.id)
        server = Server(await self._api.server_name(), await self._api.version())
        self._say(
            f"{settings.scenario.name} on show {show.id}: {show.movie}, {show.theatre}, {show.screen},"
            f" {len(show.seats):,} seats ({snapshot.states.count('A'):,} free)\n"
            f"{settings.viewers:,} viewers, {settings.grabbers:,} grabbers, {settings.duration_seconds:g} s,"
            f" seed {settings.seed}, {settings.processes} generator"
            f" process{'es' if settings.processes > 1 else ''}; the house runs on {server.name}"
        )
        ceiling = None
        if settings.with_ceiling:
            ceiling = await measure_ceiling()
            self._say(f"ceiling of one generator process: {ceiling.as_text()}")
        found = Run(
            settings=settings,
            show=show,
            server=server,
            began=datetime.now(UTC),  # noqa: TID251  # the run begins now: it is a command
            before=checks.map_of(snapshot),
            ceiling=ceiling,
            progress=Progress(settings.processes, self._say),
        )
        await self._play(found)
        found.ended = datetime.now(UTC)  # noqa: TID251
        return found

    async def _play(self, found: Run) -> None:
        settings = self._settings
        async with Crew(found.progress.take) as crew:
            await crew.hire(
                [
                    Assignment(
                        url=settings.url,
                        show_id=found.show.id,
                        scenario=settings.scenario.name,
                        seed=settings.seed,
                        viewers=settings.viewers,
                        grabbers=settings.grabbers,
                        duration_seconds=settings.duration_seconds,
                        rate=settings.rate,
                        part=part,
                        parts=settings.processes,
                        may_pay=True,
                    )
                    for part in range(settings.processes)
                ]
            )
            with _Interrupts(asyncio.current_task()) as interrupts:
                ready = await crew.expect(Ready)
                self._say(f"{sum(report.sockets for report in ready):,} sockets are open")
                found.clock = await self._read_clock(found.show.id)
                interrupts.then(lambda: self._interrupt(found, crew))
                found.start_at = time.monotonic() + START_SECONDS
                crew.order(Start(found.start_at, found.clock.offset_ms, found.clock.uncertainty_ms))
                watching = asyncio.create_task(self._watch_over_http(found))
                try:
                    await crew.expect(Played)
                finally:
                    watching.cancel()
                    with suppress(asyncio.CancelledError):
                        await watching
                await self._judge(found, crew)

    def _interrupt(self, found: Run, crew: Crew) -> None:
        found.interrupted = True
        self._say("\nstopping: everybody is brought to rest and the maps are compared; Ctrl-C again ends at once")
        crew.order(Stop())

    async def _read_clock(self, show_id: int) -> Clock:
        """The server's clock against ours, by the quickest of a few snapshots."""
        best = Clock(0.0, float("inf"))
        for _ in range(CLOCK_READINGS):
            asked_at = time.monotonic()
            snapshot, _ = await self._api.snapshot(show_id)
            answered_at = time.monotonic()
            uncertainty_ms = (answered_at - asked_at) * 500 + 1
            if uncertainty_ms < best.uncertainty_ms:
                best = Clock(snapshot.server_ms - (asked_at + answered_at) * 500, uncertainty_ms)
        return best

    # --- while it is played

    async def _watch_over_http(self, found: Run) -> None:
        """Look at the show over HTTP now and then, as clients without sockets do, and at the server's processor."""
        while True:
            try:
                snapshot, text = await self._api.snapshot(found.show.id)
                found.progress.server_processor(await self._api.processor_seconds(), time.monotonic())
            except NotServed as error:
                found.progress.error(error.code, error.detail)
            else:
                self._look(found, snapshot, text)
            await asyncio.sleep(POLL_SECONDS)

    def _look(self, found: Run, snapshot: Snapshot, text: str) -> SeatMap:
        """A picture over HTTP: as a map, later than the last, without holds that are over."""
        now, last, evidence = checks.map_of(snapshot), self._picture, found.evidence
        self._picture = now
        evidence.look("versions")
        if last is not None and last.epoch == now.epoch and now.version < last.version:
            summary = f"over HTTP the show was at version {last.version} and then at {now.version}"
            evidence.note(Breach("versions", summary, snapshot.server_ms, ("http",), (text,)))
        evidence.look("deadline", len(now.holds))
        for index in checks.overdue(now, snapshot.server_ms):
            seconds = (snapshot.server_ms - now.holds[index]) / 1000
            summary = f"over HTTP {found.show.seats[index].label} is still held {seconds:.1f} s after its deadline"
            evidence.note(Breach("deadline", summary, snapshot.server_ms, ("http",), (text,)))
        evidence.pictures.append(
            SeenPicture(f"{now.epoch} {now.version}", now.digest, snapshot.server_ms, text[:PICTURE_CHARACTERS_MAX])
        )
        return now

    # --- at rest

    async def _judge(self, found: Run, crew: Crew) -> None:
        """Bring the show to rest, compare everything with everything, give back, compare again."""
        before, final, rest_ms, text, maps = await self._bring_to_rest(found, crew)
        crew.order(ComeBack())
        mine = [told for report in await crew.expect(CameBack) for told in report.mine]
        crew.order(GiveBack())
        found.results = await crew.expect(Done)
        last, last_text = await self._api.snapshot(found.show.id)
        after = self._look(found, last, last_text)
        evidence = found.evidence
        for done in found.results:
            evidence.add(done.result.evidence)
        evidence.maps, evidence.mine = maps, mine
        if evidence.grants:
            found.hold_seconds = _hold_seconds(found, evidence)
        index_of = {seat.label: index for index, seat in enumerate(found.show.seats)}
        labels = [seat.label for seat in found.show.seats]
        clock = found.clock
        for breaches in (
            checks.check_one_holder(evidence, clock),
            checks.check_all_or_none(evidence, clock),
            checks.check_deadlines_of_grants(evidence, clock),
            checks.check_mine(evidence, clock),
            checks.check_versions_of_grants(evidence, clock),
            checks.check_pictures(evidence),
            checks.check_final_maps(evidence, before, final, text, rest_ms, found.show.seats),
            checks.check_kept_at_rest(evidence, clock, final, rest_ms, index_of),
            checks.check_nothing_left(evidence, clock, found.before, after, last.server_ms, labels),
            together.check_best_together(evidence, clock, found.before, final, found.show.seats)
            if found.settings.scenario.name == checks.BEST_TOGETHER
            else iter(()),
        ):
            for breach in breaches:
                evidence.note(breach)

    async def _bring_to_rest(self, found: Run, crew: Crew) -> tuple[SeatMap, SeatMap, int, str, list[FinalMap]]:
        """Bring all maps up to date until they and HTTP are at one version; the last try counts.

        What HTTP showed before and shows after, when (server's ms) and in which words; and the maps of the clients.
        """
        snapshot, text = await self._api.snapshot(found.show.id)
        final = self._look(found, snapshot, text)
        for attempt in range(1, REST_TRIES_MAX + 1):
            before = final
            crew.order(Settle())
            reports = await crew.expect(Settled)
            snapshot, text = await self._api.snapshot(found.show.id)
            final = self._look(found, snapshot, text)
            maps = [seat_map for report in reports for seat_map in report.maps]
            if all((seat_map.epoch, seat_map.version) == (final.epoch, final.version) for seat_map in maps):
                found.at_rest = True
                break
            if attempt < REST_TRIES_MAX:
                await asyncio.sleep(REST_SECONDS)
        if missing := sum(report.missing for report in reports):
            found.notes.append(f"{missing} sockets could not be brought up to date at the end")
        return before, final, snapshot.server_ms, text, maps


def _hold_seconds(found: Run, evidence: Evidence) -> float:
    """How long a hold lasts there: from the first grant of a booking to its deadline."""
    first = min(evidence.grants, key=lambda grant: grant.answered_at)
    return round((first.expires_ms - found.clock.server_ms(first.asked_at)) / 1000)


class _Interrupts:
    """Ctrl-C: cancels the run until there is something better to do; the second time always."""

    def __init__(self, task: asyncio.Task[Any] | None) -> None:
        self._task = task
        self._act: Callable[[], None] | None = None

    def then(self, act: Callable[[], None]) -> None:
        """From now on the first Ctrl-C does this."""
        self._act = act

    def hear(self) -> None:
        act, self._act = self._act, None
        if act is not None:
            act()
        elif self._task is not None:
            self._task.cancel()

    def __enter__(self) -> "_Interrupts":
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, self.hear)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)
