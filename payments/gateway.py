"""What the house asks of a payment gateway, and the three ways in which it may fail.

Calls block: they run in threads (`in_gateway_thread`), never on the event loop.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, ParamSpec, Protocol, TypeVar

from payments.domain.facts import Fact
from payments.domain.refunds import RefundStatus

P = ParamSpec("P")
T = TypeVar("T")

THREADS_MAX: Final = 8


class GatewayFailed(Exception):
    """The gateway did not do what it was asked for. Its subclasses say what is known of the outcome."""

    def __init__(self, detail: str, *, http_status: int | None = None, field: str = "", reason: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.http_status = http_status
        self.field = field
        self.reason = reason


class Refused(GatewayFailed):
    """It refused, and would refuse the same request again. Nothing was done."""


class Busy(GatewayFailed):
    """It could not, for now (throttled, or not reached). Nothing was done; the same request may succeed later."""


class OutcomeUnclear(GatewayFailed):
    """It may have been done or not: no answer, or one that says nothing."""


@dataclass(frozen=True, slots=True)
class GatewayOrder:
    """An order as the gateway has it."""

    order: str
    amount_paise: int
    currency: str
    receipt: str
    status: str


@dataclass(frozen=True, slots=True)
class GatewayRefund:
    """A refund as the gateway has it. `key` is what we sent with it, where it was ours."""

    refund: str
    payment: str
    amount_paise: int
    status: RefundStatus
    key: str


class Gateway(Protocol):
    """A payment gateway. Money is integer paise. Everything raises Refused, Busy or OutcomeUnclear."""

    def create_order(self, *, receipt: str, amount_paise: int) -> GatewayOrder:
        """Make an order that a buyer can pay."""

    def find_orders(self, receipt: str) -> list[GatewayOrder]:
        """The orders with this receipt, whoever's answer was lost."""

    def fetch_payment(self, payment: str) -> Fact:
        """What is known of a payment."""

    def payments_of_order(self, order: str) -> list[Fact]:
        """The payments of an order."""

    def capture(self, payment: str, *, amount_paise: int) -> Fact:
        """Take the money of an authorised payment."""

    def refund(self, payment: str, *, amount_paise: int, key: str) -> GatewayRefund:
        """Give money back; the same key is the same refund."""

    def refunds_of_payment(self, payment: str) -> list[GatewayRefund]:
        """The refunds of a payment."""

    def payments_between(self, from_s: int, to_s: int) -> list[Fact]:
        """Every payment created in [from, to], Unix seconds."""

    def refunds_between(self, from_s: int, to_s: int) -> list[GatewayRefund]:
        """Every refund created in [from, to], Unix seconds."""

    def check_keys(self, *, timeout_seconds: float) -> None:
        """Make the cheapest call there is, to learn whether the keys are taken."""


_threads = ThreadPoolExecutor(max_workers=THREADS_MAX, thread_name_prefix="gateway")


async def in_gateway_thread(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run one of the gateway's calls in one of its threads."""
    return await asyncio.get_running_loop().run_in_executor(_threads, lambda: call(*args, **kwargs))
