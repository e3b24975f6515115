"""The webhook sender: signs, delivers, tries again, gives up; and misbehaves as it was asked to.

Owns deliveries and their plan. A delivery is a fold over the ledger, so that a restarted emulator goes on where the
killed one stood. What is told, and when, is said by the desk. Order is not kept, as with the real one.
"""

import asyncio
import heapq
import logging
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

from payments.emulator.desk import Desk
from payments.emulator.entities import body_sha256, webhook_text
from payments.emulator.ids import nth_id, signature
from payments.emulator.ledger import Event
from payments.emulator.plans import WebhookPlan

logger = logging.getLogger(__name__)

ANSWER_SECONDS_MAX: Final = 5.0
GIVE_UP_MS: Final = 24 * 3600 * 1000
RETRY_MS_MAX: Final = 4 * 3600 * 1000
AT_ONCE_MAX: Final = 32
REPLY_CHARACTERS_MAX: Final = 200


@dataclass(slots=True)
class Delivery:
    """One event on its way to the merchant."""

    event_id: str
    name: str
    body: str
    created_ms: int
    secret: int
    state: str = "waiting"
    tries: int = 0
    attempts: list[dict[str, Any]] = field(default_factory=list)


class Webhooks:
    """Sends what the desk tells."""

    def __init__(self, desk: Desk, *, url: str | None, secrets: Sequence[str]) -> None:
        self.desk = desk
        self.url = url
        self.secrets = list(secrets)
        self.plan = WebhookPlan()
        self.enabled = True
        self.deliveries: dict[str, Delivery] = {}
        self._due: list[tuple[int, int, str]] = []
        self._pushed = 0
        self._paused = False
        self._sending: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._changed = asyncio.Event()
        self._session: aiohttp.ClientSession | None = None
        self.chance = random.Random()  # noqa: S311  (faults, not secrets)
        self._fold_all()
        desk.listen(tell=self._tell, fold_on=self._fold, on_timer=self._wake.set)

    def _fold_all(self) -> None:
        self.chance.seed(f"{self.desk.book.seed}:webhooks")
        for event in self.desk.ledger.events(kinds=["webhook.", "control.planned"]):
            self._fold(event)
        for delivery in self.deliveries.values():
            if delivery.state == "waiting":
                self._push(delivery, self.desk.now_ms)

    async def run(self) -> None:
        """Send, and let the desk's clock run, until cancelled."""
        connector = aiohttp.TCPConnector(limit=AT_ONCE_MAX)
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS_MAX)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as self._session:
            try:
                while True:
                    self._wake.clear()
                    self.desk.catch_up()
                    self._start_due()
                    await self._pause()
            finally:
                for task in self._sending:
                    task.cancel()
                await asyncio.gather(*self._sending, return_exceptions=True)

    async def settled(self) -> None:
        """Wait until nothing is due and nothing under way. What is held or waits for a later try does not count."""
        while self._sending or (self._due and self._due[0][0] <= self.desk.now_ms):
            self._changed.clear()
            await self._changed.wait()

    def set_plan(self, plan: WebhookPlan) -> None:
        """How webhooks are delivered from now on."""
        self.desk.record([{"kind": "control.planned", "plan": plan.told()}])

    def release(self, *, events: Sequence[str] = (), shuffle: str | None = None) -> list[str]:
        """Let held deliveries go (all, or those events), in order or shuffled by this seed."""
        held = [d for d in self.deliveries.values() if d.state == "held" and (not events or d.event_id in events)]
        if events:
            held.sort(key=lambda delivery: events.index(delivery.event_id))
        if shuffle is not None:
            random.Random(shuffle).shuffle(held)  # noqa: S311
        for place, delivery in enumerate(held):
            self.desk.record([{"kind": "webhook.released", "event_id": delivery.event_id}])
            self._push(delivery, self.desk.now_ms + place)
        return [delivery.event_id for delivery in held]

    def again(self, event_id: str) -> None:
        """Deliver this event once more, whatever became of it. Raises KeyError."""
        delivery = self.deliveries[event_id]
        self.desk.record([{"kind": "webhook.again", "event_id": event_id}])
        self._push(delivery, self.desk.now_ms)

    def set_enabled(self, *, enabled: bool) -> None:
        """Switch the webhook on or off, as the dashboard can."""
        self.desk.record([{"kind": "webhook.enabled" if enabled else "webhook.disabled", "why": "asked"}])

    def wake(self) -> None:
        """Look again at what is due: the clock was moved."""
        self._wake.set()

    async def finish(self) -> None:
        """Before a reset: what is under way arrives, so that nothing of the old world comes later."""
        self._paused = True
        await asyncio.gather(*self._sending)

    def forget(self) -> None:
        """After a reset: nothing is on its way any more."""
        self._paused = False
        self.deliveries.clear()
        self._due.clear()
        self.plan, self.enabled = WebhookPlan(), True
        self.chance.seed(f"{self.desk.book.seed}:webhooks")
        self._changed.set()

    def headers(self, delivery: Delivery) -> dict[str, str]:
        """What is sent beside the body."""
        secret = self.secrets[min(delivery.secret, len(self.secrets) - 1)]
        return {
            "Content-Type": "application/json",
            "User-Agent": "Razorpay-Webhook/v1",
            "X-Razorpay-Signature": signature(secret, delivery.body.encode()),
            "x-razorpay-event-id": delivery.event_id,
        }

    def _tell(self, event: Event, told: Mapping[str, Any]) -> None:
        if self.url is None:
            return
        event_id = nth_id(self.desk.book.seed, "", len(self.deliveries) + 1)
        state = "waiting"
        if not self.enabled:
            state = "skipped"
        elif self.plan.drop and self.chance.random() < self.plan.drop:
            state = "dropped"
        elif self.plan.hold:
            state = "held"
        queued = {
            "kind": "webhook.queued",
            "event_id": event_id,
            "event": told["event"],
            "of": event["n"],
            "state": state,
            "secret": self.plan.secret,
            "body": webhook_text(told),
        }
        self.desk.record([queued], at_ms=event["at_ms"])
        if state != "waiting":
            return
        delivery = self.deliveries[event_id]
        for _ in range(1 + self.plan.dup):
            wait_ms = 1000 * self.plan.delay
            if self.plan.shuffle is not None:
                wait_ms += self.chance.random() * 1000 * self.plan.spread
            self._push(delivery, event["at_ms"] + round(wait_ms))

    def _fold(self, event: Event) -> None:
        kind = event["kind"]
        if kind == "webhook.queued":
            self.deliveries[event["event_id"]] = Delivery(
                event_id=event["event_id"],
                name=event["event"],
                body=event["body"],
                created_ms=event["at_ms"],
                secret=event["secret"],
                state=event["state"],
            )
        elif kind == "control.planned":
            self.plan = WebhookPlan.asked(event["plan"])
        elif kind in {"webhook.enabled", "webhook.disabled"}:
            self.enabled = kind == "webhook.enabled"
        elif kind.startswith("webhook."):
            self._fold_delivery(self.deliveries[event["event_id"]], event)

    def _fold_delivery(self, delivery: Delivery, event: Event) -> None:
        kind = event["kind"]
        if kind == "webhook.sent":
            delivery.tries = event["try"]
        # What was acknowledged once stays so, whatever becomes of its duplicates.
        elif delivery.state != "acknowledged":
            delivery.state = _STATES[kind]
        if kind in {"webhook.acknowledged", "webhook.refused"}:
            delivery.attempts.append(event)

    def _push(self, delivery: Delivery, due_ms: int) -> None:
        self._pushed += 1
        heapq.heappush(self._due, (due_ms, self._pushed, delivery.event_id))
        self._wake.set()

    def _start_due(self) -> None:
        while self._may_send() and self._due and self._due[0][0] <= self.desk.now_ms:
            due_ms, _, event_id = heapq.heappop(self._due)
            task = asyncio.create_task(self._send(self.deliveries[event_id], due_ms))
            self._sending.add(task)
            task.add_done_callback(self._sent)

    def _may_send(self) -> bool:
        return not self._paused and len(self._sending) < AT_ONCE_MAX

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("a webhook could not be sent", exc_info=task.exception())
        self._wake.set()
        self._changed.set()

    async def _send(self, delivery: Delivery, due_ms: int) -> None:
        if not self.enabled:
            self.desk.record([{"kind": "webhook.skipped", "event_id": delivery.event_id}])
            return
        number = delivery.tries + 1
        self.desk.record([{"kind": "webhook.sent", "event_id": delivery.event_id, "try": number}])
        began = asyncio.get_running_loop().time()
        status, said = await self.post(delivery.body.encode(), self.headers(delivery))
        took_ms = round(1000 * (asyncio.get_running_loop().time() - began))
        good = status is not None and 200 <= status < 300
        outcome = {
            "kind": "webhook.acknowledged" if good else "webhook.refused",
            "event_id": delivery.event_id,
            "try": number,
            "status": status,
            "said": "" if good else said,
            "took_ms": took_ms,
            "sha256": body_sha256(delivery.body.encode()),
        }
        was_done = delivery.state == "acknowledged"
        self.desk.record([outcome])
        if not good and not was_done:
            self._try_later(delivery, due_ms)

    async def post(self, body: bytes, headers: Mapping[str, str]) -> tuple[int | None, str]:
        """The status and the beginning of the answer; no status where there was none within 5 s."""
        assert self._session is not None, "the sender runs"
        assert self.url is not None, "it has an address"
        try:
            async with self._session.post(self.url, data=body, headers=headers, allow_redirects=False) as reply:
                text = await reply.text(errors="replace")
                return reply.status, text[:REPLY_CHARACTERS_MAX]
        except (aiohttp.ClientError, TimeoutError, OSError) as reason:
            return None, f"{type(reason).__name__}: {reason}"[:REPLY_CHARACTERS_MAX]

    def _try_later(self, delivery: Delivery, due_ms: int) -> None:
        refusals = len(delivery.attempts)
        wait_ms = min(round(1000 * self.plan.first_retry_seconds) * 2 ** (refusals - 1), RETRY_MS_MAX)
        # From when it was due, not from now: a clock that jumped a day tries as often as a day would.
        next_ms = due_ms + wait_ms
        if next_ms - delivery.created_ms <= GIVE_UP_MS:
            self._push(delivery, next_ms)
            return
        self.desk.record(
            [
                {"kind": "webhook.given_up", "event_id": delivery.event_id},
                {"kind": "webhook.disabled", "why": "no answer for 24 hours"},
            ]
        )

    async def _pause(self) -> None:
        waits = [self.desk.next_due_seconds()]
        if self._may_send() and self._due:
            waits.append(max(0.0, (self._due[0][0] - self.desk.now_ms) / 1000))
        known = [seconds for seconds in waits if seconds is not None]
        try:
            async with asyncio.timeout(min(known) if known else None):
                await self._wake.wait()
        except TimeoutError:
            return


_STATES: Final[Mapping[str, str]] = {
    "webhook.released": "waiting",
    "webhook.acknowledged": "acknowledged",
    "webhook.refused": "waiting",
    "webhook.given_up": "given up",
    "webhook.skipped": "skipped",
    "webhook.again": "waiting",
}
