"""A real mail server for tests: the catcher's own, in a thread of the test process, with the faults it can have."""

import asyncio
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from config.mail_catcher.faults import Faults
from config.mail_catcher.mailbox import Mail, Mailbox
from config.mail_catcher.smtp import Catcher, Server
from tests.support.patience import PATIENCE_SECONDS
from tests.support.processes import wait_until


class MailServer:
    """What it got, and how it is to behave."""

    def __init__(self) -> None:
        self.mailbox = Mailbox()
        self.faults = Faults()
        self.port = 0
        # Called in the server's thread when a mail is in the box and its sender has not been told.
        self.on_mail: Callable[[Mail], None] = lambda mail: None

    @property
    def url(self) -> str:
        """For EMAIL_URL."""
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def mails(self) -> list[Mail]:
        """All mails, the first first."""
        return list(reversed(self.mailbox.find()))

    @property
    def message_ids(self) -> list[str]:
        """Of all mails, in order."""
        return [mail.message_id for mail in self.mails]

    def fail(self, kind: str, **wishes: Any) -> None:
        """Do this wrong next; config/mail_catcher/faults.py lists what there is."""
        self.faults.plan({"kind": kind, **wishes})

    def only(self) -> Mail:
        """The one mail there is."""
        (mail,) = self.mails
        return mail

    def await_mails(self, count: int, *, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until so many have come."""
        wait_until(lambda: len(self.mailbox) >= count, seconds=seconds, what=f"{count} mails")

    def await_faults(self, *, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until everything that was to go wrong does so."""
        wait_until(lambda: self.faults.as_json() == [], seconds=seconds, what="the faults happen")

    def reset(self) -> None:
        """Forget what came and behave well."""
        self.mailbox.clear()
        self.faults.clear()
        self.on_mail = lambda mail: None


class Doorbell:
    """A port where somebody hangs up at once, and counts who called."""

    def __init__(self) -> None:
        self.rings = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._answer, name="doorbell", daemon=True)

    def _answer(self) -> None:
        while True:
            line, _ = self._socket.accept()
            with line:
                if self._is_over:
                    return
                self.rings += 1

    def __enter__(self) -> "Doorbell":
        self._is_over = False
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over = True
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE_SECONDS):
            self._thread.join(PATIENCE_SECONDS)
        self._socket.close()


@contextmanager
def running_mail_server() -> Iterator[MailServer]:
    """A server on a free port, until the block ends."""
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd tells of every step.
    server, ready, asked_to_stop = MailServer(), threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()
    # What a test broke off leaves a conversation behind; that is the test's wish, not an error.
    loop.set_exception_handler(lambda *_: None)

    async def serve() -> None:
        catcher = Catcher(
            server.mailbox,
            server.faults,
            now_ms=lambda: time.time_ns() // 1_000_000,
            caught=lambda mail: server.on_mail(mail),
        )

        def new_conversation() -> Server:
            conversations.append(Server(catcher, loop))
            return conversations[-1]

        conversations: list[Server] = []
        listening = await loop.create_server(new_conversation, "127.0.0.1", 0)
        server.port = listening.sockets[0].getsockname()[1]
        ready.set()
        await asked_to_stop.wait()
        listening.close()
        for conversation in conversations:
            if isinstance(conversation.transport, asyncio.Transport):
                conversation.transport.abort()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), name="mail server", daemon=True)
    thread.start()
    assert ready.wait(PATIENCE_SECONDS), "the mail server does not start"
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(asked_to_stop.set)
        thread.join(PATIENCE_SECONDS)
        loop.close()
