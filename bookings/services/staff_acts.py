"""Writing down what staff did: in the transaction in which it is done, so that neither is there without the other."""

from dataclasses import dataclass
from typing import Final

from bookings.claim_store.pool import AsyncConnection
from bookings.models import StaffAct

SUBJECT_CHARS_MAX: Final = 300
REASON_CHARS_MAX: Final = 300

_WRITE: Final = """
INSERT INTO bookings_staffact (user_id, action, show_id, subject, reason)
VALUES (%(user)s, %(action)s, %(show)s, %(subject)s, %(reason)s)
"""


@dataclass(frozen=True, slots=True)
class StaffMember:
    """Who acts, and why, in his words."""

    user_id: int
    reason: str


async def write_down(
    connection: AsyncConnection, by: StaffMember, action: str, *, show_id: int | None, subject: str
) -> None:
    """Add the act, in the caller's transaction."""
    await connection.execute(
        _WRITE,
        {
            "user": by.user_id,
            "action": action,
            "show": show_id,
            "subject": _fit(subject, SUBJECT_CHARS_MAX),
            "reason": _fit(by.reason, REASON_CHARS_MAX),
        },
    )


def write_down_sync(by: StaffMember, action: str, *, show_id: int | None, subject: str) -> None:
    """The same for the ORM's callers."""
    StaffAct.objects.create(
        user_id=by.user_id,
        action=action,
        show_id=show_id,
        subject=_fit(subject, SUBJECT_CHARS_MAX),
        reason=_fit(by.reason, REASON_CHARS_MAX),
    )


def _fit(text: str, chars_max: int) -> str:
    return text if len(text) <= chars_max else f"{text[: chars_max - 1]}…"
