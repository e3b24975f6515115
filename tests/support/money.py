"""The invariants of money (reference: payments and reliability, section 5), each a function that names its breaches.

They judge Evidence: raw rows and the gateway's own ledger. Numbers are the reference's: 1–7, 9–12, 19; 8 is
`told_alike`, 13 `checksums`. Those that hold only when nothing is under way any more are marked so.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any, Final

from tests.support.money_evidence import Evidence, Row

APPLIED, RETAINED, REFUND_DUE, REFUNDED, MANUAL = "applied", "retained", "refund_due", "refunded", "manual"
# Razorpay's ranks as the rows have them.
AUTHORIZED, CAPTURED = 2, 3
# A buyer who returned a paid booking may get a share; the rest is the cinema's.
RETURNED: Final = "returned"
# Redis' clock may have ended a hold so much before PostgreSQL's says so (consistency rule 1).
CLOCK_SLACK_SECONDS: Final = 1.0
LATE_SECONDS_MAX: Final = 90.0
LOCK_MS_MAX: Final = 600_000
PAISE_MIN: Final = 100

Invariant = Callable[[Evidence], Iterator[str]]


def one_live_claim_a_seat(found: Evidence) -> Iterator[str]:
    """1. At most one live claim per (show, seat)."""
    counts = Counter((claim["show_id"], claim["seat"]) for claim in found.claims if claim["live"])
    yield from (f"show {show} seat {seat} has {n} live claims" for (show, seat), n in counts.items() if n > 1)


def live_bookings_have_their_seats(found: Evidence) -> Iterator[str]:
    """2. A pending or confirmed booking has its seats, at the price that its usable order asks; others have none."""
    usable = {order["booking"]: order for order in found.orders if order["state"] != "failed"}
    for booking in found.bookings:
        name, claims = booking["id"], found.live_claims(booking["id"])
        if booking["status"] not in {"pending", "confirmed"}:
            if claims:
                yield f"booking {name} is {booking['status']} and has {len(claims)} seats"
            continue
        costs = sum(claim["price_paise"] for claim in claims)
        if not claims:
            yield f"booking {name} is {booking['status']} and has no seat"
        elif name in usable and booking["frozen"] and usable[name]["amount_paise"] != costs:
            yield f"booking {name} costs {costs} and its order asks for {usable[name]['amount_paise']}"


def confirmed_means_paid_once(found: Evidence) -> Iterator[str]:
    """3. Confirmed <=> exactly one applied payment: of its order, the right amount, authorised and not given back."""
    orders = {order["order"]: order for order in found.orders}
    for booking in found.bookings:
        name = booking["id"]
        applied = [payment for payment in found.payments_of(name) if payment["resolution"] == APPLIED]
        if booking["status"] != "confirmed":
            # A cancelled show's payments are sent back one after another (see `nothing_is_under_way`).
            if applied and booking["status"] == "pending":
                yield f"booking {name} is pending and paid"
            continue
        if len(applied) != 1:
            yield f"booking {name} is confirmed with {len(applied)} applied payments"
        for payment in applied:
            yield from _is_right(found, payment, orders.get(payment["order"]), name)


def _is_right(found: Evidence, payment: Row, order: Row | None, booking: str) -> Iterator[str]:
    name, costs = payment["payment"], sum(claim["price_paise"] for claim in found.live_claims(booking))
    taken = found.taken.get(name)
    if order is None or order["booking"] != booking:
        yield f"applied payment {name} is for an order that is not booking {booking}'s"
    elif not payment["amount_paise"] == order["amount_paise"] == costs:
        asked = order["amount_paise"]
        yield f"applied payment {name} is of {payment['amount_paise']}, asked was {asked}, due {costs}"
    if payment["currency"] != "INR" or payment["rank"] not in {AUTHORIZED, CAPTURED}:
        yield f"applied payment {name} has rank {payment['rank']} in {payment['currency']}"
    if taken is None or not taken.authorized or taken.amount_paise != payment["amount_paise"]:
        yield f"applied payment {name} was never authorised so at the gateway: {taken}"
    elif taken.order != payment["order"]:
        yield f"applied payment {name} is for order {taken.order} at the gateway"


def money_is_conserved(found: Evidence) -> Iterator[str]:
    """4, at rest. Captured minus refunded at the gateway = the confirmed bookings, per order and in total."""
    kept = defaultdict[str | None, int](int)
    for name, taken in found.taken.items():
        if taken.captured:
            kept[taken.order] += taken.amount_paise - sum(r.amount_paise for r in found.returned_of(name))
    ours = defaultdict[str | None, int](int)
    confirmed = {booking["id"] for booking in found.bookings if booking["status"] == "confirmed"}
    for payment in found.payments:
        if payment["resolution"] == APPLIED and payment["booking"] in confirmed:
            # What staff gave back in the gateway's dashboard is the cinema's own gift.
            given = sum(refund.amount_paise for refund in found.returned_of(payment["payment"]) if not refund.ours)
            ours[payment["order"]] += payment["amount_paise"] - given
        else:
            ours[payment["order"] or None] += _kept_by_policy(found, payment)
    for order in {*kept, *ours}:
        if kept[order] != ours[order]:
            yield f"order {order}: {kept[order]} paise are at the gateway, {ours[order]} are owed to the cinema"
    if sum(kept.values()) != sum(ours.values()):
        yield f"in total {sum(kept.values())} are at the gateway, {sum(ours.values())} are owed to the cinema"


def _kept_by_policy(found: Evidence, payment: Row) -> int:
    """What the cinema keeps of a booking that its buyer gave back, or that staff cancelled in part.

    What staff gave back in the gateway's dashboard besides is the cinema's own gift.
    """
    gone = found.returned_of(payment["payment"])
    gifts = sum(refund.amount_paise for refund in gone if not refund.ours)
    left: int = payment["amount_paise"] - gifts
    by_hand = payment["resolution"] == MANUAL or payment["booking"] in found.audited
    if payment["resolution"] == RETAINED:
        return left
    if payment["resolution"] in {REFUND_DUE, REFUNDED} and (payment["reason"] == RETURNED or by_hand):
        own = [refund for refund in found.refunds_of(payment["payment"]) if refund["attempt"]]
        # An attempt that ended without us found the money given back already.
        asked: int = sum(r["amount_paise"] for r in own[-1:] if r["refund"] or r["status"] != "processed")
        return left - asked
    if payment["resolution"] == MANUAL:
        return left - sum(refund.amount_paise for refund in gone if refund.ours)
    return 0


def house_books_what_the_gateway_booked(found: Evidence) -> Iterator[str]:
    """4, at rest, of our own ledger: its entries of a payment come to what the gateway has of it."""
    booked = defaultdict[str, int](int)
    for entry in found.entries:
        booked[entry["payment"]] += entry["amount_paise"]
    for name, taken in found.taken.items():
        true = taken.amount_paise - sum(r.amount_paise for r in found.returned_of(name)) if taken.captured else 0
        if booked[name] != true:
            yield f"payment {name}: {booked[name]} paise in our ledger, {true} at the gateway"


def no_money_is_orphaned(found: Evidence) -> Iterator[str]:
    """5, at rest. Every captured payment is applied, kept by policy, given back, or waits for a person."""
    ours = {payment["payment"]: payment for payment in found.payments}
    for name, taken in found.taken.items():
        if not taken.captured:
            continue
        payment = ours.get(name)
        if payment is None:
            yield f"captured payment {name} is not known to the house"
        elif payment["resolution"] == REFUND_DUE:
            if not any(refund["status"] == "pending" for refund in found.refunds_of(name)):
                yield f"payment {name} is to be given back and nobody does"
        elif payment["resolution"] not in {APPLIED, RETAINED, REFUNDED, MANUAL}:
            gone = sum(refund.amount_paise for refund in found.returned_of(name))
            if gone < taken.amount_paise:
                yield f"captured payment {name} is {payment['resolution']}"


def nobody_is_paid_back_twice(found: Evidence) -> Iterator[str]:
    """6. Refunds of a payment never exceed it; one effective refund of ours each."""
    for name, taken in found.taken.items():
        going = found.returned_of(name)
        if sum(refund.amount_paise for refund in going) > taken.amount_paise:
            yield f"payment {name} of {taken.amount_paise} was given back {[r.amount_paise for r in going]}"
        if len([refund for refund in going if refund.ours is not None]) > 1:
            yield f"payment {name} was given back by us {len(going)} times"


def applied_money_stays(found: Evidence) -> Iterator[str]:
    """7. No refund of ours of an applied payment: its booking is cancelled first."""
    confirmed = {booking["id"] for booking in found.bookings if booking["status"] == "confirmed"}
    for payment in found.payments:
        if payment["resolution"] != APPLIED or payment["booking"] not in confirmed:
            continue
        name = payment["payment"]
        if any(refund.ours for refund in found.returned_of(name)) or any(
            refund["attempt"] for refund in found.refunds_of(name)
        ):
            yield f"payment {name} pays for booking {payment['booking']} and is given back"


def confirmed_never_expires(found: Evidence) -> Iterator[str]:
    """9. Confirmed never becomes expired; an expired or cancelled booking is confirmed by money only."""
    for booking in found.bookings:
        if booking["status"] == "expired" and booking["confirmed_s"] is not None:
            yield f"booking {booking['id']} was confirmed and has expired"
        if booking["status"] == "confirmed" and booking["ended_s"] is not None:
            yield f"booking {booking['id']} is confirmed and has ended"


def holds_end_at_their_deadline(found: Evidence) -> Iterator[str]:
    """10. Nothing expires before its deadline; no pending booking outlives it by more than the sweep's minute."""
    for booking in found.bookings:
        name = booking["id"]
        if booking["status"] == "expired" and booking["ended_s"] < booking["expires_s"] - CLOCK_SLACK_SECONDS:
            yield f"booking {name} expired {booking['expires_s'] - booking['ended_s']:.1f} s too early"
        if booking["status"] == "pending" and found.now_s > booking["expires_s"] + LATE_SECONDS_MAX:
            yield f"booking {name} is pending {found.now_s - booking['expires_s']:.0f} s after its deadline"


def redis_shows_what_is_true(found: Evidence) -> Iterator[str]:
    """11, at rest. Redis == f(PostgreSQL); every lock has an owner and a time to live of at most ten minutes."""
    status = {booking["id"]: booking["status"] for booking in found.bookings}
    for show, shown in found.shown.items():
        true = ["A"] * len(shown.labels)
        tokens = {}
        for claim in found.claims:
            if not claim["live"] or claim["show_id"] != show:
                continue
            confirmed = status.get(claim["booking"]) == "confirmed"
            true[claim["seat"]] = "X" if claim["kind"] == "block" else "B" if confirmed else "H"
            if true[claim["seat"]] == "H":
                tokens[shown.labels[claim["seat"]]] = claim["booking"]
        # A show that nobody has looked at since Redis was emptied has no picture, which is no lie.
        if shown.states and shown.states != "".join(true):
            yield f"show {show} is shown {shown.states}, true is {''.join(true)}"
        if shown.states and shown.tokens != tokens:
            yield f"show {show} has seats reserved by {shown.tokens}, true is {tokens}"
        for label, left_ms in shown.lock_left_ms.items():
            if not 0 < left_ms <= LOCK_MS_MAX:
                yield f"show {show}: the lock of {label} lives {left_ms} ms"
            if shown.lock_tokens[label] != tokens.get(label):
                yield f"show {show}: {label} is locked by {shown.lock_tokens[label]}, not {tokens.get(label)}"


def fences_come_from_the_books(found: Evidence) -> Iterator[str]:
    """12. No seat bears a fence that PostgreSQL has not drawn."""
    for show, shown in found.shown.items():
        yield from (
            f"show {show}: {label} has fence {fence}, only {found.fence} are drawn"
            for label, fence in shown.fences.items()
            if fence > found.fence
        )


def fences_fell(before: Evidence, after: Evidence) -> list[str]:
    """12. The fence of a seat rises: what is written later never bears an older one."""
    return [
        f"show {show}: {label} had fence {fence} and has {after.shown[show].fences.get(label)}"
        for show, shown in before.shown.items()
        for label, fence in shown.fences.items()
        if after.shown[show].fences.get(label, 0) < fence
    ]


def money_is_whole_paise(found: Evidence) -> Iterator[str]:
    """19. Money is integer paise; an order asks for at least a rupee, and nothing given back is nothing."""
    for column, kind in found.amount_types.items():
        if kind not in {"integer", "bigint"}:
            yield f"{column} is {kind}"
    for order in found.orders:
        if type(order["amount_paise"]) is not int or order["amount_paise"] < PAISE_MIN:
            yield f"order {order['order']} asks for {order['amount_paise']} paise"
    for name, taken in found.taken.items():
        if type(taken.amount_paise) is not int or taken.amount_paise < PAISE_MIN:
            yield f"payment {name} is of {taken.amount_paise} paise"
    yield from (f"refund {r['key']} is of {r['amount_paise']} paise" for r in found.refunds if r["amount_paise"] <= 0)


def nothing_is_under_way(found: Evidence) -> Iterator[str]:
    """At rest: no webhook and no event is left, no ended booking has applied money, no money is undecided."""
    yield from (f"event {e['key']} is not handled" for e in found.outbox if e["kind"] in HANDLED and not e["done"])
    yield from (f"webhook {e['event']} is not taken in: {e['error']}" for e in found.inbox if not e["processed"])
    status = {booking["id"]: booking["status"] for booking in found.bookings}
    for payment in found.payments:
        if payment["resolution"] == APPLIED and status[payment["booking"]] != "confirmed":
            yield f"payment {payment['payment']} is applied to a booking that is {status[payment['booking']]}"
        if payment["resolution"] == "none" and payment["rank"] in {AUTHORIZED, CAPTURED}:
            yield f"payment {payment['payment']} is good and undecided"


# The outbox' kinds of money that end (a refund that is pending at the bank is looked at for days).
HANDLED: Final = frozenset({"payment.capture_watch"})
ALWAYS: Final[tuple[Invariant, ...]] = (
    one_live_claim_a_seat,
    live_bookings_have_their_seats,
    confirmed_means_paid_once,
    nobody_is_paid_back_twice,
    applied_money_stays,
    confirmed_never_expires,
    money_is_whole_paise,
    fences_come_from_the_books,
)
AT_REST: Final[tuple[Invariant, ...]] = (
    *ALWAYS,
    money_is_conserved,
    house_books_what_the_gateway_booked,
    no_money_is_orphaned,
    holds_end_at_their_deadline,
    redis_shows_what_is_true,
    nothing_is_under_way,
)


def breaches(found: Evidence, *, at_rest: bool) -> list[str]:
    """Everything that may not be."""
    return [breach for invariant in (AT_REST if at_rest else ALWAYS) for breach in invariant(found)]


def assert_sound(found: Evidence, *, at_rest: bool) -> None:
    """Fail with every breach there is."""
    said = breaches(found, at_rest=at_rest)
    assert not said, "\n".join(said)


_NAMES: Final = re.compile(r"\b(?:(?:pay|order|rfnd)_[A-Za-z0-9]{14}|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})\b")


def told_alike(found: Evidence, booking: str) -> str:
    """8. All rows about a booking as text without ids, times and what differs from one run to the next."""
    payments = found.payments_of(booking)
    names = {payment["payment"] for payment in payments} | {
        order["order"] for order in found.orders if order["booking"] == booking
    }
    tables: dict[str, list[Row]] = {
        "booking": [
            {**_without(b, "show_id", "holder", "expires_s", "ended_s", "confirmed_s"), "ended": bool(b["ended_s"])}
            for b in found.bookings
            if b["id"] == booking
        ],
        "claims": [_without(c, "show_id", "seat") for c in found.claims if c["booking"] == booking],
        "orders": [order for order in found.orders if order["booking"] == booking],
        "payments": payments,
        "refunds": [refund for refund in found.refunds if refund["payment"] in names],
        "entries": [entry for entry in found.entries if entry["payment"] in names],
        "outbox": [_without(e, "done") for e in found.outbox if _tells_of(e, {booking, *names})],
    }
    for event in tables["outbox"]:
        event["payload"] = {k: v for k, v in event["payload"].items() if k not in {"show", "refund"}}
    text = "\n".join(f"{table}: {row}" for table, rows in tables.items() for row in rows)
    known: dict[str, str] = {}
    return _NAMES.sub(lambda match: known.setdefault(match[0], f"<{len(known)}>"), text)


def _without(row: Row, *columns: str) -> Row:
    return {name: value for name, value in row.items() if name not in columns}


def _tells_of(event: Row, names: set[Any]) -> bool:
    return any(str(name) in event["key"] or name in event["payload"].values() for name in names)
