"""The state of the emulated Razorpay: a fold over the ledger, and nothing else.

Owns what an order, a payment and a refund are and how each event moves them, as tables. Decides nothing: which
events happen is said by `rules.py`, `refunds.py` and `orders.py`. Pure: standard library only.
"""

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from payments.emulator.ids import nth_id
from payments.emulator.ledger import Event
from payments.emulator.switches import SWITCHES

MINUTE_MS: Final = 60_000
# No answer from the bank for this long: the payment is shown as failed, and may still succeed later.
UNANSWERED_MS: Final = 10 * MINUTE_MS

# Which event may move a payment from where to where. A failed payment can still succeed (late authorisation).
PAYMENT_MOVES: Final[Mapping[tuple[str, str], str]] = {
    ("created", "payment.authorized"): "authorized",
    ("failed", "payment.authorized"): "authorized",
    ("created", "payment.failed"): "failed",
    ("authorized", "payment.captured"): "captured",
}
REFUND_MOVES: Final[Mapping[tuple[str, str], str]] = {
    ("pending", "refund.processed"): "processed",
    ("pending", "refund.failed"): "failed",
}


@dataclass(frozen=True, slots=True)
class CapturePolicy:
    """When an authorised payment is captured by itself, and when it flows back; both from its creation."""

    automatic_ms: int | None
    return_ms: int
    refund_speed: str = "normal"


@dataclass(slots=True)
class Order:
    """An order to pay this much once."""

    id: str
    amount: int
    currency: str
    receipt: str | None
    notes: Mapping[str, str]
    policy: CapturePolicy
    created_ms: int
    status: str = "created"
    attempts: int = 0
    amount_paid: int = 0
    payment_ids: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Payment:
    """One attempt to pay."""

    id: str
    order_id: str | None
    amount: int
    currency: str
    method: str
    detail: Mapping[str, Any]
    about: Mapping[str, Any]
    answers: list[tuple[int, str, str]]
    created_ms: int
    status: str = "created"
    captured: bool = False
    amount_refunded: int = 0
    fee: int | None = None
    tax: int | None = None
    error: Mapping[str, str] | None = None
    refund_ids: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Refund:
    """Money on its way back."""

    id: str
    payment_id: str
    amount: int
    currency: str
    notes: Mapping[str, str]
    receipt: str | None
    speed_requested: str
    speed_processed: str
    created_ms: int
    status: str
    fate: str
    # Made by Razorpay itself for a payment that nobody captured.
    automatic: bool


@dataclass(frozen=True, slots=True)
class UsedKey:
    """A refund's idempotency key and what it was used for."""

    body_sha256: str
    refund_id: str
    used_ms: int


@dataclass(order=True, slots=True)
class Timer:
    """Something that will be looked at when the virtual clock gets there."""

    due_ms: int
    number: int
    kind: str = field(compare=False)
    id: str = field(compare=False)
    # Which of a payment's answers it is for.
    place: int = field(compare=False, default=0)


class Book:
    """Everything that is known, by id."""

    def __init__(self) -> None:
        self.seed = ""
        self.offset_ms = 0
        self.orders: dict[str, Order] = {}
        self.payments: dict[str, Payment] = {}
        self.refunds: dict[str, Refund] = {}
        self.receipts: dict[str, list[str]] = {}
        self.keys: dict[str, UsedKey] = {}
        self.switches: dict[str, Any] = dict(SWITCHES)
        self.refund_fates: list[str] = []
        self.timers: list[Timer] = []
        self._timers_made = 0

    def apply(self, event: Event) -> None:
        """Move the state on by one event. Events of webhooks and faults change nothing here."""
        move = _MOVES.get(event["kind"])
        if move is not None:
            move(self, event)

    def new_id(self, prefix: str) -> str:
        """The id of the next order, payment or refund."""
        have = {"order": len(self.orders), "pay": len(self.payments), "rfnd": len(self.refunds)}
        return nth_id(self.seed, prefix, have[prefix] + 1)

    def order_of(self, payment: Payment) -> Order | None:
        """The order this payment is for."""
        return None if payment.order_id is None else self.orders.get(payment.order_id)

    def remind(self, due_ms: int, kind: str, entity_id: str, *, place: int = 0) -> None:
        """Look at this again at that virtual time."""
        self._timers_made += 1
        heapq.heappush(self.timers, Timer(due_ms, self._timers_made, kind, entity_id, place))


def _started(book: Book, event: Event) -> None:
    book.seed = book.seed or str(event["seed"])


def _clock_advanced(book: Book, event: Event) -> None:
    book.offset_ms += event["ms"]


def _switched(book: Book, event: Event) -> None:
    book.switches |= event["switches"]


def _fates_planned(book: Book, event: Event) -> None:
    book.refund_fates.extend([event["outcome"]] * event["count"])


def _order_created(book: Book, event: Event) -> None:
    order = Order(
        id=event["order_id"],
        amount=event["amount"],
        currency=event["currency"],
        receipt=event["receipt"],
        notes=event["notes"],
        policy=CapturePolicy(**event["policy"]),
        created_ms=event["at_ms"],
    )
    book.orders[order.id] = order
    if order.receipt is not None:
        book.receipts.setdefault(order.receipt, []).append(order.id)


def _order_edited(book: Book, event: Event) -> None:
    book.orders[event["order_id"]].notes = event["notes"]


def _order_paid(book: Book, event: Event) -> None:
    book.orders[event["order_id"]].status = "paid"


def _payment_created(book: Book, event: Event) -> None:
    payment = Payment(
        id=event["payment_id"],
        order_id=event["order_id"],
        amount=event["amount"],
        currency=event["currency"],
        method=event["method"],
        detail=event["detail"],
        about=event["about"],
        answers=[(when, verdict, why) for when, verdict, why in event["answers"]],
        created_ms=event["at_ms"],
    )
    book.payments[payment.id] = payment
    order = book.order_of(payment)
    if order is not None:
        order.payment_ids.append(payment.id)
        order.attempts += 1
        if order.status == "created":
            order.status = "attempted"
    for place, (when, _verdict, _why) in enumerate(payment.answers):
        book.remind(when, "answer", payment.id, place=place)
    book.remind(payment.created_ms + UNANSWERED_MS, "unanswered", payment.id)


def _payment_moved(book: Book, event: Event) -> None:
    payment = book.payments[event["payment_id"]]
    payment.status = PAYMENT_MOVES[payment.status, event["kind"]]
    if event["kind"] == "payment.failed":
        payment.error = event["error"]
    elif event["kind"] == "payment.captured":
        payment.captured, payment.fee, payment.tax = True, event["fee"], event["tax"]
        order = book.order_of(payment)
        if order is not None:
            order.amount_paid += payment.amount
    else:
        payment.error = None
        book.remind(event["return_at_ms"], "return", payment.id)


def _payment_answered(book: Book, event: Event) -> None:
    book.payments[event["payment_id"]].answers = [(w, verdict, why) for w, verdict, why in event["answers"]]
    for place, (when, _verdict, _why) in enumerate(event["answers"]):
        book.remind(when, "answer", event["payment_id"], place=place)


def _refund_created(book: Book, event: Event) -> None:
    refund = Refund(
        id=event["refund_id"],
        payment_id=event["payment_id"],
        amount=event["amount"],
        currency=event["currency"],
        notes=event["notes"],
        receipt=event["receipt"],
        speed_requested=event["speed"],
        speed_processed="instant" if event["speed"] == "optimum" else "normal",
        created_ms=event["at_ms"],
        status=event["status"],
        fate=event["fate"],
        automatic=event["automatic"],
    )
    book.refunds[refund.id] = refund
    payment = book.payments[refund.payment_id]
    payment.refund_ids.append(refund.id)
    payment.amount_refunded += refund.amount
    if payment.amount_refunded == payment.amount:
        payment.status = "refunded"
    if not refund.automatic and book.refund_fates:
        book.refund_fates.pop(0)
    if event.get("key"):
        book.keys[event["key"]] = UsedKey(event["body_sha256"], refund.id, event["at_ms"])
    if refund.status == "pending" and event.get("settles_at_ms") is not None:
        book.remind(event["settles_at_ms"], "settle", refund.id)


def _refund_refused(book: Book, event: Event) -> None:
    if book.refund_fates:
        book.refund_fates.pop(0)


def _refund_moved(book: Book, event: Event) -> None:
    refund = book.refunds[event["refund_id"]]
    refund.status = REFUND_MOVES[refund.status, event["kind"]]
    if event["kind"] == "refund.processed":
        refund.speed_processed = event.get("speed", refund.speed_processed)
        return
    # The money is the merchant's again: the payment is as it was before this refund.
    payment = book.payments[refund.payment_id]
    payment.amount_refunded -= refund.amount
    payment.status = "captured" if payment.captured else "authorized"


_MOVES: Final[Mapping[str, Callable[[Book, Event], None]]] = {
    "emulator.started": _started,
    "clock.advanced": _clock_advanced,
    "control.switched": _switched,
    "control.refunds_planned": _fates_planned,
    "order.created": _order_created,
    "order.edited": _order_edited,
    "order.paid": _order_paid,
    "payment.created": _payment_created,
    "payment.answered": _payment_answered,
    "payment.authorized": _payment_moved,
    "payment.captured": _payment_moved,
    "payment.failed": _payment_moved,
    "refund.created": _refund_created,
    "refund.refused": _refund_refused,
    "refund.processed": _refund_moved,
    "refund.failed": _refund_moved,
}
