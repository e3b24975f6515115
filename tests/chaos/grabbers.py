"""People who take seats: they hold some, add, ask for the best, give some back, or just leave. Only the contract.

Every request goes over their socket or over HTTP, whichever chance says. What they were told goes to the ledger.
"""

import asyncio
import random
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import httpx

from tests.chaos.clients import ANSWER_SECONDS_MAX, Onlooker, SocketEnded
from tests.chaos.ledger import Ledger

THINKING_SECONDS: Final = (0.3, 1.6)
SEATS_AT_ONCE_MAX: Final = 4
# Favourites are asked for by everybody, so that refusals are as many as grants.
FAVOURITES: Final = 24
OVER_HTTP: Final = 0.3
RETRIED: Final = 0.5


class Grabber:
    """One holder who looks at a show and takes seats of it while the gate is open."""

    def __init__(
        self, onlooker: Onlooker, labels: Sequence[str], *, ledger: Ledger, gate: asyncio.Event, rng: random.Random
    ) -> None:
        self.onlooker = onlooker
        self.busy = False
        self._labels = labels
        self._ledger = ledger
        self._gate = gate
        self._rng = rng
        self._number = 0
        self._dreaming_seconds = 0.0
        self._lives = 0
        self._unsure = True
        self._http = httpx.AsyncClient(timeout=ANSWER_SECONDS_MAX)
        self._acts: list[tuple[Callable[[], Awaitable[None]], int]] = [
            (self._hold, 10),
            (self._best, 3),
            (self._release_some, 3),
            (self._release_all, 2),
            (self._daydream, 2),
            (self._abandon, 1),
        ]

    async def act(self) -> None:
        """Go on for ever."""
        acts, weights = zip(*self._acts, strict=True)
        while True:
            await asyncio.sleep(self._rng.uniform(*THINKING_SECONDS) + self._dreaming_seconds)
            self._dreaming_seconds = 0.0
            await self._gate.wait()
            self.busy = True
            try:
                await (self._abandon if self._unsure else self._rng.choices(acts, weights)[0])()
            finally:
                self.busy = False

    async def close(self) -> None:
        """Let the HTTP connections go."""
        await self._http.aclose()

    # --- what people do

    async def _hold(self) -> None:
        wanted = self._rng.randint(1, SEATS_AT_ONCE_MAX)
        among = self._labels[:FAVOURITES] if self._rng.random() < 0.7 else self._labels
        await self._take({"seats": self._rng.sample(among, wanted)}, message="hold", path="holds")

    async def _best(self) -> None:
        count = self._rng.randint(1, SEATS_AT_ONCE_MAX)
        await self._take({"count": count}, message="hold.best", path="holds/best")

    async def _release_some(self) -> None:
        mine = self._ledger.seats_of(self.onlooker.name, show=self.onlooker.show, now_ms=now_ms())
        if mine:
            await self._give_back(self._rng.sample(mine, self._rng.randint(1, len(mine))))

    async def _release_all(self) -> None:
        await self._give_back([])

    async def _daydream(self) -> None:
        self._dreaming_seconds = self._rng.uniform(1, 3)

    async def _abandon(self) -> None:
        """Leave everything behind and come again as somebody else."""
        try:
            reply = await self._http.post(f"{self.onlooker.some_house()}/api/v1/guests")
        except httpx.TransportError:
            return
        if reply.is_error:
            return
        name = self.onlooker.name.partition("/")[0]
        self._lives += 1
        self._unsure = False
        self._http.headers["Authorization"] = f"Bearer {reply.json()['token']}"
        self.onlooker.become(f"{name}/{self._lives}", reply.json()["token"])

    # --- asking

    async def _take(self, wanted: dict[str, Any], *, message: str, path: str) -> None:
        key = uuid.UUID(int=self._rng.getrandbits(128)).hex
        reply = await self._once(lambda: self._ask_for(wanted, message, path, key))
        if reply is None and self._rng.random() < RETRIED:
            # The same key: whether the first try was done or not, the answer is the truth.
            reply = await self._once(lambda: self._ask_for(wanted, message, path, key))
        if reply is not None and "booking" in reply:
            self._ledger.held(reply, show=self.onlooker.show, who=self.onlooker.name, now_ms=now_ms())

    async def _ask_for(self, wanted: dict[str, Any], message: str, path: str, key: str) -> dict[str, Any]:
        if self._rng.random() < OVER_HTTP:
            return await self._call("POST", path, json=wanted, headers={"Idempotency-Key": key})
        return await self._say({"type": message, "idempotency_key": key, **wanted})

    async def _give_back(self, seats: list[str]) -> None:
        show, name = self.onlooker.show, self.onlooker.name
        given = seats or self._ledger.seats_of(name, show=show, now_ms=now_ms())
        self._ledger.given_back(given, show=show, who=name, now_ms=now_ms())
        some = {"seats": seats} if seats else {}
        if self._rng.random() < OVER_HTTP:
            query = {"seats": ",".join(seats)} if seats else {}
            reply = await self._once(lambda: self._call("DELETE", "holds", params=query))
        else:
            reply = await self._once(lambda: self._say({"type": "release", **some}))
        if reply is None:
            # It may still be done at any time and take with it what he would be granted next.
            self._unsure = True

    async def _say(self, message: dict[str, Any]) -> dict[str, Any]:
        follower = self.onlooker.follower
        if follower is None:
            raise SocketEnded
        self._number += 1
        return await follower.answer(message, f"{self._number}")

    async def _call(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        house = self.onlooker.some_house()
        address = f"{house}/api/v1/shows/{self.onlooker.show}/{path}"
        reply = await self._http.request(method, address, **request)
        body: dict[str, Any] = reply.json()
        if reply.status_code == 500:
            self.onlooker.complaints.append(f"{self.onlooker.name}: {method} {path} was answered with 500: {body}")
        return body

    async def _once(self, ask: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, Any] | None:
        """The reply, counted by what it says; None where it is not known what was done."""
        try:
            reply = await ask()
        except (SocketEnded, TimeoutError, httpx.TransportError) as unknown:
            self._ledger.outcomes[f"no answer ({type(unknown).__name__})"] += 1
            return None
        if reply.get("code") == "outcome_unknown":
            self._ledger.outcomes["outcome_unknown"] += 1
            return None
        self._ledger.outcomes[_word(reply)] += 1
        return reply


def now_ms() -> float:
    """The suite's clock, Unix milliseconds: the same machine's as the servers'."""
    return time.time_ns() / 1_000_000


def _word(reply: dict[str, Any]) -> str:
    if "code" in reply:
        return f"refused: {reply['code']}"
    return "granted" if "booking" in reply else "released"
