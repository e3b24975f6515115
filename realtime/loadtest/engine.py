"""A run from beginning to end: seat everybody, let them play, bring them to rest, judge, report."""

import asyncio
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from realtime.loadtest import checks
from realtime.loadtest.api import Api, NotServed
from realtime.loadtest.ceiling import measure_ceiling
from realtime.loadtest.checks import Clock
from realtime.loadtest.crew import Crew, RunFailed
from realtime.loadtest.evidence import Breach, Evidence, FinalMap, SeenPicture
from realtime.loadtest.found import Look, Rest, Run, Server, Settings
from realtime.loadtest.frames import Snapshot
from realtime.loadtest.judge import judge
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
from realtime.loadtest.seat_map import SeatMap

POLL_SECONDS: Final = 2.0
# From the last process being ready to the common start.
START_SECONDS: Final = 0.3
# A show at rest is at rest soon; expiries may still be on their way.
REST_TRIES_MAX: Final = 8
REST_SECONDS: Final = 0.5
# One reply that is lost is not the end of a run.
LOOK_TRIES_MAX: Final = 4
LOOK_SECONDS_MAX: Final = 10.0
CLOCK_READINGS: Final = 5
# A picture that may become evidence is cut here: a long run sees many.
PICTURE_CHARACTERS_MAX: Final = 2_000


async def run(settings: Settings, say: Callable[[str], None]) -> Run:
    """Do it. Raises RunFailed where it cannot begin; afterwards, whatever happens, there is what was found."""
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
                    await crew.gather(Played)
                finally:
                    watching.cancel()
                    with suppress(asyncio.CancelledError):
                        await watching
                await self._finish(found, crew)
                for part, error in crew.lost.items():
                    found.fail(f"Generator process {part} was lost, with what it saw ({error.code}: {error.detail}).")

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

    async def _finish(self, found: Run, crew: Crew) -> None:
        """Bring the show to rest, give back, and judge by all that could be had: a breach is one without the rest."""
        rest, maps = await self._bring_to_rest(found, crew)
        crew.order(ComeBack())
        mine = [told for report in await crew.gather(CameBack) for told in report.mine]
        crew.order(GiveBack())
        found.results = await crew.gather(Done)
        after = await self._look_again(found)
        evidence = found.evidence
        for done in found.results:
            evidence.add(done.result.evidence)
        evidence.maps, evidence.mine = maps, mine
        if evidence.grants:
            found.hold_seconds = _hold_seconds(found, evidence)
        judge(found, rest, after)

    async def _bring_to_rest(self, found: Run, crew: Crew) -> tuple[Rest | None, list[FinalMap]]:
        """Bring all maps up to date until they and HTTP are at one version; the last try counts.

        What HTTP showed, None where it did not answer; and the maps of the clients.
        """
        maps: list[FinalMap] = []
        rest: Rest | None = None
        after = await self._look_again(found)
        for attempt in range(1, REST_TRIES_MAX + 1):
            before = after
            crew.order(Settle())
            reports = await crew.gather(Settled)
            maps = [seat_map for report in reports for seat_map in report.maps]
            found.missing = sum(report.missing for report in reports)
            after = await self._look_again(found)
            if before is None or after is None:
                return None, maps
            rest = Rest(before.seat_map, after)
            at = (after.seat_map.epoch, after.seat_map.version)
            # Of no maps at all nothing can be said.
            found.at_rest = bool(maps) and all((seat_map.epoch, seat_map.version) == at for seat_map in maps)
            if found.at_rest or not maps:
                break
            if attempt < REST_TRIES_MAX:
                await asyncio.sleep(REST_SECONDS)
        return rest, maps

    async def _look_again(self, found: Run) -> Look | None:
        """How HTTP shows the show now, after some patience; None: it does not, which is written down."""
        began_at = time.monotonic()
        for attempt in range(1, LOOK_TRIES_MAX + 1):
            try:
                snapshot, text = await self._api.snapshot(found.show.id)
            except NotServed as error:
                found.progress.error(error.code, error.detail)
                if attempt == LOOK_TRIES_MAX or time.monotonic() - began_at > LOOK_SECONDS_MAX:
                    found.fail(f"At rest the house did not show its seats ({error.code}: {error.detail}).")
                    break
                await asyncio.sleep(REST_SECONDS)
            else:
                return Look(self._look(found, snapshot, text), snapshot.server_ms, text)
        return None


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
