"""Each invariant of money finds the one spoilt row that it is there to find, and is silent about sound books."""

from collections.abc import Callable
from copy import deepcopy

import pytest

from tests.support import money
from tests.support.money import breaches, told_alike
from tests.support.money_evidence import Evidence, ReturnedMoney, ShownShow, fold_ledger

PAID, LATE, OPEN = "11111111-1111-4111-8111-111111111111", "2" * 8 + "-2222-4222-8222-" + "2" * 12, "b3"
PRICE = 25_000


def booking(name: str, status: str, **more: object) -> dict[str, object]:
    common = {"id": name, "show_id": 1, "holder": f"of {name}", "status": status, "cancel_reason": "", "refund": ""}
    times = {"expires_s": 1600.0, "ended_s": None, "confirmed_s": None}
    return {**common, "frozen": True, **times, **more}


def payment(name: str, order: str, of: str, resolution: str) -> dict[str, object]:
    said = {"payment": name, "order": order, "booking": of, "amount_paise": PRICE, "currency": "INR", "rank": 3}
    return {**said, "amount_refunded_paise": 0, "resolution": resolution, "reason": "", "dated": True}


def sound() -> Evidence:
    """A confirmed booking, one that was paid too late and is paid back, and one that is being paid for."""
    found = Evidence(
        now_s=1000.0,
        bookings=[
            booking(PAID, "confirmed", confirmed_s=900.0),
            booking(LATE, "expired", expires_s=800.0, ended_s=801.0, refund="refunded"),
            booking(OPEN, "pending"),
        ],
        claims=[
            {"show_id": 1, "seat": 0, "kind": "booking", "booking": PAID, "price_paise": PRICE, "live": True},
            {"show_id": 1, "seat": 1, "kind": "booking", "booking": LATE, "price_paise": PRICE, "live": False},
            {"show_id": 1, "seat": 1, "kind": "booking", "booking": OPEN, "price_paise": PRICE, "live": True},
        ],
        orders=[
            {"order": f"order_{of}", "booking": of, "amount_paise": PRICE, "currency": "INR", "state": "created"}
            for of in (PAID, LATE, OPEN)
        ],
        payments=[
            payment("pay_1", f"order_{PAID}", PAID, "applied"),
            {**payment("pay_2", f"order_{LATE}", LATE, "refunded"), "reason": "late"},
        ],
        refunds=[
            {"payment": "pay_2", "attempt": 1, "key": "refund-pay_2-1", "refund": "rfnd_1", "amount_paise": PRICE}
            | {"status": "processed", "reason": "late"}
        ],
        entries=[
            {"key": "captured:pay_1", "kind": "captured", "payment": "pay_1", "booking": PAID, "amount_paise": PRICE},
            {"key": "captured:pay_2", "kind": "captured", "payment": "pay_2", "booking": LATE, "amount_paise": PRICE},
            {
                "key": "refunded:rfnd_1",
                "kind": "refunded",
                "payment": "pay_2",
                "booking": LATE,
                "amount_paise": -PRICE,
            },
        ],
        outbox=[{"kind": "payment.capture_watch", "key": "capture_watch:pay_1", "payload": {}, "done": True}],
        inbox=[{"event": "payment.captured", "processed": True, "error": ""}],
        fence=9,
        amount_types={"payments_payment.amount_paise": "bigint"},
        shown={
            1: ShownShow(
                states="BHA",
                tokens={"A2": OPEN},
                lock_tokens={"A2": OPEN},
                lock_left_ms={"A2": 599_000},
                fences={"A1": 9, "A2": 7},
                labels=["A1", "A2", "A3"],
            )
        },
    )
    ledger: list[dict[str, object]] = []
    for name, of in (("pay_1", PAID), ("pay_2", LATE)):
        ledger += [
            {"kind": "payment.created", "payment_id": name, "order_id": f"order_{of}", "amount": PRICE}
            | {"currency": "INR"},
            {"kind": "payment.authorized", "payment_id": name},
            {"kind": "payment.captured", "payment_id": name},
        ]
    ledger += [
        {"kind": "refund.created", "refund_id": "rfnd_1", "payment_id": "pay_2", "amount": PRICE}
        | {"status": "pending", "automatic": False, "key": "refund-pay_2-1"},
        {"kind": "refund.processed", "refund_id": "rfnd_1", "payment_id": "pay_2"},
    ]
    fold_ledger(found, ledger)
    return found


Spoil = Callable[[Evidence], object]


def again(found: Evidence, status: str, ours: str | None = "refund-pay_2-2") -> None:
    found.returned["rfnd_2"] = ReturnedMoney("pay_2", PRICE, status, ours)


SPOILT: dict[str, tuple[money.Invariant, Spoil]] = {
    "a seat with two owners": (
        money.one_live_claim_a_seat,
        lambda found: found.claims[1].update(live=True),
    ),
    "an ended booking with a seat": (
        money.live_bookings_have_their_seats,
        lambda found: found.claims[1].update(live=True, seat=2),
    ),
    "a confirmed booking without a seat": (
        money.live_bookings_have_their_seats,
        lambda found: found.claims[0].update(live=False),
    ),
    "an order that asks for less than the seats cost": (
        money.live_bookings_have_their_seats,
        lambda found: found.orders[2].update(amount_paise=100),
    ),
    "a confirmed booking that nobody paid": (
        money.confirmed_means_paid_once,
        lambda found: found.payments[0].update(resolution="refunded"),
    ),
    "a confirmed booking that two payments pay": (
        money.confirmed_means_paid_once,
        lambda found: found.payments[1].update(resolution="applied", booking=PAID),
    ),
    "a pending booking that is paid": (
        money.confirmed_means_paid_once,
        lambda found: found.payments[1].update(resolution="applied", booking=OPEN),
    ),
    "a booking paid by another's order": (
        money.confirmed_means_paid_once,
        lambda found: found.payments[0].update(order=f"order_{OPEN}"),
    ),
    "a booking paid with too little": (
        money.confirmed_means_paid_once,
        lambda found: found.payments[0].update(amount_paise=100),
    ),
    "a booking paid by a failed payment": (
        money.confirmed_means_paid_once,
        lambda found: found.payments[0].update(rank=1),
    ),
    "a booking paid with money that the gateway never saw": (
        money.confirmed_means_paid_once,
        lambda found: found.taken.pop("pay_1"),
    ),
    "captured money without a booking": (
        money.money_is_conserved,
        lambda found: found.payments[0].update(resolution="refunded"),
    ),
    "a refund that never went": (
        money.money_is_conserved,
        lambda found: found.returned.clear(),
    ),
    "a refund of the half of what is owed": (
        money.money_is_conserved,
        lambda found: setattr(found.returned["rfnd_1"], "amount_paise", PRICE // 2),
    ),
    "an entry that is missing": (
        money.house_books_what_the_gateway_booked,
        lambda found: found.entries.pop(),
    ),
    "a captured payment that nobody heard of": (
        money.no_money_is_orphaned,
        lambda found: found.payments.pop(0),
    ),
    "a captured payment that nobody decided about": (
        money.no_money_is_orphaned,
        lambda found: found.payments[0].update(resolution="none"),
    ),
    "a captured payment that is believed to be given back": (
        money.no_money_is_orphaned,
        lambda found: found.payments[0].update(resolution="none", rank=4, amount_refunded_paise=PRICE),
    ),
    "a refund that is due and not asked for": (
        money.no_money_is_orphaned,
        lambda found: (found.payments[1].update(resolution="refund_due"), found.refunds[0].update(status="due")),
    ),
    "a second refund of one payment": (
        money.nobody_is_paid_back_twice,
        lambda found: again(found, "pending"),
    ),
    "a second refund in the dashboard": (
        money.nobody_is_paid_back_twice,
        lambda found: again(found, "processed", None),
    ),
    "a refund of money that pays for a booking": (
        money.applied_money_stays,
        lambda found: found.refunds[0].update(payment="pay_1"),
    ),
    "a refund at the gateway of money that pays for a booking": (
        money.applied_money_stays,
        lambda found: setattr(found.returned["rfnd_1"], "payment", "pay_1"),
    ),
    "a confirmed booking that expired": (
        money.confirmed_never_expires,
        lambda found: found.bookings[1].update(confirmed_s=790.0),
    ),
    "a confirmed booking that has ended": (
        money.confirmed_never_expires,
        lambda found: found.bookings[0].update(ended_s=950.0),
    ),
    "a hold that ended too early": (
        money.holds_end_at_their_deadline,
        lambda found: found.bookings[1].update(ended_s=790.0),
    ),
    "a hold that never ends": (
        money.holds_end_at_their_deadline,
        lambda found: found.bookings[2].update(expires_s=900.0),
    ),
    "a sold seat that is shown free": (
        money.redis_shows_what_is_true,
        lambda found: setattr(found.shown[1], "states", "AHA"),
    ),
    "a seat that is reserved for somebody else": (
        money.redis_shows_what_is_true,
        lambda found: found.shown[1].tokens.update(A2=PAID),
    ),
    "a lock without an end": (
        money.redis_shows_what_is_true,
        lambda found: found.shown[1].lock_left_ms.update(A2=-1),
    ),
    "a lock of somebody else": (
        money.redis_shows_what_is_true,
        lambda found: found.shown[1].lock_tokens.update(A2=PAID),
    ),
    "a fence that nobody drew": (
        money.fences_come_from_the_books,
        lambda found: found.shown[1].fences.update(A1=10),
    ),
    "money in floating point": (
        money.money_is_whole_paise,
        lambda found: found.amount_types.update({"payments_order.amount_paise": "double precision"}),
    ),
    "an order of less than a rupee": (
        money.money_is_whole_paise,
        lambda found: found.orders[0].update(amount_paise=99),
    ),
    "a refund of nothing": (
        money.money_is_whole_paise,
        lambda found: found.refunds[0].update(amount_paise=0),
    ),
    "an event that nobody handled": (
        money.nothing_is_under_way,
        lambda found: found.outbox[0].update(done=False),
    ),
    "a webhook that was left": (
        money.nothing_is_under_way,
        lambda found: found.inbox[0].update(processed=False),
    ),
    "applied money of an ended booking": (
        money.nothing_is_under_way,
        lambda found: found.payments[1].update(resolution="applied"),
    ),
    "good money that is undecided": (
        money.nothing_is_under_way,
        lambda found: found.payments[1].update(resolution="none"),
    ),
}


class TestTheInvariants:
    def test_are_silent_about_sound_books(self) -> None:
        assert breaches(sound(), at_rest=True) == []

    @pytest.mark.parametrize("spoilt", SPOILT)
    def test_find_a_spoilt_row(self, spoilt: str) -> None:
        invariant, spoil = SPOILT[spoilt]
        found = sound()
        assert list(invariant(found)) == []

        spoil(found)

        assert list(invariant(found)), f"{invariant.__name__} does not see {spoilt}"

    def test_are_all_shown_to_be_able_to_fail(self) -> None:
        assert {invariant for invariant, _ in SPOILT.values()} == set(money.AT_REST)

    def test_find_a_fence_that_fell(self) -> None:
        before, after = sound(), sound()
        after.shown[1].fences["A2"] = 6

        assert money.fences_fell(before, before) == []
        assert money.fences_fell(before, after) == ["show 1: A2 had fence 7 and has 6"]

    def test_allow_what_a_policy_keeps(self) -> None:
        found = sound()
        found.bookings[0].update(status="cancelled", ended_s=950.0)
        found.claims[0].update(live=False)
        found.shown[1].states = "AHA"
        found.payments[0].update(resolution="refunded", reason="returned")
        found.refunds.append(
            {**found.refunds[0], "payment": "pay_1", "key": "refund-pay_1-1", "refund": "rfnd_2"}
            | {"amount_paise": 12_500}
        )
        found.returned["rfnd_2"] = ReturnedMoney("pay_1", 12_500, "processed", "refund-pay_1-1")
        found.entries.append(
            {**found.entries[2], "key": "refunded:rfnd_2", "payment": "pay_1", "amount_paise": -12_500}
        )

        assert breaches(found, at_rest=True) == []

        # And what staff give in the dashboard besides.
        found.refunds.append({**found.refunds[1], "attempt": None, "key": "rfnd_3", "refund": "rfnd_3"})
        found.refunds[-1]["amount_paise"] = 100
        found.returned["rfnd_3"] = ReturnedMoney("pay_1", 100, "processed", None)
        found.entries.append({**found.entries[3], "key": "refunded:rfnd_3", "amount_paise": -100})

        assert breaches(found, at_rest=True) == []


class TestRowsToldAlike:
    def test_are_the_same_whatever_things_are_called(self) -> None:
        one, two = sound(), sound()
        for row in two.payments[0], two.entries[0], two.outbox[0]:
            row.update({k: v.replace("pay_1", "pay_" + "x" * 14) for k, v in row.items() if isinstance(v, str)})
        for row in one.payments[0], one.entries[0], one.outbox[0]:
            row.update({k: v.replace("pay_1", "pay_" + "y" * 14) for k, v in row.items() if isinstance(v, str)})

        assert told_alike(one, PAID) == told_alike(two, PAID)

    @pytest.mark.parametrize("table", ["bookings", "claims", "orders", "payments", "entries"])
    def test_differ_when_a_row_differs(self, table: str) -> None:
        one, two = sound(), deepcopy(sound())
        row = getattr(two, table)[0]
        row["status" if table == "bookings" else "amount_paise" if "amount_paise" in row else "price_paise"] = 1

        assert told_alike(one, PAID) != told_alike(two, PAID)
