"""Money that a person should look at: one error line with its facts, and a counter. The list is the admin's."""

import logging

from prometheus_client import Counter

logger = logging.getLogger(__name__)

_alerts = Counter("housefull_money_alerts_total", "Events about money that a person should look at.")


def alert(what: str, **facts: object) -> None:
    """Tell staff. Where the money is stays in its row until it is settled (the page of open money)."""
    _alerts.inc()
    logger.error("money: %s (%s)", what, ", ".join(f"{name} {value}" for name, value in facts.items()))
