"""A box office and a channel layer in memory, for interleavings that the real ones cannot be made to show.

The office keeps one show as Redis would and says each change to its layer; the layer can lose, repeat and swap
what it carries. Neither knows anything of PostgreSQL. Tests of what sockets get over real servers do not use it.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from bookings.api import HoldRecord, NotFound, NotReady, Picture

HOLD_MS = 600_000


def _nobody_listens(*_: Any) -> None:
    raise AssertionError("nothing is attached to the layer")


class FakeLayer:
    """Groups of one process. `carry` decides what becomes of a message: a list of those that arrive now."""

    def __init__(self) -> None:
        self.handler: Callable[[dict[str, Any]], None] = _nobody_listens
        self.restored: Callable[[], None] = _nobody_listens
        self.groups: set[str] = set()
        self.carry: Callable[[dict[str, Any]], list[dict[str, Any]]] = lambda message: [message]
        self.deaf = False

    def attach(self, channel: str, handler: Any, *, on_restored: Any) -> None:
        self.handler, self.restored = handler, on_restored

    async def new_channel(self) -> str:
        return "channel"

    async def group_add(self, group: str, channel: str) -> None:
        self.groups.add(group)

    async def group_discard(self, group: str, channel: str) -> None:
        self.groups.discard(group)

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        if group in self.groups and not self.deaf:
            self.handler(message)

    async def receive(self, channel: str) -> dict[str, Any]:
        raise AssertionError("messages are handed over")

    def publish(self, show_id: int, message: dict[str, Any]) -> None:
        """Carry a message to the process, if it listens."""
        for arriving in self.carry(message):
            if f"show.{show_id}" in self.groups and not self.deaf:
                self.handler(arriving)


class StoreAway(Exception):
    """As the seat store's own, which realtime cannot name."""


def _refuse() -> Any:
    raise StoreAway("Redis is not there")


class FakePlan:
    def __init__(self, seats: int) -> None:
        self.labels = tuple(f"A{number}" for number in range(1, seats + 1))


class FakeOffice:
    """One show of plain seats, changed by the test. `now_ms` is Redis' clock."""

    def __init__(self, layer: FakeLayer, *, now_ms: Callable[[], int], seats: int = 40, show_id: int = 24) -> None:
        self.layer = layer
        self.now_ms = now_ms
        self.show_id = show_id
        self.epoch, self.version = "k3f9", 1
        self.states = ["A"] * seats
        self.holds: dict[str, HoldRecord] = {}
        self.live = True
        self.ready = True
        self.pictures = self.reaps = self.orphan_releases = 0
        self.reaps_refused = self.positions_broken = 0
        self.before_picture: Callable[[], None] = lambda: None
        self.after_picture: Callable[[], None] = lambda: None
        self._listeners: list[Callable[[bool], None]] = []

    # --- what rooms ask

    def on_mode_change(self, listener: Callable[[bool], None]) -> None:
        self._listeners.append(listener)

    async def plan(self, show_id: int) -> FakePlan:
        if show_id != self.show_id:
            raise NotFound("There is no such show.")
        return FakePlan(len(self.states))

    async def picture(self, show_id: int) -> Picture:
        self.pictures += 1
        await asyncio.sleep(0.001)
        if not self.ready:
            raise NotReady
        self.before_picture()
        picture = self.truth
        self.after_picture()
        await asyncio.sleep(0.001)
        return picture

    async def positions(self, show_ids: Sequence[int]) -> dict[int, tuple[str, int] | None]:
        await asyncio.sleep(0.001)
        if self.positions_broken:
            self.positions_broken -= 1
            # One as the seat store raises it, the other as only a mistake would.
            return {} if self.positions_broken else _refuse()
        return {show_id: (self.epoch, self.version) if self.ready else None for show_id in show_ids}

    async def reap(self, show_id: int) -> int:
        self.reaps += 1
        if self.reaps_refused:
            self.reaps_refused -= 1
            raise NotReady
        await asyncio.sleep(0.001)
        self.end_due()
        return 0

    async def release_orphans(self, show_id: int) -> None:
        self.orphan_releases += 1
        self.end(*[hold.holder for hold in self.holds.values() if not hold.committed])

    # --- what happens in Redis

    @property
    def truth(self) -> Picture:
        """The picture as it is."""
        return Picture(
            show_id=self.show_id,
            epoch=self.epoch,
            version=self.version,
            server_ms=self.now_ms(),
            states="".join(self.states),
            holds=tuple(self.holds.values()),
        )

    @property
    def seen(self) -> tuple[str, int, str, dict[int, int]]:
        """The truth, as FoldedMap.picture has it."""
        return self.epoch, self.version, "".join(self.states), self.truth.deadlines()

    def hold(self, holder: str, *seats: int, hold_ms: int = HOLD_MS, committed: bool = True) -> HoldRecord:
        """Seats of a new hold turn H; its holder is told unless PostgreSQL has not heard of it."""
        now_ms = self.now_ms()
        hold = HoldRecord(f"b-{holder}", holder, now_ms + hold_ms, 25_000 * len(seats), seats, committed, now_ms)
        self.holds[holder] = hold
        self.change([(seat, "H", hold.expires_ms) for seat in seats])
        if committed:
            self.say_mine(holds=[hold])
        return hold

    def end(self, *holders: str) -> None:
        """These holds end and their seats are free."""
        ended = [self.holds.pop(holder) for holder in holders]
        if ended:
            self.change([(seat, "A") for hold in ended for seat in hold.seats])
            self.say_mine(ended=ended)

    def end_due(self) -> None:
        """Every hold past its deadline ends."""
        self.end(*[hold.holder for hold in self.holds.values() if hold.expires_ms <= self.now_ms()])

    def book(self, *seats: int) -> None:
        """Seats turn B."""
        self.change([(seat, "B") for seat in seats])

    def change(self, changes: list[tuple[Any, ...]]) -> None:
        """One step of the version, published."""
        for seat, state, *_ in changes:
            self.states[seat] = state
        self.version += 1
        self.say(
            "show.changes",
            epoch=self.epoch,
            **{"from": self.version - 1},
            version=self.version,
            ms=self.now_ms(),
            changes=[list(change) for change in changes],
        )

    def say_mine(self, *, holds: Sequence[HoldRecord] = (), ended: Sequence[HoldRecord] = ()) -> None:
        """Holders' own news."""
        self.say(
            "show.mine",
            holds=[
                {
                    "holder": hold.holder,
                    "booking": hold.booking,
                    "status": "pending",
                    "expires_ms": hold.expires_ms,
                    "amount_paise": hold.amount_paise,
                    "seats": list(hold.seats),
                }
                for hold in holds
            ],
            ended=[{"holder": hold.holder, "booking": hold.booking} for hold in ended],
        )

    def say(self, kind: str, **fields: Any) -> None:
        """Publish to the show's group."""
        self.layer.publish(self.show_id, {"type": kind, "show": self.show_id, **fields})

    def rebuild(self, *, epoch: str) -> None:
        """Redis lost the show and got it back under a new epoch."""
        self.epoch, self.version = epoch, 1
        self.say("show.rebuilt", epoch=epoch)

    def change_mode(self, *, live: bool) -> None:
        """Redis is lost, or back."""
        self.live = live
        for listener in self._listeners:
            listener(live)
