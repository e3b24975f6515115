"""What staff did, all of it as one list, the newest first: acts of every room, and Django's own log of the catalogue.

Each room offers a SELECT of its own table (bookings/desk.py); all of these tables are append-only by a trigger.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.contrib.admin.models import LogEntry
from django.db import connection

from bookings.desk import log_queries

PAGE: Final = 50

STAFF_ACTS: Final = """
SELECT at, user_id, action, subject, COALESCE('show:' || show_id, '') AS link, reason FROM bookings_staffact
"""
# What the admin wrote down of rows that were added, changed and deleted; a deleted one has no page any more.
CATALOGUE: Final = """
SELECT l.action_time AS at, l.user_id,
       (CASE l.action_flag WHEN 1 THEN 'add ' WHEN 2 THEN 'change ' ELSE 'delete ' END) || COALESCE(c.model, 'row')
           AS action,
       l.object_repr AS subject,
       CASE WHEN l.action_flag = 3 OR c.id IS NULL THEN ''
            ELSE c.app_label || '.' || c.model || ':' || l.object_id END AS link,
       l.change_message AS reason
FROM django_admin_log AS l LEFT JOIN django_content_type AS c ON c.id = l.content_type_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which acts; what is empty does not matter."""

    user: int | None = None
    action: str = ""
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class LogLine:
    """One act. `link` is what it was about, as the sources say it."""

    at: datetime
    user: str
    action: str
    subject: str
    link: str
    reason: str
    source: str


def get_staff_log(wanted: Wanted, *, page: int = 1) -> tuple[list[LogLine], bool]:
    """A page of the log, from 1, and whether there is another after it."""
    where, arguments = _where(wanted)
    query = (
        f"SELECT log.*, COALESCE(u.username, '') FROM ({_union()}) AS log "  # noqa: S608 — the rooms' own texts
        f"LEFT JOIN auth_user AS u ON u.id = log.user_id {where} "
        "ORDER BY log.at DESC, log.action LIMIT %s OFFSET %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [*arguments, PAGE + 1, (page - 1) * PAGE])
        rows = cursor.fetchall()
    return [_line(row) for row in rows[:PAGE]], len(rows) > PAGE


def get_actions() -> list[str]:
    """Every kind of act that was ever done, for a filter."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT action FROM ({_union()}) AS log ORDER BY action LIMIT 200")  # noqa: S608
        return [action for (action,) in cursor.fetchall()]


def _union() -> str:
    columns = "at, user_id, action, subject, link, reason"
    return " UNION ALL ".join(
        f"SELECT {columns}, '{name}' AS source FROM ({query}) AS {name}"  # noqa: S608 — the rooms' own texts
        for name, query in log_queries().items()
    )


def _where(wanted: Wanted) -> tuple[str, list[Any]]:
    text = wanted.text.lower()
    # Not LIKE, whose signs somebody may look for.
    has_words = "strpos(lower(concat_ws(' ', log.subject, log.reason, log.link)), %s) > 0"
    conditions: Sequence[tuple[bool, str, list[Any]]] = (
        (wanted.user is not None, "log.user_id = %s", [wanted.user]),
        (bool(wanted.action), "log.action = %s", [wanted.action]),
        (bool(text), has_words, [text]),
        (wanted.since is not None, "log.at >= %s", [wanted.since]),
        (wanted.until is not None, "log.at < %s", [wanted.until]),
    )
    used = [(condition, values) for is_used, condition, values in conditions if is_used]
    if not used:
        return "", []
    return "WHERE " + " AND ".join(c for c, _ in used), [value for _, values in used for value in values]


def _line(row: Sequence[Any]) -> LogLine:
    at, _, action, subject, link, reason, source, user = row
    if source == "catalogue":
        reason = LogEntry(change_message=reason).get_change_message()
    return LogLine(at=at, user=user, action=action, subject=subject, link=link, reason=reason, source=source)
