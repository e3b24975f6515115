"""Where a scenario is played: the people of one process, the time, and the numbers it wants to report."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Final

from realtime.loadtest.api import Api, NotServed
from realtime.loadtest.frames import TOO_MANY_CODE
from realtime.loadtest.grabbers import Grabber
from realtime.loadtest.parallel import in_parallel
from realtime.loadtest.sockets import CANNOT_CONNECT, Socket
from realtime.loadtest.wishes import Popularity, spread
from realtime.loadtest.world import World

GUESTS_AT_ONCE: Final = 16
CONNECTIONS_AT_ONCE: Final = 100
# Before the start, who has not been let in by then will not be.
SEATED_WITHIN_SECONDS: Final = 15.0


class Stage:
    """One process's share of a run: its viewers and grabbers by their numbers in the whole run."""

    def __init__(
        self,
        world: World,
        api: Api,
        *,
        viewers: int,
        grabbers: int,
        part: int,
        parts: int,
        on_ready: Callable[[], Awaitable[float]],
    ) -> None:
        self.world = world
        self.api = api
        self.part = part
        self.parts = parts
        self.grabbers_total = grabbers
        self.viewer_numbers = spread(viewers, parts, part)
        self.grabber_numbers = spread(grabbers, parts, part)
        self.popularity = Popularity(world.show.seats)
        self.viewers: list[Socket] = []
        self.grabbers: list[Grabber] = []
        self.findings: dict[str, list[float]] = {}
        self._on_ready = on_ready
        # Whether payments go to the emulated Razorpay, which is where play money is.
        self.may_pay = True
        # Known when everybody is seated.
        self.start_at = 0.0
        self.duration_seconds = 0.0
        self.rate = 0.0
        self._people: set[asyncio.Task[None]] = set()

    # --- who is there

    async def seat(self, *, viewers: bool = True, grabbers: bool = True) -> None:
        """Connect this process's viewers and grabbers and wait until each knows where he is. Raises NotServed."""
        if viewers:
            self.viewers = [Socket(self.world, f"v{number}") for number in self.viewer_numbers]
            await self._watched(self.viewers)
        if grabbers:
            self.grabbers = await self.new_grabbers([f"g{number}" for number in self.grabber_numbers])

    async def _watched(self, sockets: list[Socket]) -> None:
        # Without cookies and Origin a socket needs a token; viewers may share some, as one person has many tabs.
        tokens: list[str] = []

        async def become_guest() -> None:
            tokens.append(await self.api.guest())

        await in_parallel([become_guest] * min(len(sockets), max(1, len(sockets) // 10)), at_once=GUESTS_AT_ONCE)
        for place, socket in enumerate(sockets):
            socket.token = tokens[place % len(tokens)]
        await self.connect(sockets)

    async def new_grabbers(self, names: Iterable[str]) -> list[Grabber]:
        """People with identities of their own, connected. Raises NotServed."""
        grabbers: list[Grabber] = []

        async def become(name: str) -> None:
            grabbers.append(Grabber(self.world, self.api, name, await self.api.guest()))

        await in_parallel([partial(become, name) for name in names], at_once=GUESTS_AT_ONCE)
        await self.connect([grabber.socket for grabber in grabbers])
        return sorted(grabbers, key=lambda grabber: int(grabber.client.lstrip("gb").split(".")[0]))

    async def connect(self, sockets: Iterable[Socket]) -> None:
        """Open all of these. Raises NotServed when one is not let in: what it would have seen would be missed."""

        async def open_one(socket: Socket) -> None:
            random = self.world.random(f"{socket.client}/connect")
            let_in = await socket.connect_patiently(random, within_seconds=SEATED_WITHIN_SECONDS)
            if not let_in and not self.stopped:
                raise _not_let_in(socket)

        await in_parallel([partial(open_one, socket) for socket in sockets], at_once=CONNECTIONS_AT_ONCE)

    def grabber(self, number: int) -> Grabber | None:
        """The grabber with this number in the whole run; None: he is in another process."""
        place, elsewhere = divmod(number - self.part, self.parts)
        return None if elsewhere else self.grabbers[place]

    def every_viewer(self, step: int, *, first: int = 0) -> list[Socket]:
        """Every so many-th of the whole run's viewers; those of this process."""
        numbered = zip(self.viewer_numbers, self.viewers, strict=True)
        return [socket for number, socket in numbered if number % step == first]

    async def ready(self) -> None:
        """Everybody is seated: wait for the start that all processes have in common."""
        self.start_at = self.world.began_at = await self._on_ready()

    # --- time

    @property
    def end_at(self) -> float:
        """When the run is over."""
        return self.start_at + self.duration_seconds

    @property
    def over(self) -> bool:
        """Whether nothing new should begin."""
        return self.stopped or time.monotonic() >= self.end_at

    async def until(self, at: float) -> bool:
        """Wait for this time; False: the run was stopped before it came."""
        wait_seconds = at - time.monotonic()
        return not (await self.world.stops_within(wait_seconds) if wait_seconds > 0 else self.stopped)

    @property
    def stopped(self) -> bool:
        """Whether the run was ended early."""
        return self.world.stopped.is_set()

    def stop(self) -> None:
        """End the run early."""
        self.world.stopped.set()

    def go(self, person: Awaitable[None]) -> None:
        """Let somebody act on his own."""
        task = asyncio.ensure_future(self._watched_person(person))
        self._people.add(task)
        task.add_done_callback(self._people.discard)

    async def _watched_person(self, person: Awaitable[None]) -> None:
        try:
            await person
        except (NotServed, *CANNOT_CONNECT) as error:
            # His connection or a call of his failed: that is a finding of the run, not its end.
            self.world.tally.error(getattr(error, "code", "no_answer"), str(error))

    async def everybody_done(self) -> None:
        """Wait for all who act on their own."""
        while self._people:
            await asyncio.gather(*self._people)

    async def every(
        self, seconds: float, act: Callable[[int, float], Awaitable[None]], *, turns: Iterable[int]
    ) -> None:
        """An open loop: turn k is due at start + k × seconds and does not wait for those before it."""
        for turn in turns:
            due = self.start_at + turn * seconds
            if due >= self.end_at or not await self.until(due):
                break
            self.go(act(turn, due))
        await self.everybody_done()

    # --- numbers

    def found(self, name: str, value: float) -> None:
        """A number of the scenario's own."""
        self.findings.setdefault(name, []).append(value)


def _not_let_in(socket: Socket) -> NotServed:
    if socket.close_code == TOO_MANY_CODE:
        return NotServed(
            429, "too_many_sockets", f"{socket.client} was turned away: too many sockets of this address"
        )
    _, why = socket.world.tally.errors.get("not_connected", (0, f"closed with {socket.close_code}"))
    return NotServed(0, "not_connected", f"the socket of {socket.client} was not let in: {why}")
