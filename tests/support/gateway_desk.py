"""The emulator's desk without its process, on a clock that a test moves: for the pure parts."""

from typing import Any

from payments.emulator import errors, orders, refunds, rules
from payments.emulator.book import Book, Order, Payment, Refund
from payments.emulator.desk import Desk
from payments.emulator.errors import Refused
from payments.emulator.ledger import Event, Ledger

BEGIN_MS = 1_763_760_000_123
# As the cinema asks for by default: captured on time, else back after half an hour.
AUTOMATIC = {"capture": "automatic", "capture_options": {"automatic_expiry_period": 12, "manual_expiry_period": 30}}
MANUAL = {"capture": "manual", "capture_options": {"manual_expiry_period": 30}}


class GatewayDesk:
    """What a test does at the desk, and what it sees."""

    def __init__(self, ledger: Ledger | None = None) -> None:
        self.told: list[dict[str, Any]] = []
        self.desk = Desk(Ledger() if ledger is None else ledger, seed="seed", clock=lambda: BEGIN_MS)
        self.desk.listen(
            tell=lambda _event, told: self.told.append(dict(told)),
            fold_on=lambda _event: None,
            on_timer=lambda: None,
        )

    @property
    def book(self) -> Book:
        return self.desk.book

    @property
    def ledger(self) -> list[Event]:
        return self.desk.ledger.events()

    def order(self, amount: int = 125_000, **fields: Any) -> Order:
        """An order is made."""
        made = self.desk.record(orders.create(self.book, {"amount": amount, "currency": "INR", **fields}))
        return self.book.orders[made[0]["order_id"]]

    def pay(self, order: Order | None, *answers: tuple[float, str], **wishes: Any) -> Payment:
        """Somebody begins to pay; the bank answers so many seconds later."""
        wish = rules.Attempt(
            order_id=order.id if order else None,
            method="upi",
            answers=[(after, verdict, "payment_failed") for after, verdict in answers],
            **wishes,
        )
        made = self.desk.record(rules.attempt(self.book, wish, now_ms=self.desk.now_ms))
        self.desk.catch_up()
        return self.book.payments[made[0]["payment_id"]]

    def capture(self, payment: Payment, *, amount: Any = None, currency: Any = "INR") -> None:
        """The merchant captures."""
        wanted = payment.amount if amount is None else amount
        self.desk.record(rules.capture(self.book, payment, amount=wanted, currency=currency))

    def refund(self, payment: Payment, *, key: str | None = None, **body: Any) -> Refund:
        """The merchant refunds, as the API does it."""
        if key is not None:
            known = refunds.known_key(self.book, key, body, payment_id=payment.id, now_ms=self.desk.now_ms)
            if known is not None:
                return known
        made = self.desk.record(refunds.refund(self.book, payment, body, key=key, fate=None, now_ms=self.desk.now_ms))
        if made[0]["kind"] == "refund.refused":
            raise Refused(errors.LOW_BALANCE)
        self.desk.catch_up()
        return self.book.refunds[made[0]["refund_id"]]

    def switch(self, **switches: Any) -> None:
        """Choose what Razorpay leaves open."""
        self.desk.record([{"kind": "control.switched", "switches": switches}])

    def events_told(self) -> list[str]:
        """The webhooks' names, in order."""
        return [told["event"] for told in self.told]
