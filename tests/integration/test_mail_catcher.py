"""The mail catcher as a process: where it refuses to run, what it keeps, what its page shows and does not let act."""

import os
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest

from config.guardian import Guardian
from config.mail_catcher.mailbox import MAILS_MAX, Mailbox
from config.mail_catcher.server import NotStarted, Options, check, serve
from config.ports import free_port
from tests.support.processes import wait_until
from tests.support.razorpay import PROJECT

SCRIPT = "<script>document.title='run'</script>"


class RunningCatcher:
    """The command, and its two doors."""

    def __init__(self, guardian: Guardian, folder: Path) -> None:
        self._guardian = guardian
        self._folder = folder
        self.smtp_port, self.http_port = free_port(), free_port()
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.http_port}", trust_env=False, timeout=10)

    def start(self) -> None:
        ports = ["--smtp-port", str(self.smtp_port), "--http-port", str(self.http_port)]
        command = [sys.executable, "manage.py", "mail_catcher", *ports, "--state", str(self._folder / "mails")]
        with (self._folder / "out.txt").open("ab") as out:
            self._guardian.start(
                "catcher", command, output=out.fileno(), environment=self.environment(), folder=PROJECT
            )
        wait_until(self._answers, what=f"the catcher answers: {self._folder / 'out.txt'}")

    def environment(self) -> dict[str, str]:
        return {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "LOGS_DIR": str(self._folder)}

    def crash(self) -> None:
        import signal

        self._guardian.stop("catcher", with_signal=signal.SIGKILL)

    def send(self, *, to: str = "asha@example.org", subject: str = "Booked", html: str = "", **parts: bytes) -> None:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = "Housefull <tickets@localhost>", to, subject
        message["Message-ID"] = "<1@localhost>"
        message.set_content("In plain words.\n")
        if html:
            message.add_alternative(html, subtype="html")
        for name, data in parts.items():
            message.add_attachment(data, maintype="application", subtype="pdf", filename=f"{name}.pdf")
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=10) as smtp:
            smtp.send_message(message)

    def page(self, path: str) -> str:
        reply = self.http.get(path)
        assert reply.status_code == 200, reply.text
        return reply.text

    def _answers(self) -> bool:
        try:
            return self.http.get("/").status_code == 200
        except httpx.TransportError:
            return False


@pytest.fixture(scope="module")
def _running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCatcher]:
    with Guardian() as guardian:
        catcher = RunningCatcher(guardian, tmp_path_factory.mktemp("catcher"))
        catcher.start()
        yield catcher
        catcher.http.close()


@pytest.fixture
def catcher(_running: RunningCatcher) -> RunningCatcher:
    _running.http.delete("/api/mails")
    _running.http.delete("/api/faults")
    return _running


def first(catcher: RunningCatcher) -> dict[str, Any]:
    items: list[dict[str, Any]] = catcher.http.get("/api/mails").json()["items"]
    return items[0]


class TestTheCatcher:
    def test_shows_what_it_got_in_every_form(self, catcher: RunningCatcher) -> None:
        catcher.send(html="<head></head><p>In HTML.</p>", ticket=b"%PDF-1.7")

        number = first(catcher)["id"]
        assert "asha@example.org" in catcher.page("/")
        assert f"/mails/{number}/html" in catcher.page(f"/mails/{number}")
        assert "In HTML." in catcher.page(f"/mails/{number}/html")
        assert "In plain words." in catcher.page(f"/mails/{number}?view=text")
        assert "Message-ID: &lt;1@localhost&gt;" in catcher.page(f"/mails/{number}?view=source")
        assert catcher.http.get(f"/mails/{number}/source").content.startswith(b"From: Housefull")
        part = catcher.http.get(f"/mails/{number}/parts/0")
        assert (part.content, part.headers["Content-Type"]) == (b"%PDF-1.7", "application/pdf")

    def test_says_on_every_page_that_it_is_no_mailbox(self, catcher: RunningCatcher) -> None:
        catcher.send()

        for path in ("/", f"/mails/{first(catcher)['id']}"):
            assert "Not a real mailbox" in catcher.page(path)

    def test_finds_by_address_name_and_subject(self, catcher: RunningCatcher) -> None:
        catcher.send(to="Asha <asha@example.org>", subject="Booked: Lamplight")
        catcher.send(to="ravi@example.org", subject="Cancelled")

        for asked in ("ASHA@", "lamplight", "asha book"):
            page = catcher.page(f"/?q={asked}")
            assert "asha@example.org" in page
            assert "ravi@example.org" not in page
        assert "No mail has “nobody”" in catcher.page("/?q=nobody")

    def test_lets_nothing_in_a_mail_act(self, catcher: RunningCatcher) -> None:
        catcher.send(subject=SCRIPT, html=f"<head></head>{SCRIPT}")
        number = first(catcher)["id"]

        page, letter = catcher.http.get(f"/mails/{number}"), catcher.http.get(f"/mails/{number}/html")

        assert SCRIPT not in page.text + catcher.page("/")
        assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page.text
        policy = letter.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "sandbox allow-popups" in policy
        assert "script" not in policy

    def test_speaks_to_this_machine_only(self, catcher: RunningCatcher) -> None:
        assert catcher.http.get("/", headers={"Host": "mail.example.com"}).status_code == 403
        # A form of another page cannot ask for faults either.
        assert catcher.http.post("/api/faults", data={"kind": "refuse"}).status_code == 415

    def test_keeps_mails_over_a_crash(self, catcher: RunningCatcher) -> None:
        catcher.send(subject="Kept")
        number = first(catcher)["id"]

        catcher.crash()
        catcher.start()

        assert (first(catcher)["id"], first(catcher)["subject"]) == (number, "Kept")
        catcher.send()
        assert first(catcher)["id"] == number + 1

    @pytest.mark.parametrize(
        ("wish", "code"),
        [
            ({"kind": "refuse"}, 550),
            ({"kind": "greylist"}, 451),
            ({"kind": "busy"}, 421),
            ({"kind": "busy", "at": "recipient"}, 421),
            ({"kind": "busy", "at": "letter"}, 421),
        ],
    )
    def test_does_wrong_what_was_asked_once(self, catcher: RunningCatcher, wish: dict[str, Any], code: int) -> None:
        assert catcher.http.post("/api/faults", json=wish).status_code == 200

        with pytest.raises(smtplib.SMTPException) as told:
            catcher.send()
        catcher.send()

        assert str(code) in str(told.value)
        assert len(catcher.http.get("/api/mails").json()["items"]) == 1

    @pytest.mark.parametrize(
        "wish", [{}, [], {"kind": "explode"}, {"kind": "refuse", "at": "greeting"}, {"kind": "hang", "size": 1}]
    )
    def test_refuses_wishes_that_it_does_not_know(self, catcher: RunningCatcher, wish: Any) -> None:
        reply = catcher.http.post("/api/faults", json=wish)

        assert (reply.status_code, bool(reply.json()["detail"])) == (400, True)
        assert catcher.http.get("/api/faults").json()["items"] == []


class TestStart:
    def test_is_refused_outside_development(self, catcher: RunningCatcher) -> None:
        ended = subprocess.run(
            [sys.executable, "manage.py", "mail_catcher"],
            cwd=PROJECT,
            env={**catcher.environment(), "DEBUG": "false"},
            capture_output=True,
            text=True,
            timeout=60,
        )

        assert ended.returncode == 1
        assert "DEBUG is off. The mail catcher delivers nothing" in ended.stderr
        assert "Traceback" not in ended.stderr

    @pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "mail.example.com"])
    def test_is_refused_where_others_could_read(self, host: str) -> None:
        with pytest.raises(NotStarted, match="is not a loopback address"):
            check(Options(smtp_port=1025, http_port=8025, now_ms=lambda: 0, host=host))

    async def test_on_a_taken_port_says_so(self, catcher: RunningCatcher) -> None:
        taken = Options(smtp_port=catcher.smtp_port, http_port=free_port(), now_ms=lambda: 0)

        with pytest.raises(NotStarted, match="--smtp-port"):
            await serve(taken, announce=lambda: None)


class TestTheMailbox:
    def test_keeps_the_newest(self) -> None:
        mailbox = Mailbox()
        for number in range(MAILS_MAX + 2):
            mailbox.keep(at_ms=number, sender="a@b", recipients=["c@d"], data=b"Subject: x\r\n\r\ny")

        assert len(mailbox) == MAILS_MAX
        assert mailbox.get(2) is None
        assert mailbox.get(3) is not None

    def test_reads_what_was_cut_off_by_a_full_disk(self, tmp_path: Path) -> None:
        Mailbox(tmp_path).keep(at_ms=1, sender="a@b", recipients=["c@d"], data=b"Subject: x\r\n\r\ny")
        with (tmp_path / "mails.jsonl").open("ab") as file:
            file.write(b'{"id": 2, "at')

        assert [mail.subject for mail in Mailbox(tmp_path).find()] == ["x"]

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"\x00\xff\xfe",
            b"Content-Type: text/plain; charset=klingon\r\n\r\n\xff",
            b"Subject: =?x?q?=E0?=\r\n\r\n",
        ],
    )
    def test_takes_what_is_no_mail(self, data: bytes) -> None:
        mail = Mailbox().keep(at_ms=1, sender="", recipients=[], data=data)

        assert isinstance(mail.text + mail.html + mail.subject, str)
        assert mail.attachments == []
