"""One run of clean-up: every rule, page by page, each page a transaction that also writes down what it removed.

It may be killed anywhere and run twice at once: what is removed is removed once and counted once. A task has a few
minutes; the next one goes on where it ended, or a house too big for one task would never come to the last rules.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction
from django.db.models.functions import Now

from bookings.domain.cleanup import last_due, removed_words
from bookings.models import CleanupRun
from bookings.services.cleanup.rules import Rule, all_rules

logger = logging.getLogger(__name__)

# Rows looked at in one transaction: some hundredths of a second, so that nobody who wants one of them notices.
PAGE: Final = 2_000
# Less than the time after which Redis hands a task to another worker. What is left is for the next one.
SECONDS_MAX: Final = 200.0

_WRITE_DOWN: Final = """
UPDATE bookings_cleanuprun
SET at_rule = %(rule)s, at_key = %(come_to)s, removed = CASE %(count)s WHEN 0 THEN removed ELSE
    removed || jsonb_build_object(%(rule)s::text, COALESCE((removed ->> %(rule)s)::bigint, 0) + %(count)s) END
WHERE id = %(run)s
"""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """Rows removed now, by rule, those of which there were none too; and whether every rule came to its end."""

    removed: dict[str, int]
    is_finished: bool

    @property
    def words(self) -> str:
        """For people."""
        return removed_words(self.removed, {rule.name: rule.words for rule in all_rules()})


def clean_up(
    *,
    asked_by: str,
    monotonic: Callable[[], float],
    since: datetime | None = None,
    seconds_max: float = SECONDS_MAX,
    page: int = PAGE,
) -> Cleaned:
    """Remove what is due, for at most so long. A run that began `since` then and has not ended goes on."""
    began = monotonic()
    run = _unfinished(since) or CleanupRun.objects.create(asked_by=asked_by)
    removed = {rule.name: 0 for rule in all_rules()}
    for rule, start in _left_of(run):
        after: str | None = start
        while after is not None:
            if monotonic() - began > seconds_max:
                return _over(removed, is_finished=False)
            with transaction.atomic():
                after, count = _page(rule, after=after, page=page)
                _write_down(run.pk, rule, come_to=after, count=count)
            removed[rule.name] += count
    CleanupRun.objects.filter(pk=run.pk).update(finished_at=Now())
    return _over(removed, is_finished=True)


def would_clean_up(*, page: int = PAGE) -> Cleaned:
    """What a run would remove now: each page is removed and rolled back, so this knows exactly."""
    removed: dict[str, int] = {}
    for rule in all_rules():
        removed[rule.name] = 0
        after: str | None = rule.start
        while after is not None:
            with transaction.atomic():
                after, count = _page(rule, after=after, page=page)
                transaction.set_rollback(True)
            removed[rule.name] += count
    return Cleaned(removed, is_finished=True)


def is_due(now: datetime) -> bool:
    """Whether no run has come to its end since the last time one was due."""
    return not CleanupRun.objects.filter(finished_at__gte=last_due(now)).exists()


def _unfinished(since: datetime | None) -> CleanupRun | None:
    begun = CleanupRun.objects.filter(finished_at=None).order_by("-pk")
    return None if since is None else begun.filter(started_at__gte=since).first()


def _left_of(run: CleanupRun) -> list[tuple[Rule, str]]:
    """The rules that it is not through with, and after which key each goes on."""
    rules = all_rules()
    names = [rule.name for rule in rules]
    # Of a new run every rule, and of one whose rule is no more.
    at = names.index(run.at_rule) if run.at_rule in names else -1
    left = [(rule, rule.start) for rule in rules[at + 1 :]]
    return [(rules[at], run.at_key), *left] if at >= 0 and run.at_key else left


def _page(rule: Rule, *, after: str, page: int) -> tuple[str | None, int]:
    arguments: dict[str, Any] = {"after": after, "page": page, "kept": rule.kept(), **rule.arguments()}
    with connection.cursor() as cursor:
        cursor.execute(rule.statement().as_string(), arguments)
        come_to, count = cursor.fetchone()
    return come_to, count


def _write_down(run: int, rule: Rule, *, come_to: str | None, count: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_WRITE_DOWN, {"run": run, "rule": rule.name, "come_to": come_to or "", "count": count})


def _over(removed: dict[str, int], *, is_finished: bool) -> Cleaned:
    cleaned = Cleaned(removed, is_finished)
    logger.info("clean-up removed %s%s", cleaned.words, "" if is_finished else "; the rest is next")
    return cleaned
