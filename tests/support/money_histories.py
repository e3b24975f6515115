"""Random histories of two buyers, their money and the clock, for tests/integration/test_money_histories.py.

Each step is something that buyers, Razorpay, the bank, staff or time do; what may never be is asked after each, and
when all that was held back is told and every clock has run out, the books must be at rest.
"""

import json
import logging
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, ClassVar, Final, TypeVar

import psycopg
import razorpay.errors
import redis
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bookings.api import BoxOffice, ClaimsUnavailable, NotReady, issue_holder
from bookings.seat_store.connection import StoreUnavailable
from tests.support.buyer import BUYER
from tests.support.cinema import hall_text, make_show
from tests.support.money import assert_sound, fences_fell
from tests.support.money_evidence import Evidence, read_evidence
from tests.support.money_house import House
from tests.support.money_rest import bring_to_rest
from tests.support.patience import PATIENCE_SECONDS
from tests.support.razorpay import Paid
from tests.support.witness import HOLD_MS, move_back

T = TypeVar("T")
logger = logging.getLogger(__name__)

COLUMNS: Final = 4
LABELS: Final = tuple(f"A{number}" for number in range(1, COLUMNS + 1))
REASONS: Final = ("refresh", "dismiss", "timer", "user")
# Past the last moment at which uncaptured money flows back (30 min), and past a bank's silence (10 min).
CLOCK_STEPS: Final = (60, 800, 2000)
REFUSALS: Final = {400, 404, 409}
# A machine that is busy with other things stalls for seconds; the house says so, and is asked again.
AWAY: Final = (ClaimsUnavailable, NotReady, StoreUnavailable)
NOT_NOW: Final = 503
TRIES_MAX: Final = 6
EMPTIED: Final = "TRUNCATE bookings_booking, bookings_outboxevent, payments_payment, payments_webhookevent CASCADE"

seats = st.sets(st.sampled_from(LABELS), min_size=1, max_size=2)
buyers = st.sampled_from((0, 1))
numbers = st.integers(min_value=0, max_value=99)


def through_stalls(act: Callable[[], T]) -> T:
    """What an idempotent act returns, as soon as everything it needs answers."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return act()
        except AWAY as away:
            if time.monotonic() > until:
                raise
            logger.warning("asked again: %s", away)


@dataclass(frozen=True, slots=True)
class Ground:
    """What all examples share."""

    run: Callable[[Coroutine[Any, Any, T]], T]
    office: BoxOffice
    house: House
    database: str
    redis_client: "redis.Redis"


@dataclass(slots=True)
class Asked:
    """An order that a buyer may pay, in this tab or in an old one."""

    token: str
    booking: str
    order: str


class MoneyHistories(RuleBasedStateMachine):
    """One example is one show."""

    ground: ClassVar[Ground]

    def __init__(self) -> None:
        super().__init__()
        with psycopg.connect(self.ground.database, autocommit=True) as books:
            books.execute(EMPTIED)
        self.gateway = self.ground.house.razorpay
        self.gateway.reset()
        self.ground.house.hold_webhooks_back()
        self.gateway.switch(second_success="capture")
        self.show = make_show(layout=hall_text(rows=1, columns=COLUMNS)).pk
        self.tokens = [issue_holder(), issue_holder()]
        self.asked: list[Asked] = []
        self.paid: list[tuple[Asked, Paid]] = []
        self.seen: Evidence | None = None

    def call(self, path: str, token: str, body: object) -> tuple[int, Any]:
        for _ in range(TRIES_MAX):
            status, reply = self.ground.run(self.ground.house.call(path, token, body))
            if status != NOT_NOW:
                break
        assert status < 300 or status in REFUSALS, f"{path}: {status} {reply}"
        return status, reply

    # What buyers do

    @rule(buyer=buyers, labels=seats)
    def begin(self, buyer: int, labels: set[str]) -> None:
        token = self.tokens[buyer]
        status, held = self.call(f"/api/v1/shows/{self.show}/holds", token, {"seats": sorted(labels)})
        if status != 201:
            return
        status, checkout = self.call(f"/api/v1/bookings/{held['booking']}/checkout", token, BUYER)
        if status == 200:
            self.asked.append(Asked(token, held["booking"], checkout["order_id"]))

    @precondition(lambda self: self.asked)
    @rule(which=numbers, outcome=st.sampled_from(("capture", "authorize", "success", "fail_then_capture", "fail")))
    def pay(self, which: int, outcome: str) -> None:
        asked = self.asked[which % len(self.asked)]
        self.paid.append((asked, self.gateway.pay(asked.order, outcome, forced=True)))

    @precondition(lambda self: self.asked)
    @rule(which=numbers)
    def pay_too_little(self, which: int) -> None:
        self.gateway.pay(self.asked[which % len(self.asked)].order, "capture", forced=True, amount=12_300)

    @precondition(lambda self: self.paid)
    @rule(which=numbers)
    def verify(self, which: int) -> None:
        asked, paid = self.paid[which % len(self.paid)]
        if paid.status != "failed":
            self.call("/verify_payment/", asked.token, paid.handed)

    @precondition(lambda self: self.asked)
    @rule(which=numbers, reason=st.sampled_from(REASONS))
    def cancel(self, which: int, reason: str) -> None:
        asked = self.asked[which % len(self.asked)]
        self.call("/api/cancel_booking/", asked.token, {"booking": asked.booking, "reason": reason})

    @precondition(lambda self: self.asked)
    @rule(which=numbers)
    def change_seats(self, which: int) -> None:
        asked = self.asked[which % len(self.asked)]
        self.call(f"/api/v1/bookings/{asked.booking}/change_seats", asked.token, {})

    # What Razorpay, the bank and staff do

    @rule(which=numbers)
    def tell(self, which: int) -> None:
        """Any webhook so far, told already or not."""
        made = self.gateway.webhooks()
        if made:
            self.deliver(made[which % len(made)])

    @rule(seconds=st.sampled_from(CLOCK_STEPS))
    def let_the_gateways_clock_run(self, seconds: int) -> None:
        self.gateway.advance(seconds)

    @rule(outcome=st.sampled_from(("processed", "pending", "failed", "low_balance")))
    def plan_refund(self, outcome: str) -> None:
        self.gateway.refund_outcome(outcome)

    @precondition(lambda self: self.paid)
    @rule(which=numbers, amount=st.sampled_from((None, 100)))
    def refund_in_the_dashboard(self, which: int, amount: int | None) -> None:
        _, paid = self.paid[which % len(self.paid)]
        body: dict[str, object] = {} if amount is None else {"amount": amount}
        try:
            self.gateway.sdk().payment.refund(paid.payment_id, body)
        except razorpay.errors.BadRequestError:
            return  # not captured, or given back already

    # What time and the worker do

    @rule()
    def let_holds_end(self) -> None:
        move_back(self.ground.database, self.ground.redis_client, self.show, ms=HOLD_MS)
        through_stalls(lambda: self.ground.run(self.ground.office.expire_due()))

    @rule()
    def work(self) -> None:
        through_stalls(lambda: bring_to_rest(self.ground.database))

    # What must be so

    @invariant()
    def nothing_is_unsound(self) -> None:
        ledger = self.gateway.ledger("payment.", "refund.")
        found = read_evidence(self.ground.database, ledger, self.ground.redis_client)
        assert_sound(found, at_rest=False)
        assert fences_fell(self.seen or found, found) == []
        self.seen = found

    def teardown(self) -> None:
        self.let_the_gateways_clock_run(CLOCK_STEPS[-1])
        for event in self.gateway.webhooks():
            self.deliver(event)
        self.come_to_rest()
        for refund in self.gateway.ledger("refund.created"):
            if refund["status"] == "pending":
                self.gateway.settle_refund(refund["refund_id"], "processed")
        self.come_to_rest()
        ledger = self.gateway.ledger("payment.", "refund.")
        assert_sound(read_evidence(self.ground.database, ledger, self.ground.redis_client), at_rest=True)

    def come_to_rest(self) -> None:
        through_stalls(lambda: bring_to_rest(self.ground.database, parked_too=True))
        # What the bank says about refunds that were asked for just now.
        for event in self.gateway.webhooks("refund.processed", "refund.failed"):
            self.deliver(event)
        through_stalls(lambda: bring_to_rest(self.ground.database))

    def deliver(self, event: dict[str, Any]) -> None:
        body = event["body"].encode()
        assert json.loads(body)["event"] == event["event"]
        for _ in range(TRIES_MAX):
            status = self.ground.run(self.ground.house.deliver(body, event["event_id"]))
            if status != NOT_NOW:
                break
        assert status == 200
