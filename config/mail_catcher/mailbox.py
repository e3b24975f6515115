"""The mails that were caught: kept in memory and, with a folder, in a file that a restart reads again.

Knows nothing of SMTP or pages. The newest MAILS_MAX are kept.
"""

import base64
import email
import email.policy
import json
import os
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage, Message
from functools import cached_property
from pathlib import Path
from typing import Final

# Of a demo's life; at 100 KB each with their tickets this is 50 MB.
MAILS_MAX: Final = 500
FILE_NAME: Final = "mails.jsonl"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part of a mail that is not its text."""

    number: int
    name: str
    content_type: str
    data: bytes

    @property
    def size(self) -> str:
        """For people: 87 KB."""
        return f"{max(1, round(len(self.data) / 1000))} KB"


@dataclass(frozen=True)
class Mail:
    """One mail as it came over the line. `id` counts from 1 and is never given twice."""

    id: int
    at_ms: int
    sender: str
    recipients: tuple[str, ...]
    data: bytes

    @cached_property
    def message(self) -> EmailMessage:
        """It, read; Python repairs what is broken in it as well as it can."""
        message: EmailMessage = email.message_from_bytes(self.data, policy=email.policy.default)
        return message

    @property
    def subject(self) -> str:
        """What it says it is about."""
        return str(self.message.get("Subject", ""))

    @property
    def message_id(self) -> str:
        """By which copies know each other."""
        return str(self.message.get("Message-ID", "")).strip()

    @property
    def html(self) -> str:
        """Its HTML; '' where it has none."""
        return self._body("html")

    @property
    def text(self) -> str:
        """Its plain text; '' where it has none."""
        return self._body("plain")

    @property
    def attachments(self) -> list[Attachment]:
        """What came with it."""
        return [
            Attachment(
                number=number,
                name=part.get_filename() or f"part-{number}",
                content_type=part.get_content_type(),
                data=_bytes_of(part),
            )
            for number, part in enumerate(self.message.iter_attachments())
        ]

    def is_about(self, asked: str) -> bool:
        """Whether a search finds it: by address, name or subject."""
        where = " ".join([*self.recipients, str(self.message.get("To", "")), self.subject]).casefold()
        return all(word in where for word in asked.casefold().split())

    def _body(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        if part is None:
            return ""
        try:
            return str(part.get_content())
        except (LookupError, UnicodeError):
            # A charset that nobody knows, or bytes that are not of it.
            return _bytes_of(part).decode("utf-8", "replace")


class Mailbox:
    """All mails, the newest last."""

    def __init__(self, folder: Path | None = None) -> None:
        self._mails: deque[Mail] = deque(maxlen=MAILS_MAX)
        self._last_id = 0
        self._path = None if folder is None else folder / FILE_NAME
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            for mail in _read(self._path):
                self._mails.append(mail)
                self._last_id = mail.id
            # Those that are too many now are not read again for ever.
            self._path.unlink(missing_ok=True)
            for mail in self._mails:
                self._write(mail)

    def keep(self, *, at_ms: int, sender: str, recipients: Sequence[str], data: bytes) -> Mail:
        """A mail has come."""
        self._last_id += 1
        mail = Mail(self._last_id, at_ms, sender, tuple(recipients), data)
        self._write(mail)
        self._mails.append(mail)
        return mail

    def find(self, asked: str = "") -> list[Mail]:
        """Mails that a search finds, the newest first."""
        return [mail for mail in reversed(self._mails) if not asked or mail.is_about(asked)]

    def get(self, mail_id: int) -> Mail | None:
        """One mail."""
        return next((mail for mail in self._mails if mail.id == mail_id), None)

    def clear(self) -> None:
        """Forget all of them."""
        self._mails.clear()
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def __len__(self) -> int:
        return len(self._mails)

    def _write(self, mail: Mail) -> None:
        if self._path is None:
            return
        line = {
            "id": mail.id,
            "at_ms": mail.at_ms,
            "sender": mail.sender,
            "recipients": mail.recipients,
            "data": base64.b64encode(mail.data).decode(),
        }
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            # One write: a kill leaves whole lines only.
            os.write(descriptor, json.dumps(line).encode() + b"\n")
        finally:
            os.close(descriptor)


def _bytes_of(part: Message) -> bytes:
    raw = part.get_payload(decode=True)
    return raw if isinstance(raw, bytes) else b""


def _read(path: Path) -> list[Mail]:
    if not path.is_file():
        return []
    mails = []
    for line in path.read_bytes().split(b"\n"):
        try:
            told = json.loads(line)
            mails.append(
                Mail(
                    told["id"],
                    told["at_ms"],
                    told["sender"],
                    tuple(told["recipients"]),
                    base64.b64decode(told["data"]),
                )
            )
        except (ValueError, KeyError, TypeError):
            continue  # The end of the file after a full disk: that mail is lost, as a caught one may be.
    return mails
