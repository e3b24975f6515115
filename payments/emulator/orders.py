"""Orders: what may be asked for, and how a list of anything is filtered. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeVar

from payments.emulator import errors
from payments.emulator.book import MINUTE_MS, Book, CapturePolicy, Order, Payment, Refund
from payments.emulator.errors import Refused
from payments.emulator.ledger import Event

FIELDS: Final = ("amount", "currency", "receipt", "notes", "partial_payment", "payment", "payment_capture")
AMOUNT_PAISE_MIN: Final = 100
AMOUNT_PAISE_MAX: Final = 50_000_000_000
RECEIPT_MAX: Final = 40
NOTES_MAX: Final = 15
NOTE_MAX: Final = 256
AUTOMATIC_MINUTES_MIN: Final = 12
MANUAL_MINUTES_MAX: Final = 7200
ACCOUNT_MINUTES: Final = 4320
COUNT_MAX: Final = 100
T = TypeVar("T", Order, Payment, Refund)


def create(book: Book, body: Mapping[str, Any]) -> list[Event]:
    """A new order. Raises Refused."""
    unknown = [name for name in body if name not in FIELDS]
    if unknown:
        raise errors.not_needed(unknown)
    receipt = body.get("receipt")
    if receipt is not None and (not isinstance(receipt, str) or len(receipt) > RECEIPT_MAX):
        raise Refused(f"The receipt may not be greater than {RECEIPT_MAX} characters.", field="receipt")
    if receipt is not None and book.switches["unique_receipts"] and receipt in book.receipts:
        raise Refused("The receipt has already been taken.", field="receipt")
    if body.get("currency") != "INR":
        raise Refused("Currency is not supported" if body.get("currency") else "The currency field is required.")
    policy = capture_policy(body)
    return [
        {
            "kind": "order.created",
            "order_id": book.new_id("order"),
            "amount": _amount(body.get("amount")),
            "currency": "INR",
            "receipt": receipt,
            "notes": checked_notes(body.get("notes")),
            "policy": {
                "automatic_ms": policy.automatic_ms,
                "return_ms": policy.return_ms,
                "refund_speed": policy.refund_speed,
            },
        }
    ]


def edit(order: Order, body: Mapping[str, Any]) -> list[Event]:
    """Other notes for an order; nothing else can be changed. Raises Refused."""
    unknown = [name for name in body if name != "notes"]
    if unknown:
        raise errors.not_needed(unknown)
    return [{"kind": "order.edited", "order_id": order.id, "notes": checked_notes(body.get("notes"))}]


def capture_policy(body: Mapping[str, Any]) -> CapturePolicy:
    """When payments of this order are captured, from `payment` or the older `payment_capture`. Raises Refused."""
    wanted = body.get("payment")
    if wanted is None:
        legacy = body.get("payment_capture")
        automatic = ACCOUNT_MINUTES if legacy in (None, 1, "1", True) else None
        return _policy(automatic, ACCOUNT_MINUTES, "normal")
    if not isinstance(wanted, Mapping) or wanted.get("capture") not in ("automatic", "manual"):
        raise Refused("The selected payment.capture is invalid.", field="payment.capture")
    options = wanted.get("capture_options") or {}
    manual = options.get("manual_expiry_period", MANUAL_MINUTES_MAX)
    automatic = options.get("automatic_expiry_period") if wanted["capture"] == "automatic" else None
    if wanted["capture"] == "automatic" and automatic is None:
        automatic = min(manual, ACCOUNT_MINUTES)
    if automatic is not None and (type(automatic) is not int or automatic < AUTOMATIC_MINUTES_MIN):
        raise Refused(f"The automatic_expiry_period must be at least {AUTOMATIC_MINUTES_MIN}.")
    if type(manual) is not int or manual > MANUAL_MINUTES_MAX or manual < (automatic or AUTOMATIC_MINUTES_MIN):
        raise Refused(f"The manual_expiry_period must be from automatic_expiry_period to {MANUAL_MINUTES_MAX}.")
    speed = options.get("refund_speed", "normal")
    if speed not in ("normal", "optimum"):
        raise Refused("The selected refund_speed is invalid.")
    return _policy(automatic, manual, speed)


def checked_notes(notes: Any) -> dict[str, str]:
    """Notes within Razorpay's limits. Raises Refused."""
    if notes is None or notes == []:
        return {}
    if not isinstance(notes, Mapping):
        raise Refused("The notes must be an array.", field="notes")
    if len(notes) > NOTES_MAX:
        raise Refused(f"Number of fields in notes should be less than or equal to {NOTES_MAX}", field="notes")
    if any(len(str(text)) > NOTE_MAX for pair in notes.items() for text in pair):
        raise Refused(f"Note may not be greater than {NOTE_MAX} characters", field="notes")
    return {str(name): str(text) for name, text in notes.items()}


def page(found: Iterable[T], query: Mapping[str, str]) -> list[T]:
    """Newest first, by from, to, skip and count. Raises Refused."""
    begin, end = _number(query, "from", 0), _number(query, "to", 2**53)
    count, skip = _number(query, "count", 10), _number(query, "skip", 0)
    if not 1 <= count <= COUNT_MAX:
        raise Refused(f"The count must be between 1 and {COUNT_MAX}.", field="count")
    wanted = [one for one in found if begin <= one.created_ms // 1000 <= end]
    # What was made last stands last; sorting keeps the order within one millisecond.
    wanted.reverse()
    wanted.sort(key=lambda one: one.created_ms, reverse=True)
    return wanted[skip : skip + count]


def matching(book: Book, query: Mapping[str, str]) -> list[Order]:
    """Orders by `receipt` and `authorized`."""
    receipt = query.get("receipt")
    found = (
        list(book.orders.values()) if receipt is None else [book.orders[i] for i in book.receipts.get(receipt, [])]
    )
    if query.get("authorized") not in (None, "0", "1"):
        raise Refused("The authorized field must be true or false.", field="authorized")
    if query.get("authorized") is not None:
        wanted = query["authorized"] == "1"
        found = [order for order in found if _is_authorized(book, order) == wanted]
    return found


def _is_authorized(book: Book, order: Order) -> bool:
    return any(book.payments[p].status in {"authorized", "captured", "refunded"} for p in order.payment_ids)


def _policy(automatic_minutes: int | None, manual_minutes: int, speed: str) -> CapturePolicy:
    return CapturePolicy(
        automatic_ms=None if automatic_minutes is None else automatic_minutes * MINUTE_MS,
        return_ms=manual_minutes * MINUTE_MS,
        refund_speed=speed,
    )


def _amount(amount: Any) -> int:
    if amount is None:
        raise Refused(errors.AMOUNT_REQUIRED, field="amount")
    if type(amount) is not int:
        raise Refused(errors.AMOUNT_NOT_INTEGER, field="amount")
    if amount < AMOUNT_PAISE_MIN:
        raise Refused(errors.AMOUNT_TOO_SMALL, field="amount")
    if amount > AMOUNT_PAISE_MAX:
        raise Refused("Amount exceeds maximum amount allowed.", field="amount")
    return amount


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not text.isdecimal():
        raise Refused(f"The {name} must be an integer.", field=name)
    return int(text)
