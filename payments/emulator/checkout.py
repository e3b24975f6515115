"""What checkout.js and its modal ask: which order is paid, with which card or UPI id, and what the bank said.

Owns the steps of a payment made by a person (OTP, phone, bank page). The modal itself is in `static/`. Browsers of
any loopback origin embed it; what they may learn is what Razorpay's own checkout tells.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from aiohttp import web

from payments.emulator import errors, outcomes, rules
from payments.emulator.api import Keys
from payments.emulator.book import Payment
from payments.emulator.desk import Desk
from payments.emulator.errors import Refused
from payments.emulator.ids import checkout_signature
from payments.emulator.ledger import Event
from payments.emulator.wire import json_reply, read_object, refusal

VPA_FORM: Final = re.compile(r"[A-Za-z0-9._-]{2,256}@[A-Za-z][A-Za-z0-9]{1,63}\Z")
STEPS: Final[Mapping[str, str]] = {"card": "otp", "upi": "phone", "netbanking": "bank"}
TEXT_MAX: Final = 256


class Checkout:
    """The handlers of the modal."""

    def __init__(self, desk: Desk, *, keys: Keys) -> None:
        self._desk = desk
        self._keys = keys

    def routes(self) -> list[web.RouteDef]:
        """For the application."""
        return [
            web.post("/checkout/session", self._handler(self._session)),
            web.post("/checkout/payments", self._handler(self._begin)),
            web.get("/checkout/payments/{id}", self._handler(self._look)),
            web.post("/checkout/payments/{id}/otp", self._handler(self._otp)),
            web.post("/checkout/payments/{id}/bank", self._handler(self._bank)),
            web.post("/checkout/payments/{id}/cancel", self._handler(self._cancel)),
        ]

    def _handler(
        self, work: Callable[[Mapping[str, Any], str], Mapping[str, Any]]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            # A page of another origin cannot send this without asking first; only the modal can.
            if request.method == "POST" and request.content_type != "application/json":
                return json_reply({"detail": "Send application/json."}, status=415)
            try:
                body = await read_object(request) if request.method == "POST" else {}
                self._desk.catch_up()
                return json_reply(work(body, request.match_info.get("id", "")))
            except Refused as refused:
                return refusal(refused)

        return handle

    def _session(self, body: Mapping[str, Any], _id: str) -> Mapping[str, Any]:
        """What is to be paid."""
        if body.get("key") != self._keys.id:
            raise errors.not_authenticated(errors.KEY_INVALID, status=self._desk.book.switches["bad_key_status"])
        amount, currency = body.get("amount"), body.get("currency") or "INR"
        order_id = body.get("order_id")
        if order_id is not None:
            order = self._desk.book.orders.get(order_id)
            if order is None:
                raise Refused(errors.ID_UNKNOWN)
            if order.status == "paid":
                raise Refused(errors.ALREADY_PAID)
            amount, currency = order.amount, order.currency
        return {
            "order_id": order_id,
            "amount": amount,
            "currency": currency,
            "cards": outcomes.TEST_CARDS,
            "banks": outcomes.BANKS,
        }

    def _begin(self, body: Mapping[str, Any], _id: str) -> Mapping[str, Any]:
        """An attempt to pay."""
        session = self._session(body, "")
        detail, answers = self._instrument(body)
        about: dict[str, Any] = {
            name: str(body[name])[:TEXT_MAX] for name in ("email", "contact", "description") if body.get(name)
        }
        notes = body.get("notes")
        if isinstance(notes, Mapping):
            about["notes"] = {str(k)[:TEXT_MAX]: str(v)[:TEXT_MAX] for k, v in list(notes.items())[:15]}
        wish = rules.Attempt(
            order_id=session["order_id"],
            amount=None if session["order_id"] else session["amount"],
            method=str(body["method"]),
            detail=detail,
            about=about,
            answers=answers,
        )
        made = self._desk.record(rules.attempt(self._desk.book, wish, now_ms=self._desk.now_ms))
        self._desk.catch_up()
        return self._told(self._desk.book.payments[made[0]["payment_id"]])

    def _instrument(self, body: Mapping[str, Any]) -> tuple[dict[str, Any], list[tuple[float, str, str]]]:
        method = body.get("method")
        if method == "card":
            number = re.sub(r"\D", "", str(body.get("number", "")))
            reason = outcomes.BAD_CARDS.get(number)
            if number not in outcomes.GOOD_CARDS and reason is None:
                # Nobody's real card is wanted here, nor kept.
                raise Refused("Only Razorpay's test cards are taken here.", field="number")
            return {**outcomes.card_detail(number, str(body.get("name", ""))[:TEXT_MAX]), "fails": reason}, []
        if method == "upi":
            vpa = str(body.get("vpa", "")).strip()
            if not VPA_FORM.match(vpa):
                raise Refused("Please enter a valid UPI ID.", field="vpa")
            verdict, seconds = outcomes.upi_verdict(vpa), self._desk.book.switches["upi_seconds"]
            by_itself = verdict is not None and seconds is not None
            return {"vpa": vpa}, [(seconds, *verdict)] if by_itself and verdict else []
        if method == "netbanking" and body.get("bank") in outcomes.BANKS:
            return {"bank": body["bank"]}, []
        raise Refused("The selected method is invalid.", field="method")

    def _look(self, _body: Mapping[str, Any], payment_id: str) -> Mapping[str, Any]:
        return self._told(self._payment(payment_id))

    def _otp(self, body: Mapping[str, Any], payment_id: str) -> Mapping[str, Any]:
        payment = self._payment(payment_id, method="card")
        verdict, reason = outcomes.card_verdict(payment.detail.get("fails"), str(body.get("otp", "")))
        return self._concluded(payment, verdict, reason)

    def _bank(self, body: Mapping[str, Any], payment_id: str) -> Mapping[str, Any]:
        payment = self._payment(payment_id, method="netbanking")
        return self._concluded(payment, "success" if body.get("approve") is True else "fail", "payment_failed")

    def _cancel(self, _body: Mapping[str, Any], payment_id: str) -> Mapping[str, Any]:
        """The buyer gives this attempt up in the modal; his phone is told so too."""
        payment = self._payment(payment_id)
        succeeds = payment.method == "upi" and self._desk.book.switches["upi_cancel_succeeds"]
        return self._concluded(payment, "success" if succeeds else "fail", "payment_cancelled")

    def _concluded(self, payment: Payment, verdict: str, reason: str) -> Mapping[str, Any]:
        self._desk.record(conclude(self._desk, payment, verdict, reason))
        return self._told(payment)

    def _payment(self, payment_id: str, *, method: str | None = None) -> Payment:
        payment = self._desk.book.payments.get(payment_id)
        if payment is None or method not in (None, payment.method):
            raise Refused(errors.ID_UNKNOWN)
        return payment

    def _told(self, payment: Payment) -> dict[str, Any]:
        told: dict[str, Any] = {"payment_id": payment.id, "status": payment.status, "step": STEPS[payment.method]}
        ids = {"payment_id": payment.id} | ({"order_id": payment.order_id} if payment.order_id else {})
        if payment.error is not None:
            told["error"] = {**payment.error, "metadata": ids}
        elif payment.status != "created":
            told["success"] = {f"razorpay_{name}": value for name, value in ids.items()}
            if payment.order_id is not None:
                signed = checkout_signature(self._keys.secret, payment.order_id, payment.id)
                told["success"]["razorpay_signature"] = signed
        return told


def conclude(desk: Desk, payment: Payment, verdict: str, reason: str) -> list[Event]:
    """A person decided: what the bank would have answered by itself is void, and this is its answer."""
    if payment.status != "created":
        return []
    void: Event = {"kind": "payment.answered", "payment_id": payment.id, "answers": []}
    return [void, *rules.answer(desk.book, payment, verdict, reason, now_ms=desk.now_ms)]
