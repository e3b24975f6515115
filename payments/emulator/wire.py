"""How answers leave: JSON in one write, errors, and every way in which an answer can go wrong on the wire."""

import asyncio
import json
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from aiohttp import web

from payments.emulator import errors
from payments.emulator.errors import Refused
from payments.emulator.faults import Fault

BAD_GATEWAY: Final = (
    "<html>\n<head><title>502 Bad Gateway</title></head>\n<body>\n<h1>502 Bad Gateway</h1>\n</body>\n</html>\n"
)
LINGER_NEVER: Final = struct.pack("ii", 1, 0)
SLOW_PARTS: Final = 20
Work = Callable[[], web.Response]


def json_reply(body: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """A JSON answer; headers and body leave in one write."""
    return web.Response(
        body=json.dumps(body, separators=(",", ":")).encode(),
        status=status,
        content_type="application/json",
        headers=headers,
    )


def refusal(refused: Refused) -> web.Response:
    """An error as Razorpay tells it."""
    return json_reply(refused.body(), status=refused.status)


async def read_object(request: web.Request) -> dict[str, Any]:
    """The request's JSON object; {} without a body. Raises Refused."""
    raw = await request.read()
    if not raw:
        return {}
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refused("Please provide your request in JSON format.")
    return body


async def with_fault(request: web.Request, fault: Fault, work: Work) -> web.StreamResponse:
    """Answer as this fault wants it; the work is done before, after or not at all."""
    reply = work() if fault.after_work else None
    spoil = _SPOILED.get(fault.kind)
    if spoil is not None:
        return await spoil(request, fault)
    if fault.kind == "latency":
        await asyncio.sleep(fault.seconds)
    reply = reply or work()
    if fault.kind == "slow_body":
        return await _slow(request, reply, fault.seconds)
    return reply


def cut(request: web.Request) -> web.Response:
    """Reset the connection: the client reads ECONNRESET and knows nothing."""
    transport = request.transport
    if transport is not None:
        connection: socket.socket = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NEVER)
        transport.abort()
    return web.Response()


async def _status_429(_request: web.Request, _fault: Fault) -> web.StreamResponse:
    return refusal(Refused(errors.TOO_MANY, status=429, source="NA", step="NA", reason="NA"))


async def _error_500(_request: web.Request, _fault: Fault) -> web.StreamResponse:
    text = "We are facing some trouble completing your request at the moment. Please try again shortly."
    return refusal(Refused(text, status=500, code=errors.SERVER_ERROR, source="internal", step="NA", reason="NA"))


async def _html_502(_request: web.Request, _fault: Fault) -> web.StreamResponse:
    return web.Response(text=BAD_GATEWAY, status=502, content_type="text/html")


async def _reset(request: web.Request, _fault: Fault) -> web.StreamResponse:
    return cut(request)


async def _hang(request: web.Request, fault: Fault) -> web.StreamResponse:
    # Ends early when the client hangs up: aiohttp then cancels this.
    await asyncio.sleep(fault.seconds)
    return cut(request)


async def _slow(request: web.Request, reply: web.Response, seconds: float) -> web.StreamResponse:
    body = reply.body if isinstance(reply.body, bytes) else b""
    stream = web.StreamResponse(status=reply.status, headers={"Content-Type": "application/json"})
    stream.content_length = len(body)
    await stream.prepare(request)
    step = max(1, -(-len(body) // SLOW_PARTS))
    for begin in range(0, len(body), step):
        await asyncio.sleep(seconds / SLOW_PARTS)
        await stream.write(body[begin : begin + step])
    await stream.write_eof()
    return stream


_SPOILED: Final[Mapping[str, Callable[[web.Request, Fault], Awaitable[web.StreamResponse]]]] = {
    "status_429": _status_429,
    "error_500": _error_500,
    "html_502": _html_502,
    "reset": _reset,
    "dropped": _reset,
    "hang": _hang,
}
