"""Is money at rest: does the gateway take our keys, and is nothing open for longer than is normal.

Each function is one examination: it returns what it saw, or raises Failed or Skipped.
"""

from typing import Final

from django.conf import settings

from config import probes
from config.doctor.examination import Failed, Skipped
from payments.gateway import GatewayFailed, Refused
from payments.open_money import KINDS, PAGE_MAX, counts, open_items, open_money_query
from payments.razorpay_gateway import gateway

GATEWAY_SECONDS: Final = 1.5


def gateway_takes_our_keys() -> str:
    """A real call, the cheapest there is."""
    if not settings.RAZORPAY_KEY_ID:
        raise Skipped("RAZORPAY_KEY_ID is not set: no payments are taken")
    try:
        gateway.check_keys(timeout_seconds=GATEWAY_SECONDS)
    except Refused as refusal:
        raise Failed(f"{settings.RAZORPAY_BASE_URL} refuses them: {refusal.detail}") from refusal
    except GatewayFailed as failure:
        raise Failed(
            f"{settings.RAZORPAY_BASE_URL}: {failure.detail}",
            remedy="Look whether this machine reaches RAZORPAY_BASE_URL (make demo brings the emulator).",
        ) from failure
    return f"{settings.RAZORPAY_KEY_ID[:9]}… is taken by {settings.RAZORPAY_BASE_URL}"


def nothing_is_open_for_long() -> str:
    """What is open is on its way: younger than what is normal for its kind."""
    query = open_money_query()
    with probes.open_postgres() as connection:
        items = open_items(connection.execute(query.statement, query.arguments).fetchall())
    late = counts([item for item in items if item.is_overdue])
    if any(late.values()):
        told = ", ".join(f"{count} × {_in_a_sentence(KINDS[kind].title)}" for kind, count in late.items() if count)
        raise Failed(f"open for longer than is normal: {told}")
    return f"{len(items)}{' or more' if len(items) == PAGE_MAX else ''} on their way"


def _in_a_sentence(title: str) -> str:
    return title[0].lower() + title[1:]
