"""The money ledger, reckoned up: what differs between the house and the gateway, and whether nothing is lost here.

Pure. Reading both sides, and taking in what was missed, is services/ledger.py.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from payments.domain.facts import Fact, Rank
from payments.domain.refunds import RefundStatus

_MOVED: Final = frozenset({RefundStatus.PENDING, RefundStatus.PROCESSED})
# Where the decided money of a payment is not the cinema's.
_GOES_BACK: Final = frozenset({"refund_due", "refunded", "manual"})


@dataclass(frozen=True, slots=True)
class RefundTold:
    """A refund as one side has it. `name` is Razorpay's; here None until it has one."""

    name: str | None
    amount_paise: int
    status: RefundStatus

    @property
    def moves_nothing(self) -> bool:
        """Whether nobody need have heard of it."""
        return self.status is RefundStatus.FAILED or not self.amount_paise


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """What the house has of a payment. `is_booked`: its capture is in the ledger."""

    payment: str
    booking: str | None
    rank: Rank
    amount_paise: int
    currency: str
    is_booked: bool
    created_s: int
    refunds: tuple[RefundTold, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that house and gateway say otherwise, as each says it."""

    payment: str
    what: str
    here: str
    there: str


def differences(here: Here | None, there: Fact | None, refunds_there: Iterable[RefundTold]) -> Iterator[Difference]:
    """What differs about one payment, of which at least one side knows."""
    if there is None:
        assert here is not None, "somebody told of it"
        if here.rank >= Rank.AUTHORIZED:
            yield Difference(here.payment, "missing there", _state(here.rank, here.amount_paise), "–")
        return
    if here is None:
        # A payment that failed, or has not come anywhere, need not be told of.
        if there.rank >= Rank.AUTHORIZED:
            yield Difference(there.payment, "missing here", "–", _state(there.rank, there.amount_paise or 0))
        return
    yield from _payment_differences(here, there)
    yield from _refund_differences(here, there, {refund.name: refund for refund in refunds_there})


def knows_refunds(here: Here, told: Iterable[RefundTold]) -> bool:
    """Whether the house has these refunds of a payment, each as it is told."""
    names = {refund.name for refund in here.refunds}
    return all(refund in here.refunds or (refund.name not in names and refund.moves_nothing) for refund in told)


def _payment_differences(here: Here, there: Fact) -> Iterator[Difference]:
    name = here.payment
    if (here.amount_paise, here.currency) != (there.amount_paise, there.currency):
        ours, theirs = f"{here.currency} {here.amount_paise}", f"{there.currency} {there.amount_paise}"
        yield Difference(name, "amount differs", ours, theirs)
    # Given back or not is told by the refunds; here it counts how far the money came.
    if min(here.rank, Rank.CAPTURED) != min(there.rank, Rank.CAPTURED) and max(here.rank, there.rank) > Rank.FAILED:
        yield Difference(name, "state differs", here.rank.name.lower(), there.rank.name.lower())
    elif there.was_captured and not here.is_booked:
        yield Difference(name, "capture not booked", "–", str(there.amount_paise))


def _refund_differences(here: Here, there: Fact, theirs: Mapping[str | None, RefundTold]) -> Iterator[Difference]:
    ours = {refund.name: refund for refund in here.refunds if refund.name is not None}
    for name in sorted({*ours, *filter(None, theirs)}):
        one, other = ours.get(name), theirs.get(name)
        if one is None and other is not None and other.moves_nothing:
            continue
        if one is None or other is None:
            what = f"refund {name} missing {'here' if one is None else 'there'}"
            yield Difference(here.payment, what, _refund(one), _refund(other))
        elif (one.amount_paise, one.status) != (other.amount_paise, other.status):
            yield Difference(here.payment, f"refund {name} differs", _refund(one), _refund(other))
    gone_paise = sum(refund.amount_paise for refund in theirs.values() if refund.status in _MOVED)
    if gone_paise != there.amount_refunded_paise:
        told = f"{there.amount_refunded_paise} by the payment, {gone_paise} by its refunds"
        yield Difference(here.payment, "refunds do not add up there", "", told)


def _state(rank: Rank, amount_paise: int) -> str:
    return f"{rank.name.lower()} {amount_paise}"


def _refund(refund: RefundTold | None) -> str:
    return "–" if refund is None else f"{refund.status} {refund.amount_paise}"


# --- within the house


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """One payment: what the ledger has of it, and what the other rows say. Money in paise."""

    payment: str
    booking: str | None
    resolution: str
    booking_status: str | None
    rank: Rank
    amount: int
    price: int
    captured: int
    refunded: int
    refunds_moved: int
    by_hand: int
    goes_back: int
    to_be_asked: int


@dataclass(slots=True)
class Totals:
    """Where the captured money of a period is, in paise. Conserved: what came is somewhere."""

    captured: int = 0
    refunded: int = 0
    confirmed: int = 0
    retained: int = 0
    on_its_way_back: int = 0
    undecided: int = 0

    @property
    def is_conserved(self) -> bool:
        """captured − refunded = confirmed + retained + on its way back + undecided."""
        kept = self.confirmed + self.retained + self.on_its_way_back + self.undecided
        return self.captured - self.refunded == kept


@dataclass(frozen=True, slots=True)
class Breach:
    """Rows of the house that contradict each other."""

    what: str
    subject: str
    detail: str


@dataclass(slots=True)
class Reckoning:
    """The house's own books of a period."""

    totals: Totals = field(default_factory=Totals)
    breaches: list[Breach] = field(default_factory=list)


def reckon(balances: Iterable[Balance]) -> Reckoning:
    """Add up, and name every payment whose rows do not fit together."""
    found = Reckoning()
    for one in balances:
        found.breaches += [Breach(what, one.payment, detail) for what, detail in _breaches(one)]
        if one.captured:
            _add(found.totals, one)
    return found


def _breaches(one: Balance) -> Iterator[tuple[str, str]]:
    if one.resolution == "applied":
        if one.booking_status != "confirmed":
            yield "applied to a booking that is not confirmed", f"booking {one.booking} is {one.booking_status}"
        elif one.amount != one.price:
            yield "paid another amount than its seats cost", f"{one.amount} for seats of {one.price} paise"
    # What flowed back without ever being captured is not in the ledger at all.
    never_captured = not one.captured and one.rank is not Rank.CAPTURED
    if one.captured != one.amount and not never_captured:
        yield "captured otherwise than the ledger has it", f"{one.amount}, in the ledger {one.captured} paise"
    if one.refunded != one.refunds_moved and not never_captured:
        yield (
            "given back otherwise than the ledger has it",
            f"{one.refunds_moved}, in the ledger {one.refunded} paise",
        )
    if one.refunds_moved + one.by_hand > one.amount:
        yield "more given back than was paid", f"{one.refunds_moved + one.by_hand} of {one.amount} paise"
    alone = Totals()
    if one.captured:
        _add(alone, one)
    if not alone.is_conserved:
        yield "not conserved", f"{one.resolution}: {one.captured} captured, {one.refunded + one.by_hand} given back"


def _add(totals: Totals, one: Balance) -> None:
    totals.captured += one.captured
    totals.refunded += one.refunded + one.by_hand
    gone = one.refunds_moved + one.by_hand
    if one.resolution == "applied":
        # A part that somebody gave back in the dashboard is not the booking's any more.
        totals.confirmed += one.price - gone
    elif one.resolution == "retained":
        totals.retained += one.amount - gone
    elif one.resolution in _GOES_BACK:
        totals.retained += one.amount - one.goes_back
        totals.on_its_way_back += 0 if one.by_hand else one.to_be_asked
    else:
        totals.undecided += one.amount - gone
