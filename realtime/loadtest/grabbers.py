"""Somebody who wants seats: he looks, clicks, pays or walks away, and writes down what he was told.

A latency counts from when the act was due, not from when a busy generator got round to it.
"""

import time
from collections.abc import Awaitable, Sequence
from random import Random
from typing import Final

from realtime.loadtest.api import Api, NotServed
from realtime.loadtest.evidence import Ended, FinalMine, Grant, Refusal, Sold, Unreturned
from realtime.loadtest.frames import AVAILABLE, Mine
from realtime.loadtest.sockets import NoAnswer, Socket
from realtime.loadtest.world import World

# Codes with which a house says no in the ordinary course of a sale; anything else is listed as an error.
ORDINARY_REFUSALS: Final = frozenset({"seats_unavailable", "too_many_seats", "hold_expired", "checkout_started"})
# Answers after which it is unknown whether the seats were taken.
UNKNOWN_OUTCOMES: Final = frozenset({"outcome_unknown", "in_progress"})
# Codes after which he has nothing on this show that is not sold.
NOTHING_TO_GIVE_BACK: Final = frozenset({"booking_confirmed", "hold_expired", "not_found"})
# Who is told to ask again does so after this, unless told when; and in a run he does not wait for ever.
ASK_AGAIN_SECONDS: Final = 1.0
ASK_AGAIN_SECONDS_MAX: Final = 5.0


class Grabber:
    """One customer with his own identity and socket."""

    def __init__(self, world: World, api: Api, client: str, token: str) -> None:
        self.world = world
        self.api = api
        self.client = client
        self.token = token
        self.socket = Socket(world, client, token)
        self.random: Random = world.random(client)
        # The hold he believes to have: seat → its deadline in ms.
        self.holding: dict[str, int] = {}
        self.booking = ""
        self._refused: set[str] = set()
        self._asked_for: set[str] = set()
        # When he is to ask again, after an answer that told him to.
        self.ask_again_seconds: float | None = None
        # After an answer that left it open, what he believes proves nothing.
        self._certain = True

    # --- seats

    def free_seats(self) -> list[int]:
        """Indexes of the seats that his map shows as available."""
        seat_map = self.socket.map
        if seat_map is None:
            return []
        states, available = seat_map.states, ord(AVAILABLE)
        return [index for index in range(len(states)) if states[index] == available]

    async def hold(self, labels: Sequence[str], due: float) -> bool:
        """Ask for these seats; whether they are his."""
        indexes = [self.world.index_of[label] for label in labels]
        for index in indexes:
            self.world.clicked(index, due)
        granted = await self._ask("hold", due, wanted=tuple(labels), count=len(labels), fields={"seats": labels})
        if not granted:
            for index in indexes:
                self.world.click_refused(index, due)
        return granted

    async def hold_best(self, count: int, due: float) -> bool:
        """Ask for the best so many together; whether he got them."""
        return await self._ask("hold.best", due, wanted=(), count=count, fields={"count": count})

    async def _ask(
        self, kind: str, due: float, *, wanted: tuple[str, ...], count: int, fields: dict[str, object]
    ) -> bool:
        world, tally = self.world, self.world.tally
        seat_map = self.socket.map
        seen = (seat_map.epoch, seat_map.version) if seat_map is not None else ("", -1)
        best, before = kind == "hold.best", tuple(self.holding)
        self._asked_for.update(wanted)
        asked_at, self.ask_again_seconds = time.monotonic(), None
        tally.counters["sent"] += 1
        try:
            frame, payload = await self.socket.ask(kind, **fields)
        except NoAnswer as error:
            tally.error("no_answer", str(error))
            self._certain = False
            return False
        answered_at = time.monotonic()
        tally.late("best" if best else "hold", answered_at - due)
        text = payload.decode()
        if frame.type == "held":
            assert frame.booking is not None
            tally.counters["granted"] += 1
            if self.socket.map is None or self.socket.map.epoch != seen[0]:
                # The show was rebuilt meanwhile: versions before and after do not compare.
                seen = ("", -1)
            grant = Grant(
                self.client, frame.booking, frame.seats, wanted, count, asked_at, answered_at,
                frame.expires_ms, frame.version, text, best, seen,
                # With what he was granted while this was under way.
                tuple(sorted({*before, *self.holding})) if self._certain else None,
            )  # fmt: skip
            self.booking = frame.booking
            self.holding = dict.fromkeys(frame.seats, frame.expires_ms)
            self._asked_for.update(frame.seats)
            world.granted(grant)
            return True
        code = frame.code or frame.type
        tally.counters["refused"] += 1
        world.evidence.refusals.append(
            Refusal(self.client, code, wanted, count, frame.seats, asked_at, answered_at, text, best)
        )
        self._refused.update(wanted)
        if code in UNKNOWN_OUTCOMES:
            self._certain = False
        if code == "not_ready":
            self.ask_again_seconds = min(frame.retry_after_ms / 1000 or ASK_AGAIN_SECONDS, ASK_AGAIN_SECONDS_MAX)
        if code not in ORDINARY_REFUSALS:
            tally.error(code, frame.detail)
        return False

    async def release(self, due: float) -> None:
        """Give everything up."""
        labels = self._end()
        try:
            frame, _ = await self.socket.ask("release")
        except NoAnswer as error:
            self._certain = False
            self.world.tally.error("no_answer", str(error))
            return
        if frame.type == "released":
            # Until now they may have been his: a no changes nothing, and he has to give them back later.
            for label in (*labels, *frame.seats):
                self.holding.pop(label, None)
            self.world.tally.counters["released"] += 1
            self.world.tally.late("release", time.monotonic() - due)
        else:
            if frame.code in UNKNOWN_OUTCOMES:
                self._certain = False
            self.world.tally.error(frame.code or frame.type, frame.detail)

    def forget_expired(self) -> bool:
        """Whether his hold has ended by its deadline; then it is no longer believed."""
        if self.holding and min(self.holding.values()) <= self.world.clock.server_ms(time.monotonic()):
            self.world.let_go(tuple(self.holding))
            self.holding = {}
            self.world.tally.counters["expired"] += 1
            return True
        return False

    def _end(self) -> tuple[str, ...]:
        """Before he asks for the end of his hold: from now on nothing is promised of these seats."""
        labels = tuple(self.holding)
        self.world.let_go(labels)
        self.world.evidence.ended.append(Ended(self.client, self.booking, labels, time.monotonic()))
        return labels

    # --- money

    async def buy(self, due: float) -> bool:
        """Check out, pay at the emulated Razorpay, verify; whether it was confirmed."""
        labels, booking = tuple(self.holding), self.booking
        # A confirmed seat turns B, an expired one A: both are right from here on.
        self.world.let_go(labels)
        tally = self.world.tally
        try:
            handed = await self.api.pay(await self.api.checkout(booking, self.token))
            paid_at = time.monotonic()
            status = await self.api.verify(handed, self.token)
        except NotServed as error:
            tally.error(error.code, error.detail)
            self._certain = False
            return False
        now = time.monotonic()
        if status != "confirmed":
            tally.error(f"paid_{status}", "a payment was verified and the booking is not confirmed")
            self._certain = False
            return False
        tally.late("confirm", now - paid_at)
        tally.late("purchase", now - due)
        tally.counters["confirmed"] += 1
        self.world.evidence.sold.append(Sold(self.client, booking, labels, now))
        self.holding = {}
        return True

    # --- the end

    async def final_mine(self) -> FinalMine | None:
        """What the server says is his when he comes back; None where that would prove nothing."""
        if not self._certain:
            return None
        told, frame = await self._come_back()
        self.forget_expired()
        return FinalMine(
            self.client,
            told.seats if told is not None else (),
            told.expires_ms if told is not None else 0,
            tuple(self.holding),
            tuple(self._refused),
            min(self.holding.values(), default=0),
            self.world.clock.server_ms(time.monotonic()),
            frame,
        )

    async def _come_back(self) -> tuple[Mine | None, str]:
        """Close, connect again from where he was, and be told."""
        await self.socket.leave()
        await self.socket.connect()
        return await self.socket.told_mine()

    async def give_back(self) -> None:
        """Leave the show as he found it, apart from what was sold."""
        if not self.holding and self._certain:
            return
        self._end()
        refusal = await self._given_back(
            self.api.call("DELETE", f"/api/v1/shows/{self.world.show.id}/holds", token=self.token)
        )
        # Seats of a payment that was begun are frozen: they go with its booking, whatever the release was told.
        if self.booking and (refusal is not None or not self._certain):
            refusal = await self._given_back(self.api.cancel(self.booking, self.token))
        if refusal is not None:
            self.world.tally.error(refusal.code, refusal.detail)
            seats = tuple(sorted(self._asked_for))
            self.world.evidence.unreturned.append(Unreturned(self.client, seats, refusal.code))

    async def _given_back(self, call: Awaitable[object]) -> NotServed | None:
        """Whether this leaves nothing to give back; else why not."""
        try:
            await call
        except NotServed as error:
            return None if error.code in NOTHING_TO_GIVE_BACK else error
        return None
