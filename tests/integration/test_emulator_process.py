"""The emulator as a process: where it refuses to run, what it prints, and what it knows after it was killed."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from config.ports import free_port
from tests.support.razorpay import PROJECT, Razorpay, running_emulator
from tests.support.razorpay_keys import KEY_ID, KEY_SECRET
from tests.support.webhook_receiver import webhook_receiver

HERE = {"RAZORPAY_KEY_ID": KEY_ID, "RAZORPAY_KEY_SECRET": KEY_SECRET, "RAZORPAY_WEBHOOK_SECRET": "of-the-webhook"}


@pytest.fixture(scope="module")
def gateway() -> Iterator[Razorpay]:
    with running_emulator() as emulator:
        yield emulator


def run(*arguments: str, tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command, which is expected to end by itself."""
    return subprocess.run(
        [sys.executable, "manage.py", "razorpay_emulator", *arguments],
        cwd=PROJECT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "LOGS_DIR": str(tmp_path),
            **HERE,
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=90,
    )


class TestStart:
    def test_is_refused_with_live_keys(self, tmp_path: Path) -> None:
        ended = run("--port", str(free_port()), tmp_path=tmp_path, RAZORPAY_KEY_ID="rzp_live_0123456789")

        assert ended.returncode == 1
        assert "never runs with live keys" in ended.stderr
        assert "Traceback" not in ended.stderr

    def test_on_a_taken_port_says_so(self, tmp_path: Path, gateway: Razorpay) -> None:
        ended = run("--port", str(gateway.port), tmp_path=tmp_path)

        assert ended.returncode == 1
        assert f"Port {gateway.port} cannot be used" in ended.stderr
        assert "--port" in ended.stderr

    def test_with_a_damaged_ledger_says_what_to_do(self, tmp_path: Path) -> None:
        (tmp_path / "ledger.jsonl").write_text("no event\n{}\n")
        ended = run("--port", str(free_port()), "--state", str(tmp_path), tmp_path=tmp_path)

        assert ended.returncode == 1
        assert "Remove the file" in ended.stderr


class TestOutput:
    def test_says_where_it_is_and_a_line_for_each_request(self, gateway: Razorpay) -> None:
        gateway.create_order()
        log = gateway.process.log()

        assert f"Emulated Razorpay at {gateway.url}/ (not a bank, no money moves)" in log
        assert "POST /v1/orders -> 200" in log
        assert KEY_SECRET not in log

    @pytest.mark.parametrize("path", ["/", "/phone", "/checkout/modal"])
    def test_every_page_says_that_it_is_no_bank(self, gateway: Razorpay, path: str) -> None:
        page = httpx.get(f"{gateway.url}{path}", trust_env=False)

        assert page.status_code == 200
        assert "not a bank" in page.text.lower()
        assert "no money moves" in page.text.lower()

    @pytest.mark.parametrize("path", ["/static/../pages.py", "/static/%2e%2e%2fpages.py", "/static/pages.py"])
    def test_gives_no_file_but_its_own(self, gateway: Razorpay, path: str) -> None:
        assert httpx.get(f"{gateway.url}{path}", trust_env=False).status_code == 404

    def test_shows_what_people_wrote_as_text(self, gateway: Razorpay) -> None:
        gateway.create_order(receipt="<script>alert(1)</script>")
        page = httpx.get(f"{gateway.url}/", trust_env=False).text

        assert "&lt;script&gt;alert(1)" in page
        assert "<script>alert" not in page


class TestCrash:
    def test_forgets_nothing(self, tmp_path: Path) -> None:
        with running_emulator(state=tmp_path) as gateway:
            order = gateway.create_order(receipt="HF-1")
            paid = gateway.pay(order, "capture")
            gateway.advance(3600)
            before = gateway.ledger()
            gateway.process.crash()
            gateway.process.start(gateway.port)

            assert gateway.ledger()[: len(before)] == before
            assert gateway.sdk().payment.fetch(paid.payment_id)["status"] == "captured"
            assert gateway.sdk().order.all({"receipt": "HF-1"})["items"][0]["id"] == order
            assert gateway.now_ms >= before[-1]["at_ms"]
            assert gateway.create_order() != order

    def test_delivers_what_was_still_to_be_delivered(self, tmp_path: Path) -> None:
        with webhook_receiver() as receiver, running_emulator(state=tmp_path, webhook_url=receiver.url) as gateway:
            gateway.plan_webhooks(delay=3600)
            gateway.pay(gateway.create_order(), "fail")
            gateway.process.crash()
            gateway.process.start(gateway.port)
            gateway.webhooks_settled()

            assert receiver.names() == ["payment.failed"]
