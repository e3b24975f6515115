"""Bodies that are too long, or never end, at the servers themselves: cut off at their bound, kept nowhere.

A raw socket speaks, as no HTTP client sends a body that is not finished.
"""

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import psutil
import pytest
from django.conf import settings

from config.api_handler import BESIDE, PAGE, ROOT
from realtime.bodies import bytes_max_of
from tests.support.house import RunningHouse, running_house, send_everybody_home
from tests.support.patience import PATIENCE_SECONDS

CALL: Final = "/payments/webhook/"
FORM: Final = "/admin/login/"
PIECE: Final = b"x" * 65_536
# So much is offered. What the two kernels hold between client and server is a fraction of it.
OFFERED_BYTES: Final = 48 * 2**20
KEPT_BYTES_MAX: Final = 12 * 2**20


class Sender:
    """Somebody who sends one request, as far as he is let."""

    def __init__(self, house: RunningHouse, path: str, length: str, *, kind: str = "text/plain") -> None:
        self.socket = socket.create_connection(("127.0.0.1", house.ports["web"]), timeout=PATIENCE_SECONDS)
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n{length}\r\n\r\n"
        self.socket.sendall(head.encode())
        self.sent_bytes = 0

    def send(self, piece: bytes) -> bool:
        """Send a piece. False when nobody takes it any more."""
        try:
            self.socket.sendall(piece)
        except ConnectionError:
            return False
        self.sent_bytes += len(piece)
        return True

    def send_endlessly(self) -> bool:
        """Send chunk after chunk, and never the last. True when all that was offered was taken."""
        chunk = f"{len(PIECE):x}\r\n".encode() + PIECE + b"\r\n"
        while self.sent_bytes < OFFERED_BYTES:
            if not self.send(chunk):
                return False
        return True

    def reply(self) -> tuple[int, dict[str, str], Any]:
        """The one answer before the connection ends."""
        told = b""
        with self.socket:
            while part := self.socket.recv(65_536):
                told += part
        assert told.count(b"HTTP/1.1") == 1, told
        head, _, body = told.partition(b"\r\n\r\n")
        status, *lines = head.decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        # In chunks or whole, it is one object.
        return int(status.split()[1]), headers, json.loads(body[body.index(b"{") : body.rindex(b"}") + 1])


def kept_bytes(pid: int) -> int:
    """What a process keeps: of memory, and in files that have no name any more."""
    files = 0
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        if "(deleted)" in os.readlink(descriptor):
            files += descriptor.stat().st_size
    return psutil.Process(pid).memory_info().rss + files


@pytest.fixture(scope="module", params=["daphne", "uvicorn"])
def server(request: pytest.FixtureRequest, django_db_setup: None) -> Iterator[RunningHouse]:
    with running_house() as house:
        house.start_web(server=request.param)
        yield house


@pytest.fixture
def house(server: RunningHouse, database: str) -> RunningHouse:
    return server.awake()


class TestABody:
    @pytest.mark.parametrize("path", [CALL, FORM])
    def test_without_an_end_is_cut_off_and_kept_nowhere(self, house: RunningHouse, path: str) -> None:
        before = kept_bytes(house.pid("web"))
        sender = Sender(house, path, "Transfer-Encoding: chunked")

        assert not sender.send_endlessly()

        status, headers, told = sender.reply()
        assert (status, headers["connection"]) == (413, "close")
        assert (told["code"], told["bytes_max"]) == ("bad_request", bytes_max_of(path))
        assert kept_bytes(house.pid("web")) - before < KEPT_BYTES_MAX

    @pytest.mark.parametrize("path", [CALL, FORM])
    def test_that_is_announced_as_longer_is_refused_before_it_comes(self, house: RunningHouse, path: str) -> None:
        sender = Sender(house, path, f"Content-Length: {bytes_max_of(path) + 1}")

        assert sender.reply()[0] == 413

    @pytest.mark.parametrize("length", ["Content-Length: 65537", "Transfer-Encoding: chunked"])
    def test_that_is_one_byte_longer_is_refused_once(self, house: RunningHouse, length: str) -> None:
        sender = Sender(house, CALL, length)
        chunks = length.endswith("chunked")

        sender.send((b"10001\r\n" if chunks else b"") + b"x" * 65_537 + (b"\r\n0\r\n\r\n" if chunks else b""))

        assert sender.reply()[0] == 413

    @pytest.mark.parametrize("length", ["Content-Length: 65536", "Transfer-Encoding: chunked"])
    def test_of_its_bound_is_read(self, house: RunningHouse, length: str) -> None:
        sender = Sender(house, CALL, f"{length}\r\nConnection: close")
        chunks = length.endswith("chunked")

        sender.send((b"10000\r\n" if chunks else b"") + b"x" * 65_536 + (b"\r\n0\r\n\r\n" if chunks else b""))

        status, _, told = sender.reply()
        assert (status, told["detail"]) == (400, "The signature is not Razorpay's.")


class TestAForm:
    @pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=x", "nothing we know"])
    def test_that_is_broken_is_answered_by_the_house(self, house: RunningHouse, kind: str) -> None:
        """And not by the server, which would read forms as well."""
        sender = Sender(house, "/verify_payment/", "Content-Length: 6\r\nConnection: close", kind=kind)

        sender.send(b"broken")

        status, _, told = sender.reply()
        assert (status, told["code"]) == (415, "bad_request")


class TestAServerWithoutTheBound:
    @pytest.mark.parametrize("server", ["daphne", "uvicorn"])
    def test_keeps_all_that_comes(self, database: str, server: str) -> None:
        send_everybody_home()
        with running_house(DJANGO_SETTINGS_MODULE="tests.support.unguarded.long_bodies") as house:
            house.start_web(server=server)
            before = kept_bytes(house.pid("web"))

            sender = Sender(house, CALL, "Transfer-Encoding: chunked")
            assert sender.send_endlessly()

            assert kept_bytes(house.pid("web")) - before > KEPT_BYTES_MAX
            sender.socket.close()


class TestTheBounds:
    def test_are_those_of_calls_wherever_calls_are_answered(self) -> None:
        assert {bytes_max_of(path) for path in (f"{ROOT}guests", *BESIDE)} == {settings.CALL_BODY_BYTES_MAX}
        assert {bytes_max_of(path) for path in ("/", FORM, "*", "http://elsewhere/")} == {
            settings.PAGE_BODY_BYTES_MAX
        }
        assert bytes_max_of(PAGE) <= settings.PAGE_BODY_BYTES_MAX

    def test_of_pages_is_the_proxys(self) -> None:
        composed = (Path(settings.BASE_DIR) / "docker-compose.yml").read_text(encoding="utf-8")

        assert f"client_max_body_size {settings.PAGE_BODY_BYTES_MAX // 2**20}m;" in composed
