"""The money ledger compared: with the gateway, payment by payment and refund by refund, and within itself.

Whatever differs is looked at twice, as both sides move. Repairing means taking in what the gateway says: facts, which
settle as they would have when they were missed; no row is written by hand.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from bookings.api import BookingWorks, sql_file
from payments.domain.facts import Fact, Rank
from payments.domain.reckoning import (
    Balance,
    Breach,
    Difference,
    Here,
    Reckoning,
    RefundTold,
    differences,
    knows_refunds,
    reckon,
)
from payments.domain.refunds import RefundStatus
from payments.gateway import Gateway, GatewayRefund, Refused, in_gateway_thread
from payments.services.alerts import alert
from payments.services.refunds import take_refund
from payments.services.settle import take_in

DAYS: Final = 4
# Refunds are compared for longer: banks answer in 5 to 7 working days, and may say no. Two weeks have holidays, too.
REFUND_DAYS: Final = 14
# Younger money is on its way: a capture is looked for after half a minute, webhooks come when they come.
ON_ITS_WAY_SECONDS: Final = 600


@dataclass(frozen=True, slots=True)
class Period:
    """From and to, Unix seconds, both included. `refunds_from_s` is where refunds begin; None: with the payments."""

    from_s: int
    to_s: int
    refunds_from_s: int | None = None

    @classmethod
    def usual(cls, now_s: int) -> "Period":
        """The last days, for so long late authorisations come, up to what has had its time to arrive."""
        return cls(now_s - DAYS * 86_400, now_s - ON_ITS_WAY_SECONDS, now_s - REFUND_DAYS * 86_400)


@dataclass(slots=True)
class LedgerReport:
    """What was compared and what was found."""

    period: Period
    payments: int = 0
    refunds: int = 0
    differences: list[Difference] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)
    reckoning: Reckoning = field(default_factory=Reckoning)

    @property
    def is_clean(self) -> bool:
        """Whether nothing differs and nothing contradicts itself."""
        return not self.differences and not self.reckoning.breaches and self.reckoning.totals.is_conserved


async def check_ledger(works: BookingWorks, gateway: Gateway, *, period: Period, repair: bool) -> LedgerReport:
    """Compare a period. Raises GatewayFailed, ClaimsUnavailable, NotReady."""
    report = LedgerReport(period)
    facts = await in_gateway_thread(gateway.payments_between, period.from_s, period.to_s)
    refunds_from_s = period.from_s if period.refunds_from_s is None else period.refunds_from_s
    refunds = await in_gateway_thread(gateway.refunds_between, refunds_from_s, period.to_s)
    there = {fact.payment: fact for fact in facts}
    told = {*there, *(refund.payment for refund in refunds)}
    here = await _here(works, period, told)
    report.payments, report.refunds = len({*here, *there}), len(refunds)
    for payment in sorted(_suspects(here, there, refunds)):
        await _look_again(works, gateway, payment, report, repair=repair)
    report.reckoning = await reckon_up(works, period)
    return report


async def reckon_up(works: BookingWorks, period: Period) -> Reckoning:
    """The house's own books of a period, without the gateway. Raises ClaimsUnavailable."""
    async with works.open() as work:
        cursor = await work.connection.execute(sql_file("payments", "ledger_balance"), _bounds(period))
        found = reckon(_balance(row) for row in await cursor.fetchall())
        cursor = await work.connection.execute(sql_file("payments", "unpaid_bookings"), _bounds(period))
        unpaid = [str(booking) for (booking,) in await cursor.fetchall()]
    found.breaches += [Breach("confirmed without an applied payment", booking, "") for booking in unpaid]
    return found


def alert_of(report: LedgerReport) -> None:
    """Tell staff of every difference and breach."""
    for difference in report.differences:
        alert(
            f"the ledger differs: {difference.what}",
            payment=difference.payment,
            here=difference.here,
            there=difference.there,
            repaired=difference.payment in report.repaired,
        )
    for breach in report.reckoning.breaches:
        alert(f"the ledger contradicts itself: {breach.what}", subject=breach.subject, detail=breach.detail)


def _suspects(here: dict[str, Here], there: dict[str, Fact], refunds: Sequence[GatewayRefund]) -> set[str]:
    """Payments about which something seems to differ. A refund may be of a payment of another period."""
    by_payment: dict[str, list[RefundTold]] = defaultdict(list)
    for refund in refunds:
        by_payment[refund.payment].append(_told(refund))
    return {
        payment
        for payment in {*here, *there, *by_payment}
        if _is_suspect(here.get(payment), there.get(payment), by_payment[payment])
    }


def _is_suspect(here: Here | None, there: Fact | None, refunds: list[RefundTold]) -> bool:
    if here is None or (there is None and not refunds):
        return True
    if there is None:
        # A payment of another period. There are many: it is looked up only where its refunds differ.
        return not knows_refunds(here, refunds)
    return any(differences(here, there, refunds))


async def _look_again(
    works: BookingWorks, gateway: Gateway, payment: str, report: LedgerReport, *, repair: bool
) -> None:
    """Read both sides of one payment alone; what differs still is a difference."""
    try:
        fact: Fact | None = await in_gateway_thread(gateway.fetch_payment, payment)
        refunds = await in_gateway_thread(gateway.refunds_of_payment, payment)
    except Refused:
        fact, refunds = None, []
    here = (await _here(works, None, {payment})).get(payment)
    if fact is None and here is None:
        return
    found = list(differences(here, fact, [_told(refund) for refund in refunds]))
    report.differences += found
    if found and repair and fact is not None:
        await take_in(works, fact)
        for refund in refunds:
            await take_refund(works, refund)
        after = (await _here(works, None, {payment})).get(payment)
        if not any(differences(after, fact, [_told(refund) for refund in refunds])):
            report.repaired.append(payment)


async def _here(works: BookingWorks, period: Period | None, payments: Iterable[str]) -> dict[str, Here]:
    bounds = _bounds(period) if period is not None else {"from_s": 1, "to_s": 0}
    async with works.open() as work:
        cursor = await work.connection.execute(
            sql_file("payments", "ledger_payments"), {**bounds, "payments": sorted(payments)}
        )
        return {row[0]: _ours(row) for row in await cursor.fetchall()}


def _bounds(period: Period) -> dict[str, Any]:
    return {"from_s": period.from_s, "to_s": period.to_s}


def _ours(row: Sequence[Any]) -> Here:
    return Here(
        payment=row[0],
        booking=row[2],
        rank=Rank(row[3]),
        amount_paise=row[4],
        currency=row[5],
        is_booked=row[6],
        created_s=row[7],
        refunds=tuple(RefundTold(name, amount, RefundStatus(status)) for name, amount, status, _ in row[8]),
    )


def _told(refund: GatewayRefund) -> RefundTold:
    return RefundTold(refund.refund, refund.amount_paise, refund.status)


def _balance(row: Sequence[Any]) -> Balance:
    return Balance(
        payment=row[0],
        booking=row[1],
        resolution=row[2],
        booking_status=row[3],
        rank=Rank(row[4]),
        amount=row[5],
        price=row[6],
        captured=row[7],
        refunded=row[8],
        refunds_moved=row[9],
        by_hand=row[10],
        goes_back=row[11],
        to_be_asked=row[12],
    )
