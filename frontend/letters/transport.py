"""Hands a message to the mail server that EMAIL_URL names, and says exactly how that ended.

The conversation is held step by step: only so is it known whether a server that fell silent had the whole letter.
Nothing here waits longer than SEND_SECONDS for one letter once the line is open.
"""

import logging
import re
import smtplib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import environ
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.message import sanitize_address

from frontend.letters.rules import Outcome

logger = logging.getLogger(__name__)

# Of every step while the line is opened, and of the server's leave; a server that works answers in far less.
STEP_SECONDS: Final = 5.0
LEAVE_SECONDS: Final = 1.0
# For all steps of one letter together: large letters on slow lines take seconds.
SEND_SECONDS: Final = 20.0
CUT: Final = (OSError, SoftTimeLimitExceeded)


@dataclass(frozen=True, slots=True)
class Told:
    """How it ended, and why in words."""

    outcome: Outcome
    reason: str = ""


class NoTransport(Exception):
    """Mail cannot be sent as the settings are; the text says why."""


def open_backend(*, step_seconds: float | None = None) -> Any:
    """The Django backend that EMAIL_URL names, not opened. Raises NoTransport."""
    if not settings.EMAIL_URL:
        raise NoTransport("EMAIL_URL is not set")
    try:
        config: dict[str, Any] = environ.Env.email_url_config(settings.EMAIL_URL)
    except (ImproperlyConfigured, ValueError) as error:
        raise NoTransport(f"EMAIL_URL cannot be read: {error}") from error
    if not config["EMAIL_BACKEND"].endswith("smtp.EmailBackend"):
        return get_connection(config["EMAIL_BACKEND"], **_file_path(config))
    return get_connection(
        config["EMAIL_BACKEND"],
        host=config["EMAIL_HOST"] or "localhost",
        port=config["EMAIL_PORT"] or 25,
        username=config["EMAIL_HOST_USER"] or "",
        password=config["EMAIL_HOST_PASSWORD"] or "",
        use_tls=bool(config.get("EMAIL_USE_TLS")),
        use_ssl=bool(config.get("EMAIL_USE_SSL")),
        timeout=STEP_SECONDS if step_seconds is None else step_seconds,
    )


class Line:
    """An open line to the mail server; several letters may go over one."""

    def __init__(self, backend: Any, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._backend = backend
        self._monotonic = monotonic

    def hand_over(self, message: EmailMessage) -> Told:
        """Send one message to its one recipient. Never raises for what a server does."""
        if not isinstance(self._backend, EmailBackend):
            try:
                self._backend.send_messages([message])
            except OSError as error:
                return Told(Outcome.AWAY, f"{self._backend.__class__.__module__}: {error}")
            return Told(Outcome.SENT)
        (recipient,) = message.recipients()
        sender = sanitize_address(message.from_email, "utf-8").rpartition("<")[2].rstrip(">")
        written: Any = message.message()
        data: bytes = written.as_bytes(linesep="\r\n")  # An option of Django's own class.
        return self._converse(sender, sanitize_address(recipient, "utf-8"), data)

    def _converse(self, sender: str, recipient: str, data: bytes) -> Told:
        connection = self._backend.connection
        deadline = self._monotonic() + SEND_SECONDS
        step = "MAIL FROM"
        try:
            self._hurry(connection, deadline)
            connection.ehlo_or_helo_if_needed()
            self._hurry(connection, deadline)
            connection.rset()  # Whatever the letter before left behind on this line.
            self._hurry(connection, deadline)
            code, said = connection.mail(sender)
            if code != 250:
                return Told(Outcome.AWAY, f"we are refused as {sender}: {_words(code, said)}")
            step = "RCPT TO"
            self._hurry(connection, deadline)
            code, said = connection.rcpt(recipient)
            if code not in {250, 251}:
                return Told(of_recipient(code, said), f"the address was refused: {_words(code, said)}")
            step = "DATA"
            self._hurry(connection, deadline)
            code, said = connection.docmd("DATA")
            if code != 354:
                return Told(of_message(code), _words(code, said))
            self._hurry(connection, deadline)
            connection.send(_dotted(data))
            # The server has it all. From here on silence does not mean that it did not take the letter.
            step = "the end of the letter"
            self._hurry(connection, deadline)
            code, said = connection.getreply()
            return Told(Outcome.SENT) if code == 250 else Told(of_message(code), _words(code, said))
        except CUT as error:
            outcome = Outcome.UNCLEAR if step == "the end of the letter" else Outcome.AWAY
            return Told(outcome, f"no answer to {step}: {error_words(error)}")

    def _hurry(self, connection: smtplib.SMTP, deadline: float) -> None:
        """The next step waits no longer than what is left."""
        if connection.sock is not None:
            connection.sock.settimeout(max(0.1, deadline - self._monotonic()))


@contextmanager
def open_line(*, step_seconds: float | None = None) -> Iterator[Line]:
    """A line to the server while needed. Raises NoTransport when it cannot be opened."""
    backend = open_backend(step_seconds=step_seconds)
    try:
        backend.open()
    except CUT as error:
        raise NoTransport(f"{_place(backend)} does not take mail: {error_words(error)}") from error
    try:
        yield Line(backend)
    finally:
        _take_leave(backend)


def greet(*, step_seconds: float) -> str:
    """Call the server as for a letter (greeting, TLS, login) and send none. Says whom. Raises NoTransport."""
    backend = open_backend(step_seconds=step_seconds)
    if not isinstance(backend, EmailBackend):
        return str(backend.__class__.__module__).rpartition(".")[2]
    with open_line(step_seconds=step_seconds) as line:
        connection = line._backend.connection
        try:
            connection.ehlo_or_helo_if_needed()
            connection.noop()
        except OSError as error:
            raise NoTransport(f"{_place(backend)} does not take mail: {error_words(error)}") from error
    how = "TLS" if backend.use_ssl or backend.use_tls else "in the clear"
    return f"{_place(backend)} answers, {how}{', logged in' if backend.username else ''}"


def of_recipient(code: int, said: bytes) -> Outcome:
    """What a refusal of the recipient means. 5xx is final, but for 5.7: that refuses us, who may be set right."""
    if code == 421:
        return Outcome.AWAY
    return Outcome.LATER if code < 500 or said.lstrip().startswith(b"5.7.") else Outcome.REFUSED


def of_message(code: int) -> Outcome:
    """What a refusal of the letter itself means."""
    if code == 421:
        return Outcome.AWAY
    return Outcome.LATER if code < 500 else Outcome.REFUSED


def error_words(error: Exception) -> str:
    """An error of the line as a person reads it."""
    if isinstance(error, smtplib.SMTPResponseException):
        return _words(error.smtp_code, error.smtp_error)
    return str(error) or type(error).__name__


def _dotted(data: bytes) -> bytes:
    """The letter as it goes over the line: its own leading dots doubled, a dot alone after it (RFC 5321, 4.5.2)."""
    body = re.sub(rb"(?m)^\.", b"..", data)
    return (body if body.endswith(b"\r\n") else body + b"\r\n") + b".\r\n"


def _words(code: int, said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return f"{code} {' '.join(text.split())}"


def _place(backend: Any) -> str:
    host = getattr(backend, "host", None)
    return f"{host}:{backend.port}" if host else str(backend.__class__.__module__)


def _take_leave(backend: Any) -> None:
    connection = getattr(backend, "connection", None)
    if connection is not None and getattr(connection, "sock", None) is not None:
        connection.sock.settimeout(LEAVE_SECONDS)
    try:
        backend.close()
    except CUT as error:
        # What was accepted stays so, however the server says good-bye.
        logger.info("%s did not take leave: %s", _place(backend), error_words(error))


def _file_path(config: dict[str, Any]) -> dict[str, Any]:
    is_file = config["EMAIL_BACKEND"].endswith("filebased.EmailBackend")
    return {"file_path": config["EMAIL_FILE_PATH"]} if is_file else {}
