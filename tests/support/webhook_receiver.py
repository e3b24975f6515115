"""A merchant's webhook address, of a test: it keeps what it was sent and answers as it is told."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True)
class Received:
    """One request."""

    body: bytes
    headers: dict[str, str]

    @property
    def event_id(self) -> str:
        return self.headers["x-razorpay-event-id"]

    @property
    def told(self) -> dict[str, Any]:
        """The event."""
        told: dict[str, Any] = json.loads(self.body)
        return told

    @property
    def name(self) -> str:
        """Such as payment.captured."""
        return str(self.told["event"])


class WebhookReceiver:
    """Answers 200, or as `answer_with` said."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/hook"
        self.received: list[Received] = []
        self._statuses: list[int] = []
        self._status = 200
        self._lock = threading.Lock()

    def answer_with(self, *statuses: int, then: int = 200) -> None:
        """These, one for each request, then always `then`."""
        with self._lock:
            self._statuses, self._status = list(statuses), then

    def names(self) -> list[str]:
        """What arrived, in order."""
        return [one.name for one in self.received]

    def forget(self) -> None:
        """Begin anew."""
        self.received.clear()
        self.answer_with()

    def take(self, received: Received) -> int:
        """Keep a request. Returns the status to answer with."""
        with self._lock:
            self.received.append(received)
            return self._statuses.pop(0) if self._statuses else self._status


@contextmanager
def webhook_receiver() -> Iterator[WebhookReceiver]:
    """A receiver on a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status = receiver.take(Received(body, {name.lower(): value for name, value in self.headers.items()}))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing: what arrived is kept, not printed."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        receiver = WebhookReceiver(server.server_port)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
