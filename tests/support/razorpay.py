"""The emulated Razorpay as a process of its own, and a small client of its control API, for tests.

The process dies with the test process (config.guardian). Nothing of the emulator runs in the tests' own process.
"""

import base64
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import httpx
import razorpay

from config.guardian import Guardian
from config.ports import free_port
from tests.support.patience import PATIENCE_SECONDS
from tests.support.processes import wait_until
from tests.support.razorpay_keys import KEY_ID, KEY_SECRET, PREVIOUS_WEBHOOK_SECRET, WEBHOOK_SECRET

PROJECT: Final = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment that the control API made, with what checkout would hand to the browser."""

    payment_id: str
    order_id: str | None
    status: str
    signature: str

    @property
    def handed(self) -> dict[str, str]:
        """What checkout's handler receives and the page sends to /verify_payment/."""
        return {
            "razorpay_payment_id": self.payment_id,
            "razorpay_order_id": self.order_id or "",
            "razorpay_signature": self.signature,
        }


@dataclass(frozen=True, slots=True)
class Forged:
    """A webhook request that no honest Razorpay would send; post it as it is."""

    body: bytes
    headers: dict[str, str]


class Razorpay:
    """A running emulator: its address, its process, and everything that can be asked of it."""

    def __init__(self, port: int, process: "EmulatorProcess") -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.port = port
        self.process = process
        self._http = httpx.Client(base_url=f"{self.url}/emulator", timeout=PATIENCE_SECONDS, trust_env=False)

    @property
    def environment(self) -> dict[str, str]:
        """What a house needs to know to use this emulator."""
        return {
            "RAZORPAY_KEY_ID": KEY_ID,
            "RAZORPAY_KEY_SECRET": KEY_SECRET,
            "RAZORPAY_WEBHOOK_SECRET": f"{WEBHOOK_SECRET},{PREVIOUS_WEBHOOK_SECRET}",
            "RAZORPAY_BASE_URL": self.url,
        }

    def sdk(self, *, key_id: str = KEY_ID, key_secret: str = KEY_SECRET) -> razorpay.Client:
        """The real SDK, pointed here."""
        return razorpay.Client(auth=(key_id, key_secret), base_url=self.url)

    def create_order(self, amount_paise: int = 125_000, **fields: Any) -> str:
        """Make an order as a merchant does; the value is its id."""
        order = {"amount": amount_paise, "currency": "INR", **fields}
        reply = httpx.post(f"{self.url}/v1/orders", json=order, auth=(KEY_ID, KEY_SECRET), trust_env=False)
        assert reply.status_code == 200, reply.text
        return str(reply.json()["id"])

    # Money

    def pay(self, order_id: str | None, outcome: str = "capture", **wishes: Any) -> Paid:
        """Somebody pays this order; outcomes and wishes are listed in payments/emulator/control.py."""
        return Paid(**self._post("pay", {"order_id": order_id, "outcome": outcome, **wishes}))

    def answer(self, payment_id: str, verdict: str = "success", **wishes: Any) -> Paid:
        """The bank answers for this payment, now or `after` seconds."""
        return Paid(**self._post(f"payments/{payment_id}/answer", {"verdict": verdict, **wishes}))

    def refund_outcome(self, outcome: str, *, count: int = 1) -> None:
        """What becomes of the next refunds: processed, pending, failed or low_balance."""
        self._post("refund_outcome", {"outcome": outcome, "count": count})

    def settle_refund(self, refund_id: str, status: str, *, speed: str | None = None) -> str:
        """A pending refund is processed or failed. Returns its status."""
        return str(self._post(f"refunds/{refund_id}", {"status": status, "speed": speed})["status"])

    # Time

    @property
    def now_ms(self) -> int:
        """The emulator's virtual time."""
        return int(self._get("clock")["now_ms"])

    def advance(self, seconds: float) -> int:
        """Move the virtual clock on; what was due has happened when this returns. Returns the new time in ms."""
        return int(self._post("clock/advance", {"seconds": seconds})["now_ms"])

    # Webhooks

    def webhooks_to(self, url: str | None) -> None:
        """Where webhooks go from now on."""
        self._post("webhooks/url", {"url": url})

    def plan_webhooks(self, **plan: Any) -> None:
        """How webhooks misbehave from now on; without wishes they behave."""
        self._post("webhooks/plan", plan)

    def release_webhooks(self, *event_ids: str, shuffle: str | None = None) -> list[str]:
        """Let held webhooks go: all, or these in this order. Returns their ids in the order of leaving."""
        return list(self._post("webhooks/release", {"events": event_ids, "shuffle": shuffle})["released"])

    def deliver_again(self, event_id: str) -> None:
        """Deliver an event once more."""
        self._post("webhooks/again", {"event_id": event_id})

    def enable_webhooks(self, *, enabled: bool = True) -> None:
        """Switch webhooks on or off, as in the dashboard."""
        self._post("webhooks/enable", {"enabled": enabled})

    def webhooks_settled(self) -> None:
        """Wait until no webhook is due or under way."""
        self._post("webhooks/settle", {})

    def webhooks(self, *names: str) -> list[dict[str, Any]]:
        """Every webhook so far, of these names, with its body."""
        items = self._get("webhooks", bodies=1)["items"]
        return [item for item in items if not names or item["event"] in names]

    def forge(self, kind: str, *, event_id: str | None = None) -> Forged:
        """A forged webhook made from a real event (the newest); kinds are in payments/emulator/forgery.py."""
        told = self._post("forge", {"kind": kind} | ({"event_id": event_id} if event_id else {}))
        return Forged(base64.b64decode(told["body_base64"]), told["headers"])

    def send_forged(self, kind: str, *, event_id: str | None = None) -> int | None:
        """Have a forged webhook sent. Returns the receiver's status."""
        wish = {"kind": kind, "send": True} | ({"event_id": event_id} if event_id else {})
        status: int | None = self._post("forge", wish)["status"]
        return status

    # Faults

    def fault(self, kind: str, call: str = "*", **wishes: Any) -> None:
        """The next matching calls go wrong so; kinds and wishes are in payments/emulator/faults.py."""
        self._post("faults", {"kind": kind, "call": call, **wishes})

    def clear_faults(self) -> None:
        """No call goes wrong any more."""
        self._http.request("DELETE", "/faults").raise_for_status()

    def switch(self, **switches: Any) -> None:
        """Choose what Razorpay leaves open; payments/emulator/switches.py lists it."""
        self._post("switches", switches)

    # The judge

    def ledger(self, *kinds: str, after: int = 0) -> list[dict[str, Any]]:
        """The ledger's events, of these kinds (`payment.` for all that begin so)."""
        query: dict[str, Any] = {"after": after, "kind": list(kinds)}
        return list(self._get("ledger", **query)["items"])

    def reset(self, *, seed: str | None = None) -> None:
        """Begin a new world: nothing happened yet, real time, no fault, no plan."""
        self._post("reset", {"seed": seed})

    def _post(self, path: str, wishes: Mapping[str, Any]) -> dict[str, Any]:
        return _answer(self._http.post(f"/{path}", json=wishes))

    def _get(self, path: str, **query: Any) -> dict[str, Any]:
        return _answer(self._http.get(f"/{path}", params=query))

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()


class EmulatorProcess:
    """The process; it can be crashed and started again on the same port and ledger."""

    def __init__(self, guardian: Guardian, output: IO[bytes], command: Sequence[str], environment: dict[str, str]):
        self._guardian = guardian
        self._output = output
        self._command = command
        self._environment = environment
        self.pid = 0

    def start(self, port: int) -> None:
        """Start it and wait until it answers."""
        self.pid = self._guardian.start(
            "emulator",
            self._command,
            output=self._output.fileno(),
            environment=self._environment,
            folder=PROJECT,
        )
        wait_until(lambda: self._answers(port), what=f"the emulator answers:\n{self.log()}")

    def stop(self) -> None:
        """End it in order."""
        self._guardian.stop("emulator")

    def crash(self) -> None:
        """End it by SIGKILL."""
        self._guardian.stop("emulator", with_signal=signal.SIGKILL)

    def log(self) -> str:
        """What it printed."""
        size = os.fstat(self._output.fileno()).st_size
        return os.pread(self._output.fileno(), size, 0).decode(errors="replace")

    def _answers(self, port: int) -> bool:
        assert self._guardian.exit_status("emulator") is None, f"the emulator ended:\n{self.log()}"
        try:
            reply = httpx.get(f"http://127.0.0.1:{port}/emulator/health", timeout=2, trust_env=False)
        except httpx.TransportError:
            return False
        return reply.status_code == 200


@contextmanager
def running_emulator(
    *,
    port: int | None = None,
    webhook_url: str | None = None,
    seed: str = "tests",
    state: Path | None = None,
    quiet: bool = False,
) -> Iterator[Razorpay]:
    """An emulator on this or a free port. With a state folder it can be crashed and forgets nothing."""
    port = port or free_port()
    command = [sys.executable, "manage.py", "razorpay_emulator", "--port", str(port), "--seed", seed]
    command += ["--webhook-url", webhook_url] if webhook_url else []
    command += ["--state", str(state)] if state else []
    command += ["--quiet"] if quiet else []
    with tempfile.TemporaryDirectory() as logs, tempfile.TemporaryFile() as output, Guardian() as guardian:
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DEBUG": "true",
            "LOGS_DIR": logs,
            "RAZORPAY_KEY_ID": KEY_ID,
            "RAZORPAY_KEY_SECRET": KEY_SECRET,
            "RAZORPAY_WEBHOOK_SECRET": f"{WEBHOOK_SECRET},{PREVIOUS_WEBHOOK_SECRET}",
        }
        process = EmulatorProcess(guardian, output, command, environment)
        process.start(port)
        emulator = Razorpay(port, process)
        try:
            yield emulator
        finally:
            emulator.close()


def _answer(reply: httpx.Response) -> dict[str, Any]:
    assert reply.status_code == 200, f"{reply.request.url}: {reply.status_code} {reply.text}"
    told: dict[str, Any] = reply.json()
    return told
