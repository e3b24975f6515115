"""The house over HTTP: guests, shows, snapshots, checkout; and the emulated Razorpay behind it."""

import asyncio
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

import aiohttp
import msgspec

from realtime.loadtest.frames import Show, Snapshot, read_snapshot

TIMEOUT_SECONDS: Final = 30.0
CONNECTIONS_MAX: Final = 64
GUEST_TRIES_MAX: Final = 5
# A guest who is told to wait longer than this is told to whom it may concern instead.
GUEST_WAIT_SECONDS_MAX: Final = 5.0
BUYER: Final = {"name": "Load Tester", "email": "load@example.org"}


class NotServed(Exception):
    """The house said no, or nothing sensible: an HTTP status, a code and a detail. Status 0: no answer at all."""

    def __init__(self, status: int, code: str, detail: str, retry_after_ms: int = 0) -> None:
        super().__init__(f"{code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.retry_after_ms = retry_after_ms


class Api:
    """A client of one house; an async context manager."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS),
            connector=aiohttp.TCPConnector(limit=CONNECTIONS_MAX),
            trust_env=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.close()

    async def call(self, method: str, path: str, *, token: str | None = None, body: Any = None) -> bytes:
        """One call; the body of a reply that says yes. `path` may be a whole address. Raises NotServed."""
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        url = path if path.startswith("http") else self.url + path
        data = msgspec.json.encode(body) if body is not None else None
        try:
            async with self._http.request(method, url, headers=headers, data=data, allow_redirects=False) as reply:
                payload = await reply.read()
                if reply.status < 300:
                    return payload
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise NotServed(0, "no_answer", f"{method} {path}: {error or type(error).__name__}") from error
        raise _not_served(method, path, reply.status, payload)

    async def json(self, method: str, path: str, *, token: str | None = None, body: Any = None) -> Any:
        """The same, decoded. Raises NotServed."""
        payload = await self.call(method, path, token=token, body=body)
        try:
            return msgspec.json.decode(payload)
        except msgspec.DecodeError as error:
            raise _not_a_house(method, path, payload) from error

    async def guest(self) -> str:
        """A new guest's token. Raises NotServed, with `rate_limited` when this address may have no more."""
        for attempt in range(GUEST_TRIES_MAX):
            try:
                token: str = (await self.json("POST", "/api/v1/guests"))["token"]
                return token
            except NotServed as error:
                wait_seconds = error.retry_after_ms / 1000
                last = attempt == GUEST_TRIES_MAX - 1
                if error.code != "rate_limited" or last or wait_seconds > GUEST_WAIT_SECONDS_MAX:
                    raise
                await asyncio.sleep(wait_seconds)
        raise AssertionError("the last attempt returns or raises")

    async def show(self, show_id: int) -> Show:
        """A show that is on sale, with its seats. Raises NotServed."""
        path = f"/api/v1/shows/{show_id}"
        reply = await self.json("GET", path)
        try:
            show, sales = Show.from_reply(reply), reply.get("sales", "open")
        except (LookupError, TypeError, msgspec.ValidationError) as error:
            raise _not_a_house("GET", path, reply) from error
        if sales != "open":
            raise NotServed(409, "not_on_sale", f"show {show_id} is not on sale ({sales})")
        return show

    async def next_open_show(self) -> int:
        """The show that starts next and can be bought. Raises NotServed if there is none."""
        reply = await self.json("GET", "/api/v1/shows")
        try:
            ids = [int(show["id"]) for show in reply["items"] if show["sales"] == "open"]
        except (LookupError, TypeError, ValueError) as error:
            raise _not_a_house("GET", "/api/v1/shows", reply) from error
        if not ids:
            raise NotServed(404, "no_open_show", "no show is on sale; name one with --show")
        return ids[0]

    async def snapshot(self, show_id: int) -> tuple[Snapshot, str]:
        """The seats of a show now, and the reply's text. Raises NotServed."""
        payload = await self.call("GET", f"/api/v1/shows/{show_id}/seats")
        try:
            return read_snapshot(payload), payload.decode()
        except msgspec.DecodeError as error:
            raise _not_a_house("GET", f"/api/v1/shows/{show_id}/seats", payload) from error

    async def processor_seconds(self) -> float | None:
        """Processor time of the web process that answers, from /metrics; None where it does not say."""
        try:
            text = (await self.call("GET", "/metrics")).decode()
        except NotServed:
            return None
        for line in text.splitlines():
            if line.startswith("process_cpu_seconds_total "):
                return float(line.split()[1])
        return None

    async def server_name(self) -> str:
        """What serves HTTP there, as it calls itself."""
        try:
            async with self._http.get(f"{self.url}/healthz", allow_redirects=False) as reply:
                return reply.headers.get("Server", "unknown")
        except (aiohttp.ClientError, OSError):
            return "unknown"

    async def version(self) -> str | None:
        """Which Housefull it is, by its OpenAPI document; None where it does not say."""
        try:
            return str((await self.json("GET", "/api/v1/openapi.json"))["info"]["version"])
        except (NotServed, KeyError, TypeError):
            return None

    # --- money

    async def checkout(self, booking: str, token: str) -> dict[str, Any]:
        """Freeze a hold and create its order. Raises NotServed."""
        order: dict[str, Any] = await self.json(
            "POST", f"/api/v1/bookings/{booking}/checkout", token=token, body=BUYER
        )
        return order

    async def pay(self, order: dict[str, Any]) -> dict[str, str]:
        """Pay an order at the emulated Razorpay; what checkout's handler would be given. Raises NotServed."""
        parts = urlsplit(order["checkout_js"])
        if not (order["key_id"].startswith("rzp_test_") and parts.hostname in ("127.0.0.1", "localhost", "::1")):
            raise NotServed(0, "real_gateway", "payments go to a real Razorpay: nobody pays in this run")
        paid = await self.json(
            "POST",
            f"{parts.scheme}://{parts.netloc}/emulator/pay",
            body={"order_id": order["order_id"], "outcome": "capture"},
        )
        return {
            "razorpay_payment_id": paid["payment_id"],
            "razorpay_order_id": paid["order_id"],
            "razorpay_signature": paid["signature"],
        }

    async def verify(self, handed: dict[str, str], token: str) -> str:
        """Tell the house that it was paid; the booking's status. Raises NotServed."""
        return str((await self.json("POST", "/verify_payment/", token=token, body=handed))["status"])

    async def cancel(self, booking: str, token: str) -> str:
        """Give a booking up; its status. Raises NotServed."""
        body = {"booking": booking, "reason": "user"}
        return str((await self.json("POST", "/api/cancel_booking/", token=token, body=body))["status"])


def _not_a_house(method: str, path: str, reply: object) -> NotServed:
    return NotServed(200, "not_a_house", f"{method} {path} was answered with {str(reply)[:80]}")


def _not_served(method: str, path: str, status: int, payload: bytes) -> NotServed:
    try:
        said = msgspec.json.decode(payload)
    except msgspec.DecodeError:
        said = None
    if not isinstance(said, dict):
        return NotServed(status, f"http_{status}", f"{method} {path} was answered with {status}")
    return NotServed(
        status, str(said.get("code", f"http_{status}")), str(said.get("detail", "")), said.get("retry_after_ms") or 0
    )
