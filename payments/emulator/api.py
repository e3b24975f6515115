"""Razorpay's REST calls, as its SDK speaks them: Basic auth, JSON, amounts in whole paise.

Each call reads the book, asks the rules and records what they say; nothing here knows when money moves.
"""

import base64
import binascii
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from aiohttp import web

from payments.emulator import errors, orders, refunds, rules
from payments.emulator.book import Order, Payment, Refund
from payments.emulator.desk import Desk
from payments.emulator.entities import collection, order_json, payment_json, refund_json
from payments.emulator.errors import Refused
from payments.emulator.faults import Faults
from payments.emulator.ids import ID_FORM
from payments.emulator.wire import json_reply, read_object, refusal, with_fault

KEY_HEADER: Final = "X-Refund-Idempotency"
BASIC: Final = "Basic "
T = TypeVar("T", Order, Payment, Refund)


@dataclass(frozen=True, slots=True)
class Call:
    """One request, without its transport."""

    path: Mapping[str, str]
    query: Mapping[str, str]
    expand: tuple[str, ...]
    body: Mapping[str, Any]
    key: str | None


Answer = Callable[[Desk, Call], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Keys:
    """What a merchant signs in with."""

    id: str
    secret: str = field(repr=False)


class Api:
    """The calls under /v1, with the faults that were asked for."""

    def __init__(self, desk: Desk, *, keys: Keys, faults: Faults) -> None:
        self._desk = desk
        self._keys = keys
        self._faults = faults
        self._keys_in_work: set[str] = set()

    def routes(self) -> list[web.RouteDef]:
        """For the application."""
        known = [
            web.route(method, f"/v1/{path}", self._handler(name, answer)) for method, path, name, answer in CALLS
        ]
        return [*known, web.route("*", "/v1/{rest:.*}", self._nothing_here)]

    def _handler(self, name: str, answer: Answer) -> Callable[[web.Request], Any]:
        async def handle(request: web.Request) -> web.StreamResponse:
            request["call"] = name
            key = request.headers.get(KEY_HEADER) if name.endswith("refund") else None
            if key is not None and key in self._keys_in_work:
                return refusal(Refused(errors.KEY_IN_PROGRESS, status=409))
            if key is not None:
                self._keys_in_work.add(key)
            try:
                return await self._answer(request, name, answer, key)
            finally:
                if key is not None:
                    self._keys_in_work.discard(key)

        return handle

    async def _answer(self, request: web.Request, name: str, answer: Answer, key: str | None) -> web.StreamResponse:
        try:
            body = await read_object(request) if request.method in {"POST", "PATCH"} else {}
        except Refused as refused:
            return refusal(refused)
        call = Call(
            path=request.match_info,
            query=request.query,
            expand=tuple(request.query.getall("expand[]", ())),
            body=body,
            key=key,
        )

        def work() -> web.Response:
            try:
                self._sign_in(request)
                self._desk.catch_up()
                return json_reply(answer(self._desk, call))
            except Refused as refused:
                return refusal(refused)

        fault = self._faults.take(name)
        if fault is None:
            return work()
        request["fault"] = fault.kind
        self._desk.record(
            [{"kind": "fault.fired", "call": name, "fault": fault.kind, "after_work": fault.after_work}]
        )
        return await with_fault(request, fault, work)

    def _sign_in(self, request: web.Request) -> None:
        given = request.headers.get("Authorization", "")
        status = self._desk.book.switches["bad_key_status"]
        try:
            # Razorpay wants "Basic" spelt so.
            text = base64.b64decode(given[len(BASIC) :], validate=True) if given.startswith(BASIC) else b""
        except binascii.Error:
            text = b""
        key_id, _, secret = text.partition(b":")
        if not hmac.compare_digest(key_id, self._keys.id.encode()):
            raise errors.not_authenticated(errors.KEY_INVALID, status=status)
        if not hmac.compare_digest(secret, self._keys.secret.encode()):
            raise errors.not_authenticated(errors.AUTHENTICATION_FAILED, status=status)

    async def _nothing_here(self, request: web.Request) -> web.StreamResponse:
        request["call"] = "unknown"
        return refusal(Refused(errors.URL_UNKNOWN))


def _create_order(desk: Desk, call: Call) -> dict[str, Any]:
    created = desk.record(orders.create(desk.book, call.body))
    return order_json(desk.book.orders[created[0]["order_id"]])


def _fetch_order(desk: Desk, call: Call) -> dict[str, Any]:
    return _expanded(desk, _order(desk, call), call)


def _edit_order(desk: Desk, call: Call) -> dict[str, Any]:
    order = _order(desk, call)
    desk.record(orders.edit(order, call.body))
    return order_json(order)


def _list_orders(desk: Desk, call: Call) -> dict[str, Any]:
    found = orders.page(orders.matching(desk.book, call.query), call.query)
    return collection(_expanded(desk, order, call) for order in found)


def _order_payments(desk: Desk, call: Call) -> dict[str, Any]:
    return _payments_of(desk, _order(desk, call))


def _list_payments(desk: Desk, call: Call) -> dict[str, Any]:
    found = orders.page(list(desk.book.payments.values()), call.query)
    return collection(payment_json(desk.book, payment) for payment in found)


def _fetch_payment(desk: Desk, call: Call) -> dict[str, Any]:
    return payment_json(desk.book, _payment(desk, call))


def _capture(desk: Desk, call: Call) -> dict[str, Any]:
    payment = _payment(desk, call)
    unknown = [name for name in call.body if name not in ("amount", "currency")]
    if unknown:
        raise errors.not_needed(unknown)
    desk.record(rules.capture(desk.book, payment, amount=call.body.get("amount"), currency=call.body.get("currency")))
    return payment_json(desk.book, payment)


def _refund(desk: Desk, call: Call) -> dict[str, Any]:
    return _refund_payment(desk, _payment(desk, call), call.body, call.key)


def _refund_by_body(desk: Desk, call: Call) -> dict[str, Any]:
    body = dict(call.body)
    return _refund_payment(desk, _found(desk.book.payments, body.pop("payment_id", None)), body, call.key)


def _refund_payment(desk: Desk, payment: Payment, body: Mapping[str, Any], key: str | None) -> dict[str, Any]:
    if key is not None:
        known = refunds.known_key(desk.book, key, body, payment_id=payment.id, now_ms=desk.now_ms)
        if known is not None:
            return refund_json(desk.book, known)
    done = desk.record(refunds.refund(desk.book, payment, body, key=key, fate=None, now_ms=desk.now_ms))
    if done[0]["kind"] == "refund.refused":
        raise Refused(errors.LOW_BALANCE)
    made = refund_json(desk.book, desk.book.refunds[done[0]["refund_id"]])
    # What is due at once (a refund that fails) happens after this answer was made.
    desk.catch_up()
    return made


def _payment_refunds(desk: Desk, call: Call) -> dict[str, Any]:
    payment = _payment(desk, call)
    found = orders.page([desk.book.refunds[r] for r in payment.refund_ids], call.query)
    return collection(refund_json(desk.book, refund) for refund in found)


def _payment_refund(desk: Desk, call: Call) -> dict[str, Any]:
    payment, refund = _payment(desk, call), _found(desk.book.refunds, call.path["refund_id"])
    if refund.payment_id != payment.id:
        raise Refused(errors.ID_UNKNOWN)
    return refund_json(desk.book, refund)


def _list_refunds(desk: Desk, call: Call) -> dict[str, Any]:
    found = orders.page(list(desk.book.refunds.values()), call.query)
    return collection(refund_json(desk.book, refund) for refund in found)


def _fetch_refund(desk: Desk, call: Call) -> dict[str, Any]:
    return refund_json(desk.book, _found(desk.book.refunds, call.path["refund_id"]))


def _expanded(desk: Desk, order: Order, call: Call) -> dict[str, Any]:
    found = order_json(order)
    if "payments" in call.expand:
        found["payments"] = _payments_of(desk, order)
    return found


def _payments_of(desk: Desk, order: Order) -> dict[str, Any]:
    """Those that the bank answered; ones under way are not promised by Razorpay, so they are not shown."""
    book = desk.book
    payments = [book.payments[p] for p in reversed(order.payment_ids)]
    return collection(payment_json(book, payment) for payment in payments if payment.status != "created")


def _order(desk: Desk, call: Call) -> Order:
    return _found(desk.book.orders, call.path["order_id"])


def _payment(desk: Desk, call: Call) -> Payment:
    return _found(desk.book.payments, call.path["payment_id"])


def _found(known: Mapping[str, T], wanted: Any) -> T:
    if not isinstance(wanted, str) or not ID_FORM.match(wanted):
        raise errors.not_an_id(str(wanted))
    if wanted not in known:
        raise Refused(errors.ID_UNKNOWN)
    return known[wanted]


CALLS: Final[tuple[tuple[str, str, str, Answer], ...]] = (
    ("POST", "orders", "orders.create", _create_order),
    ("GET", "orders", "orders.list", _list_orders),
    ("GET", "orders/{order_id}", "orders.fetch", _fetch_order),
    ("PATCH", "orders/{order_id}", "orders.edit", _edit_order),
    ("GET", "orders/{order_id}/payments", "orders.payments", _order_payments),
    ("GET", "payments", "payments.list", _list_payments),
    ("GET", "payments/{payment_id}", "payments.fetch", _fetch_payment),
    ("POST", "payments/{payment_id}/capture", "payments.capture", _capture),
    ("POST", "payments/{payment_id}/refund", "payments.refund", _refund),
    ("GET", "payments/{payment_id}/refunds", "payments.refunds", _payment_refunds),
    ("GET", "payments/{payment_id}/refunds/{refund_id}", "payments.fetch_refund", _payment_refund),
    ("POST", "refunds", "refunds.refund", _refund_by_body),
    ("GET", "refunds", "refunds.list", _list_refunds),
    ("GET", "refunds/{refund_id}", "refunds.fetch", _fetch_refund),
)
