"""Razorpay through its own SDK: the only file that imports it.

The SDK is wrapped as reference/payments-and-reliability 1.1 says: a session of ours with timeouts, without proxies
from the environment, that turns every failure into one of ours before the SDK can lose its status or print it; a
current CA bundle; no retries (the SDK would repeat POSTs); own data for each call; one client a thread.
"""

import threading
from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import version
from typing import Any, Final

import certifi
import razorpay
import requests
from django.conf import settings
from django.utils.functional import SimpleLazyObject

from payments.domain.facts import Fact
from payments.gateway import Busy, Gateway, GatewayOrder, GatewayRefund, OutcomeUnclear, Refused
from payments.razorpay_entities import fact_of, order_of, refund_of

# Connecting, and the silence before an answer.
TIMEOUT_SECONDS: Final = (2.0, 5.0)
PAGE_MAX: Final = 100
TOO_MANY_REQUESTS: Final = 429
CONFLICT: Final = 409


class _Session(requests.Session):
    """Sends with a time limit, and says what became of a request."""

    def __init__(self) -> None:
        super().__init__()
        # A proxy or netrc of the environment is not asked to carry money.
        self.trust_env = False

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs.setdefault("timeout", TIMEOUT_SECONDS)
        changes_something = str(method).upper() != "GET"
        try:
            response = super().request(method, url, *args, **kwargs)
        except (requests.ConnectTimeout, requests.exceptions.ConnectionError) as error:
            # A connection that broke may have carried the request; only one that was never made has not.
            if changes_something and not _never_connected(error):
                raise OutcomeUnclear(f"the connection to the gateway broke: {type(error).__name__}") from error
            raise Busy(f"the gateway cannot be reached: {type(error).__name__}") from error
        except requests.RequestException as error:
            kind = OutcomeUnclear if changes_something else Busy
            raise kind(f"the gateway did not answer: {type(error).__name__}") from error
        _require_success(response, changes_something=changes_something)
        return response


def _never_connected(error: requests.RequestException) -> bool:
    if isinstance(error, requests.ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    return type(getattr(cause, "reason", None)).__name__ in {"NewConnectionError", "ConnectTimeoutError"}


def _require_success(response: requests.Response, *, changes_something: bool) -> None:
    """Raises Refused, Busy, OutcomeUnclear."""
    status = response.status_code
    try:
        body = response.json()
        error: dict[str, Any] = body.get("error") or {} if isinstance(body, dict) else {}
        readable = isinstance(body, dict)
    except requests.JSONDecodeError:
        error, readable = {}, False
    if 200 <= status < 300 and readable:
        return
    facts: dict[str, Any] = {
        "http_status": status,
        "field": str(error.get("field") or ""),
        "reason": str(error.get("reason") or ""),
    }
    detail = str(error.get("description") or f"HTTP {status}")
    if status in {TOO_MANY_REQUESTS, CONFLICT}:
        raise Busy(detail, **facts)
    if 400 <= status < 500 and readable:
        raise Refused(detail, **facts)
    # A 5xx, or words that are not the gateway's own (a proxy's page): the work may have been done.
    kind = OutcomeUnclear if changes_something else Busy
    raise kind(detail, **facts)


class _Client(razorpay.Client):  # type: ignore[misc]  # the SDK has no types
    """The SDK's client, which looks its own version up on disk for every request."""

    @staticmethod
    @cache
    def _version() -> str:
        return version("razorpay")

    def _get_version(self) -> str:
        return self._version()


class RazorpayGateway:
    """The Gateway over HTTP. Threads share it; each has a client of its own."""

    def __init__(self, *, base_url: str, key_id: str, key_secret: str) -> None:
        self._make: Callable[[], _Client] = lambda: _Client(
            session=_Session(), auth=(key_id, key_secret), base_url=base_url
        )
        self._local = threading.local()

    @property
    def _client(self) -> Any:
        client = getattr(self._local, "client", None)
        if client is None:
            client = self._local.client = self._make()
            client.cert_path = certifi.where()
        return client

    def create_order(self, *, receipt: str, amount_paise: int) -> GatewayOrder:
        """Make an order that a buyer can pay, captured as CAPTURE_MODE says."""
        order = {
            "amount": amount_paise,
            "currency": "INR",
            "receipt": receipt,
            "notes": {"booking": receipt},
            "payment": {"capture": settings.CAPTURE_MODE, "capture_options": _capture_options()},
        }
        return order_of(self._client.order.create(order))

    def find_orders(self, receipt: str) -> list[GatewayOrder]:
        """The orders with this receipt."""
        return [order_of(item) for item in self._client.order.all({"receipt": receipt, "count": PAGE_MAX})["items"]]

    def fetch_payment(self, payment: str) -> Fact:
        """What is known of a payment."""
        return fact_of(self._client.payment.fetch(payment))

    def payments_of_order(self, order: str) -> list[Fact]:
        """The payments of an order."""
        return [fact_of(item) for item in self._client.order.payments(order)["items"]]

    def capture(self, payment: str, *, amount_paise: int) -> Fact:
        """Take the money of an authorised payment."""
        return fact_of(self._client.payment.capture(payment, amount_paise, {"currency": "INR"}))

    def refund(self, payment: str, *, amount_paise: int, key: str) -> GatewayRefund:
        """Give money back; the same key is the same refund."""
        body = {"amount": amount_paise, "speed": "normal", "notes": {"key": key}}
        return refund_of(self._client.payment.refund(payment, body, headers={"X-Refund-Idempotency": key}))

    def refunds_of_payment(self, payment: str) -> list[GatewayRefund]:
        """The refunds of a payment."""
        found = self._client.payment.fetch_multiple_refund(payment, {"count": PAGE_MAX})
        return [refund_of(item) for item in found["items"]]

    def payments_between(self, from_s: int, to_s: int) -> list[Fact]:
        """Every payment created in [from, to], Unix seconds."""
        return [fact_of(item) for item in self._pages(self._client.payment.all, {"from": from_s, "to": to_s})]

    def refunds_between(self, from_s: int, to_s: int) -> list[GatewayRefund]:
        """Every refund created in [from, to], Unix seconds."""
        return [refund_of(item) for item in self._pages(self._client.refund.all, {"from": from_s, "to": to_s})]

    def check_keys(self, *, timeout_seconds: float) -> None:
        """Make the cheapest call there is, to learn whether the keys are taken."""
        self._client.order.all({"count": 1}, timeout=timeout_seconds)

    def _pages(self, fetch: Callable[[dict[str, int]], Any], period: dict[str, int]) -> Iterator[dict[str, Any]]:
        skip = 0
        while True:
            items = fetch({**period, "count": PAGE_MAX, "skip": skip})["items"]
            yield from items
            if len(items) < PAGE_MAX:
                return
            skip += PAGE_MAX


def _capture_options() -> dict[str, object]:
    return {
        "automatic_expiry_period": settings.CAPTURE_AUTOMATIC_MINUTES,
        "manual_expiry_period": settings.CAPTURE_MANUAL_MINUTES,
        "refund_speed": "normal",
    }


def _make_gateway() -> Gateway:
    return RazorpayGateway(
        base_url=settings.RAZORPAY_BASE_URL.rstrip("/"),
        key_id=settings.RAZORPAY_KEY_ID,
        key_secret=settings.RAZORPAY_KEY_SECRET,
    )


gateway: Gateway = SimpleLazyObject(_make_gateway)  # made on first use
