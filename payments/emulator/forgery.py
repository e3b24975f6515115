"""Webhook requests that no honest Razorpay would send, for tests of the receiver. Pure."""

import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from payments.emulator.ids import nth_id, signature

HUGE_BYTES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Genuine:
    """What the forger starts from: a real event and the secrets."""

    body: bytes
    event_id: str
    secret: str
    previous_secret: str
    key_secret: str
    seed: str


@dataclass(frozen=True, slots=True)
class Forgery:
    """A request to send."""

    body: bytes
    headers: Mapping[str, str]


def forge(kind: str, genuine: Genuine) -> Forgery:
    """A request of this kind. Raises KeyError for a kind that is not in KINDS."""
    return KINDS[kind](genuine)


def _request(genuine: Genuine, *, body: bytes | None = None, **headers: str | None) -> Forgery:
    sent = genuine.body if body is None else body
    all_headers: dict[str, str | None] = {
        "Content-Type": "application/json",
        "X-Razorpay-Signature": signature(genuine.secret, sent),
        "x-razorpay-event-id": genuine.event_id,
    }
    all_headers |= {name.replace("_", "-"): value for name, value in headers.items()}
    return Forgery(sent, {name: value for name, value in all_headers.items() if value is not None})


def _signed_with(secret: str, genuine: Genuine) -> Forgery:
    return Forgery(
        genuine.body,
        {**_request(genuine).headers, "X-Razorpay-Signature": signature(secret, genuine.body)},
    )


def _flipped_byte(genuine: Genuine) -> Forgery:
    body = bytearray(genuine.body)
    body[len(body) // 2] ^= 0x01
    return Forgery(bytes(body), _request(genuine).headers)


def _with_signature(genuine: Genuine, text: str | None) -> Forgery:
    headers = {**_request(genuine).headers}
    del headers["X-Razorpay-Signature"]
    if text is not None:
        headers["X-Razorpay-Signature"] = text
    return Forgery(genuine.body, headers)


def _huge(genuine: Genuine) -> Forgery:
    padded = json.dumps({**json.loads(genuine.body), "padding": "x" * HUGE_BYTES}).encode()
    return _request(genuine, body=padded)


def _gzipped(genuine: Genuine) -> Forgery:
    packed = gzip.compress(genuine.body, mtime=0)
    headers = {**_request(genuine, body=packed).headers, "Content-Encoding": "gzip"}
    return Forgery(packed, headers)


def _unknown_event(genuine: Genuine) -> Forgery:
    return _request(genuine, body=json.dumps({**json.loads(genuine.body), "event": "moon.eclipsed"}).encode())


def _new_event_id(genuine: Genuine) -> Forgery:
    replayed = nth_id(genuine.seed, "", int.from_bytes(genuine.event_id.encode()[:4], "big"))
    return Forgery(genuine.body, {**_request(genuine).headers, "x-razorpay-event-id": replayed})


# Those marked so are signed rightly: they must be taken, or refused for another reason than their signature.
KINDS: Final[Mapping[str, Callable[[Genuine], Forgery]]] = {
    "flipped_byte": _flipped_byte,
    "wrong_secret": lambda genuine: _signed_with("a secret that nobody has", genuine),
    "empty_secret": lambda genuine: _signed_with("", genuine),
    "api_secret": lambda genuine: _signed_with(genuine.key_secret, genuine),
    "no_signature": lambda genuine: _with_signature(genuine, None),
    "latin1_header": lambda genuine: _with_signature(genuine, "é" * 64),
    "upper_case": lambda genuine: _with_signature(genuine, signature(genuine.secret, genuine.body).upper()),
    "old_secret": lambda genuine: _signed_with(genuine.previous_secret, genuine),  # rightly, with two secrets
    "new_event_id": _new_event_id,  # rightly: the id is not signed
    "huge": _huge,  # rightly
    "not_json": lambda genuine: _request(genuine, body=b"\x00not json{"),  # rightly
    "not_an_object": lambda genuine: _request(genuine, body=b"[1,2,3]"),  # rightly
    "empty_body": lambda genuine: _request(genuine, body=b""),  # rightly
    "gzip": _gzipped,  # rightly
    "unknown_event": _unknown_event,  # rightly
}
