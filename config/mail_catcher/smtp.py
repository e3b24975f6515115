"""The SMTP side: takes what comes into the mailbox, or does wrong what was planned."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from aiosmtpd.smtp import SMTP

from config.mail_catcher.faults import Fault, Faults
from config.mail_catcher.mailbox import Mail, Mailbox

MAIL_BYTES_MAX: Final = 10_000_000
IDLE_SECONDS_MAX: Final = 60.0
NO_SUCH_MAILBOX: Final = "550 5.1.1 There is no such mailbox here"
NOT_NOW: Final = "451 4.7.1 Greylisted, try again in five minutes"
GOOD_BYE: Final = "421 4.3.2 Too many connections, try again later"
NOT_WANTED: Final = "554 5.6.0 This letter is not wanted here"


class Catcher:
    """What aiosmtpd calls for each step of a conversation."""

    def __init__(
        self, mailbox: Mailbox, faults: Faults, *, now_ms: Callable[[], int], caught: Callable[[Mail], None]
    ) -> None:
        self._mailbox = mailbox
        self._now_ms = now_ms
        self._caught = caught
        self.faults = faults

    async def handle_RCPT(self, server: SMTP, _session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802  (aiosmtpd's names)
        fault = self.faults.take("recipient", address)
        if fault is not None:
            if fault.kind == "refuse":
                return NO_SUCH_MAILBOX
            if fault.kind == "greylist":
                return NOT_NOW
            if fault.kind == "busy":
                return GOOD_BYE
            await spoil(server, fault)
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Any, envelope: Any) -> str:  # noqa: N802
        fault = self.faults.take("letter", " ".join(envelope.rcpt_tos))
        if fault is not None and fault.kind == "refuse":
            return NOT_WANTED
        if fault is not None and fault.kind == "busy":
            return GOOD_BYE
        if fault is not None and fault.kind in {"hang", "slow"}:
            await spoil(server, fault)
        mail = self._mailbox.keep(
            at_ms=self._now_ms(),
            sender=envelope.mail_from or "",
            recipients=envelope.rcpt_tos,
            data=envelope.original_content or b"",
        )
        self._caught(mail)
        if fault is not None and fault.kind == "drop":
            await spoil(server, fault)
        return f"250 OK, kept as {mail.id}"


class Server(SMTP):
    """aiosmtpd's server, which may also go wrong before it has said a word."""

    def __init__(self, catcher: Catcher, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            catcher,
            data_size_limit=MAIL_BYTES_MAX,
            enable_SMTPUTF8=True,
            hostname="localhost",
            ident="Housefull mail catcher",
            timeout=IDLE_SECONDS_MAX,
            loop=loop,
        )
        self._faults = catcher.faults

    async def _handle_client(self) -> None:
        fault = self._faults.take("greeting")
        if fault is not None:
            if fault.kind == "busy":
                await self.push(GOOD_BYE)
                hang_up(self)
                return
            await spoil(self, fault)
        await super()._handle_client()


async def spoil(server: SMTP, fault: Fault) -> None:
    """Wait, or hang up, as this fault wants it; whoever waited long enough goes on."""
    if fault.kind == "drop":
        hang_up(server)
    elif fault.kind in {"hang", "slow"}:
        await asyncio.sleep(fault.seconds)


def hang_up(server: SMTP) -> None:
    """End the connection without another word."""
    if server.transport is not None:
        server.transport.close()
