"""Money for Prometheus: how much of it is open, by kind. Set when somebody asks; alerts count themselves."""

import math
from typing import Final

from prometheus_client import Gauge

from payments.open_money import KINDS, OpenItem, counts

open_money: Final = Gauge(
    "housefull_open_money", "Payments, refunds, orders and events that are not at rest", ["kind"]
)
open_money_overdue: Final = Gauge("housefull_open_money_overdue", "Those that are open for longer than is normal")


def show(items: list[OpenItem]) -> None:
    """What is open now."""
    for kind, count in counts(items).items():
        open_money.labels(kind).set(count)
    open_money_overdue.set(sum(item.is_overdue for item in items))


def forget() -> None:
    """Nobody knows."""
    for kind in KINDS:
        open_money.labels(kind).set(math.nan)
    open_money_overdue.set(math.nan)
