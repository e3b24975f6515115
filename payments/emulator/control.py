"""The control API: what tests and the overview page ask of the emulator. JSON in, JSON out, under /emulator.

POST pay {order_id, outcome, method?, after?, amount?, currency?, reason?, forced?, detail?, about?}
     -> {payment_id, order_id, status, signature}. outcome: capture | authorize | success | fail | late |
     fail_then_capture | never. `late` needs `after`, virtual seconds until the bank says yes; `success` lets the
     order's capture options decide. order_id null: a payment without an order. forced: even on a paid order.
POST payments/<id>/answer {verdict: success|capture|authorize|fail, reason?, after?}   the bank answers now or later
POST refund_outcome {outcome: processed|pending|failed|low_balance, count?}   what becomes of the next refunds
POST refunds/<id> {status: processed|failed, speed?}   a pending refund is settled
GET  clock -> {now_ms, offset_ms} · POST clock/advance {seconds}
POST webhooks/plan {dup, shuffle, spread, delay, drop, hold, secret, first_retry_seconds}   all at once; {} behaves
POST webhooks/release {events?, shuffle?} · again {event_id} · enable {enabled} · url {url} · settle {}
GET  webhooks -> {items: [{event_id, event, state, tries, created_ms, body?}]} (?bodies=1)
POST forge {kind, event_id?, send?} -> {url, headers, body_base64, status?}   kinds: forgery.KINDS
POST faults {call?, kind, count?, probability?, seconds?, after_work?} · GET faults · DELETE faults
POST switches {name: value} · GET switches   (switches.py says what there is)
GET  ledger?after=&kind=&limit=&bodies= -> {items, last} · POST reset {seed?} · GET health
A wish that cannot be is answered with 400 {"detail": …}, an unknown id with 404.
"""

import base64
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from aiohttp import web

from payments.emulator import forgery, refunds, rules, switches
from payments.emulator.api import Keys
from payments.emulator.desk import Desk
from payments.emulator.errors import Refused
from payments.emulator.faults import BadFault, Faults
from payments.emulator.forgery import Genuine
from payments.emulator.ids import checkout_signature
from payments.emulator.plans import BadPlan, WebhookPlan
from payments.emulator.webhooks import Webhooks
from payments.emulator.wire import json_reply, read_object

Wishes = dict[str, Any]
OUTCOMES: Final = ("capture", "authorize", "success", "fail", "late", "fail_then_capture", "never")


class BadWish(Exception):
    """What was asked cannot be; the text says why."""


class Control:
    """The handlers."""

    def __init__(self, desk: Desk, webhooks: Webhooks, faults: Faults, *, keys: Keys) -> None:
        self._desk = desk
        self._webhooks = webhooks
        self._faults = faults
        self._keys = keys

    def routes(self) -> list[web.RouteDef]:
        """For the application."""
        posts: Mapping[str, Callable[[Wishes, web.Request], Awaitable[Any]]] = {
            "pay": self._pay,
            "payments/{id}/answer": self._answer,
            "refund_outcome": self._refund_outcome,
            "refunds/{id}": self._move_refund,
            "clock/advance": self._advance,
            "webhooks/plan": self._plan,
            "webhooks/release": self._release,
            "webhooks/again": self._again,
            "webhooks/enable": self._enable,
            "webhooks/url": self._url,
            "webhooks/settle": self._settle,
            "forge": self._forge,
            "faults": self._add_fault,
            "switches": self._switch,
            "reset": self._reset,
        }
        gets: Mapping[str, Callable[[web.Request], Any]] = {
            "health": lambda _: {"ok": True},
            "clock": lambda _: self._clock(),
            "webhooks": self._list_webhooks,
            "faults": lambda _: {"items": self._faults.told()},
            "switches": lambda _: self._desk.book.switches,
            "ledger": self._ledger,
        }
        return [
            *(web.post(f"/emulator/{path}", _posted(work)) for path, work in posts.items()),
            *(web.get(f"/emulator/{path}", _gotten(work)) for path, work in gets.items()),
            web.delete("/emulator/faults", _posted(self._clear_faults)),
        ]

    async def _pay(self, wishes: Wishes, _request: web.Request) -> Any:
        desk = self._desk
        desk.catch_up()
        outcome = wishes.pop("outcome", "capture")
        after = _seconds(wishes.pop("after", 0))
        reason = wishes.pop("reason", "payment_failed")
        if outcome not in OUTCOMES:
            raise BadWish(f"There is no outcome {outcome!r}; there are {', '.join(OUTCOMES)}.")
        if outcome == "late" and not after:
            raise BadWish("A late payment needs `after`: the seconds until the bank says yes.")
        answers: list[tuple[float, str, str]] = {
            "late": [(after, "success", "")],
            "fail": [(after, "fail", reason)],
            "fail_then_capture": [(0, "fail", reason), (after, "capture", "")],
            "never": [],
        }.get(outcome, [(after, outcome, "")])
        usual: Wishes = {"order_id": None, "method": "upi", "detail": {"vpa": "tester@razorpay"}}
        try:
            wish = rules.Attempt(**(usual | wishes), answers=answers)
        except TypeError as reason_of:
            raise BadWish(str(reason_of)) from reason_of
        made = desk.record(rules.attempt(desk.book, wish, now_ms=desk.now_ms))
        desk.catch_up()
        return self._payment(made[0]["payment_id"])

    async def _answer(self, wishes: Wishes, request: web.Request) -> Any:
        desk = self._desk
        payment = _known(desk.book.payments, request.match_info["id"])
        verdict = wishes.get("verdict", "success")
        if verdict not in rules.VERDICTS:
            raise BadWish(f"There is no verdict {verdict!r}; there are {', '.join(rules.VERDICTS)}.")
        when_ms = desk.now_ms + round(1000 * _seconds(wishes.get("after", 0)))
        answers = [[when_ms, verdict, wishes.get("reason", "payment_failed")]]
        desk.record([{"kind": "payment.answered", "payment_id": payment.id, "answers": answers}])
        desk.catch_up()
        return self._payment(payment.id)

    async def _refund_outcome(self, wishes: Wishes, _request: web.Request) -> Any:
        outcome, count = wishes.get("outcome"), wishes.get("count", 1)
        if outcome not in refunds.FATES or not isinstance(count, int):
            raise BadWish(f"There is no outcome {outcome!r}; there are {', '.join(refunds.FATES)}.")
        self._desk.record([{"kind": "control.refunds_planned", "outcome": outcome, "count": count}])
        return {"planned": self._desk.book.refund_fates}

    async def _move_refund(self, wishes: Wishes, request: web.Request) -> Any:
        refund = _known(self._desk.book.refunds, request.match_info["id"])
        if wishes.get("status") not in ("processed", "failed"):
            raise BadWish("status is processed or failed.")
        self._desk.record(refunds.move(refund, wishes["status"], speed=wishes.get("speed")))
        return {"refund_id": refund.id, "status": refund.status}

    def _clock(self) -> Any:
        return {"now_ms": self._desk.now_ms, "offset_ms": self._desk.book.offset_ms}

    async def _advance(self, wishes: Wishes, _request: web.Request) -> Any:
        self._desk.advance(_seconds(wishes.get("seconds", 0)))
        self._webhooks.wake()
        return self._clock()

    async def _plan(self, wishes: Wishes, _request: web.Request) -> Any:
        self._webhooks.set_plan(WebhookPlan.asked(wishes))
        return self._webhooks.plan.told()

    async def _release(self, wishes: Wishes, _request: web.Request) -> Any:
        shuffle = wishes.get("shuffle")
        return {
            "released": self._webhooks.release(
                events=wishes.get("events", ()), shuffle=None if shuffle is None else str(shuffle)
            )
        }

    async def _again(self, wishes: Wishes, _request: web.Request) -> Any:
        _known(self._webhooks.deliveries, wishes.get("event_id"))
        self._webhooks.again(wishes["event_id"])
        return {}

    async def _enable(self, wishes: Wishes, _request: web.Request) -> Any:
        self._webhooks.set_enabled(enabled=bool(wishes.get("enabled", True)))
        return {}

    async def _url(self, wishes: Wishes, _request: web.Request) -> Any:
        self._webhooks.url = wishes.get("url")
        return {"url": self._webhooks.url}

    async def _settle(self, _wishes: Wishes, _request: web.Request) -> Any:
        await self._webhooks.settled()
        return {}

    def _list_webhooks(self, request: web.Request) -> Any:
        with_bodies = request.query.get("bodies") == "1"
        return {
            "items": [
                {
                    "event_id": one.event_id,
                    "event": one.name,
                    "state": one.state,
                    "tries": one.tries,
                    "created_ms": one.created_ms,
                    **({"body": one.body} if with_bodies else {}),
                }
                for one in self._webhooks.deliveries.values()
            ],
            "enabled": self._webhooks.enabled,
        }

    async def _forge(self, wishes: Wishes, _request: web.Request) -> Any:
        kind, deliveries = str(wishes.get("kind")), self._webhooks.deliveries
        if kind not in forgery.KINDS:
            raise BadWish(f"There is no forgery {kind!r}; there are {', '.join(forgery.KINDS)}.")
        if not deliveries:
            raise BadWish("There is no event yet to start from.")
        delivery = _known(deliveries, wishes.get("event_id", next(reversed(deliveries))))
        genuine = Genuine(
            body=delivery.body.encode(),
            event_id=delivery.event_id,
            secret=self._webhooks.secrets[0],
            previous_secret=self._webhooks.secrets[-1],
            key_secret=self._keys.secret,
            seed=self._desk.book.seed,
        )
        forged = forgery.forge(kind, genuine)
        told: Wishes = {
            "url": self._webhooks.url,
            "headers": dict(forged.headers),
            "body_base64": base64.b64encode(forged.body).decode(),
        }
        if wishes.get("send"):
            self._desk.record([{"kind": "forgery.sent", "forgery": kind, "event_id": delivery.event_id}])
            told["status"], told["said"] = await self._webhooks.post(forged.body, forged.headers)
        return told

    async def _add_fault(self, wishes: Wishes, _request: web.Request) -> Any:
        self._faults.add(wishes)
        return {"items": self._faults.told()}

    async def _clear_faults(self, _wishes: Wishes, _request: web.Request) -> Any:
        self._faults.clear()
        return {"items": []}

    async def _switch(self, wishes: Wishes, _request: web.Request) -> Any:
        self._desk.record([{"kind": "control.switched", "switches": switches.checked(wishes)}])
        return self._desk.book.switches

    def _ledger(self, request: web.Request) -> Any:
        query = request.query
        limit = query.get("limit")
        found = self._desk.ledger.events(
            after=int(query.get("after", 0)),
            kinds=query.getall("kind", ()),
            limit=None if limit is None else int(limit),
        )
        if query.get("bodies") != "1":
            found = [{name: value for name, value in event.items() if name != "body"} for event in found]
        return {"items": found, "last": len(self._desk.ledger)}

    async def _reset(self, wishes: Wishes, _request: web.Request) -> Any:
        await self._webhooks.finish()
        self._desk.reset(seed=wishes.get("seed"))
        self._webhooks.forget()
        self._faults.clear(seed=self._desk.book.seed)
        return {"seed": self._desk.book.seed}

    def _payment(self, payment_id: str) -> Any:
        payment = self._desk.book.payments[payment_id]
        signed = checkout_signature(self._keys.secret, payment.order_id or "", payment.id)
        return {
            "payment_id": payment.id,
            "order_id": payment.order_id,
            "status": payment.status,
            "signature": signed,
        }


def _posted(work: Callable[[Wishes, web.Request], Awaitable[Any]]) -> Callable[[web.Request], Any]:
    async def handle(request: web.Request) -> web.Response:
        # A page of another origin cannot send this without asking first, and nobody answers that it may.
        if request.method == "POST" and request.content_type != "application/json":
            return json_reply({"detail": "Send application/json."}, status=415)
        try:
            return json_reply(await work(await read_object(request), request))
        except (BadWish, BadFault, BadPlan, switches.NotASwitch) as reason:
            return json_reply({"detail": str(reason)}, status=400)
        except Refused as refused:
            return json_reply({"detail": refused.description}, status=refused.status)
        except NotHere as reason:
            return json_reply({"detail": str(reason)}, status=404)

    return handle


def _gotten(work: Callable[[web.Request], Any]) -> Callable[[web.Request], Any]:
    async def handle(request: web.Request) -> web.Response:
        try:
            return json_reply(work(request))
        except ValueError as reason:
            return json_reply({"detail": str(reason)}, status=400)

    return handle


class NotHere(Exception):
    """There is nothing of this id."""


def _known(found: Mapping[str, Any], wanted: Any) -> Any:
    if wanted not in found:
        raise NotHere(f"There is no {wanted}.")
    return found[wanted]


def _seconds(wanted: Any) -> float:
    if isinstance(wanted, bool) or not isinstance(wanted, int | float) or wanted < 0:
        raise BadWish(f"{wanted!r} are no seconds.")
    return wanted
