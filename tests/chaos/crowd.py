"""Everybody who is in the house: those who look, those who grab, and the gate that lets the grabbers act.

Owns who is here and whether they all see the truth; what they do is in grabbers.py and clients.py.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from tests.chaos.clients import Onlooker
from tests.chaos.grabbers import Grabber
from tests.chaos.judges import map_differs
from tests.chaos.ledger import Ledger
from tests.chaos.truth import Truth

ONLOOKERS: Final = 30
GRABBERS: Final = 20


class Crowd:
    """Onlookers and grabbers spread over shows and web processes. `labels` are the seats of each show."""

    def __init__(
        self, *, labels: Mapping[int, Sequence[str]], houses: Sequence[str], seed: int, ledger: Ledger
    ) -> None:
        self.houses = houses
        self.shows = list(labels)
        self._gate = asyncio.Event()
        self._seed = seed
        self._guests: list[Onlooker] = []
        self._gone: list[Onlooker] = []
        self.onlookers = [self._somebody(f"onlooker {number}", number) for number in range(ONLOOKERS)]
        self.grabbers = []
        for number in range(GRABBERS):
            onlooker = self._somebody(f"grabber {number}", number)
            self.grabbers.append(
                Grabber(
                    onlooker,
                    labels[onlooker.show],
                    ledger=ledger,
                    gate=self._gate,
                    rng=random.Random(f"{seed} acts of {number}"),
                )
            )
        self._acting: list[asyncio.Task[None]] = []

    @property
    def everybody(self) -> list[Onlooker]:
        """All who look, the grabbers among them."""
        return [*self.onlookers, *(grabber.onlooker for grabber in self.grabbers), *self._guests]

    def come(self) -> None:
        """Everybody comes in; the gate is still closed."""
        for onlooker in self.everybody:
            onlooker.look()
        self._acting = [asyncio.create_task(grabber.act()) for grabber in self.grabbers]

    def let_act(self) -> None:
        """Let the grabbers act."""
        self._gate.set()

    def hush(self) -> None:
        """Let the grabbers finish what they are doing and begin nothing."""
        self._gate.clear()

    @property
    def busy(self) -> int:
        """How many grabbers are doing something."""
        return sum(grabber.busy for grabber in self.grabbers)

    def add_guest(self, guest: Onlooker) -> None:
        """Somebody else who looks, until `dismiss_guests`."""
        self._guests.append(guest)

    async def dismiss_guests(self) -> None:
        """Let the guests go; what they complained of is kept."""
        guests, self._guests = self._guests, []
        await asyncio.gather(*(guest.leave() for guest in guests))
        self._gone += guests

    async def go(self) -> None:
        """Everybody leaves. Raises what ended a grabber, if anything did."""
        self.failures()
        for task in self._acting:
            task.cancel()
        await asyncio.gather(*self._acting, return_exceptions=True)
        await asyncio.gather(*(onlooker.leave() for onlooker in self.everybody))
        for grabber in self.grabbers:
            await grabber.close()

    def failures(self) -> None:
        """Raises what ended a client of this suite, if anything did: then the run proves nothing."""
        tasks = [*self._acting, *(onlooker.looking for onlooker in self.everybody)]
        for task in tasks:
            if task is not None and task.done() and not task.cancelled():
                task.result()
                raise AssertionError(f"{task} ended by itself")

    def differing(self, truth: Truth) -> dict[str, str]:
        """Who does not see the truth, and how what he sees differs."""
        found = {}
        for onlooker in self.everybody:
            follower = onlooker.follower
            if follower is None or not onlooker.live:
                found[onlooker.name] = "is not connected"
            elif (wrong := map_differs(truth, follower, show=onlooker.show)) is not None:
                found[onlooker.name] = f"({follower.epoch}, {follower.version}) {wrong}"
        return found

    def complaints(self) -> list[str]:
        """What clients were told that cannot be; each is returned once."""
        said = []
        for onlooker in [*self.everybody, *self._gone]:
            said += onlooker.complaints
            onlooker.complaints = []
        return said

    def closes(self) -> Counter[str]:
        """How often sockets ended, by close code."""
        total = Counter[str]()
        for onlooker in [*self.everybody, *self._gone]:
            total += onlooker.closes
        return total

    def frames(self) -> dict[str, list[dict[str, Any]]]:
        """The last frames of everybody, for the evidence."""
        return {f"{onlooker.name} at show {onlooker.show}": onlooker.frames for onlooker in self.everybody}

    def _somebody(self, name: str, number: int) -> Onlooker:
        show = self.shows[number % len(self.shows)]
        return Onlooker(name, show=show, houses=self.houses, rng=random.Random(f"{self._seed} {name}"))
