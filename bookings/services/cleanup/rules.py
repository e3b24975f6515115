"""The rules of clean-up: what each removes, after how many days, by which statement.

Note [A page at a time]. A statement looks at `page` rows in the order of their keys, beginning after `after`, removes
those that are due, and returns one row: the key it has come to (NULL at the end) and how many rows it removed. So no
transaction is long, whatever the size of the table; rows that somebody has locked are left for the next run.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal

from django.apps import apps
from django.conf import settings
from psycopg import sql

from bookings.services.outbox import handled_kinds
from bookings.sql_files import sql_file

NO_UUID: Final = "00000000-0000-0000-0000-000000000000"
IDEMPOTENCY_KEPT: Final = timedelta(hours=24)
_PACKAGE: Final = "bookings.services.cleanup"


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of thing that goes. See Note [A page at a time]."""

    name: str
    # What goes, for people: "3 old outbox events".
    words: str
    # Longer ago than this; asked when a run begins.
    kept: Callable[[], timedelta]
    statement: Callable[[], sql.Composable]
    # Before the first key.
    start: str = "0"
    # More than the statement's `after`, `page` and `kept`.
    arguments: Callable[[], dict[str, Any]] = dict


SpareKind = Literal["booking", "buyer"]
_rules: Final[list[Rule]] = []
_spared: Final[dict[SpareKind, list[sql.SQL]]] = {"booking": [], "buyer": []}


def retention_rule(rule: Rule) -> None:
    """Make a rule part of every clean-up from now on; other apps do so in their `AppConfig.ready`."""
    assert all(rule.name != known.name for known in _rules), f"there is a rule {rule.name} already"
    _rules.append(rule)


def spare(kind: SpareKind, condition: sql.SQL) -> None:
    """Keep bookings, or only who bought them, while a condition on the booking `b` holds."""
    _spared[kind].append(condition)


def all_rules() -> tuple[Rule, ...]:
    """In the order in which they are applied."""
    return tuple(_rules)


def days(setting: str) -> Callable[[], timedelta]:
    """So many days as a setting says."""
    return lambda: timedelta(days=getattr(settings, setting))


def of(name: str, package: str = _PACKAGE) -> Callable[[], sql.Composable]:
    """The statement of a file."""
    return lambda: sql_file(package, name)


def _nothing_points_to_it() -> sql.Composable:
    """No table but claims points to the booking `b`: whoever needs a booking keeps it by pointing to it."""
    relations: list[Any] = apps.get_model("bookings", "Booking")._meta.get_fields(include_hidden=True)
    pointers = [relation.field for relation in relations if relation.auto_created and not relation.concrete]
    missing = [
        sql.SQL("NOT EXISTS (SELECT 1 FROM {} WHERE {} = b.id)").format(
            sql.Identifier(pointer.model._meta.db_table), sql.Identifier(pointer.column)
        )
        for pointer in pointers
        if pointer.model._meta.label != "bookings.SeatClaim"
    ]
    return sql.SQL(" AND ").join([sql.SQL("true"), *missing])


def _spare_nobody_of(kind: SpareKind) -> sql.Composable:
    return sql.SQL(" AND ").join([sql.SQL("true"), *(sql.SQL("NOT ({})").format(its) for its in _spared[kind])])


def _ended_bookings() -> sql.Composable:
    return sql_file(_PACKAGE, "ended_bookings").format(
        unreferenced=_nothing_points_to_it(), unspared=_spare_nobody_of("booking")
    )


def _buyers() -> sql.Composable:
    return sql_file(_PACKAGE, "buyers").format(unspared=_spare_nobody_of("buyer"))


for _rule in (
    Rule(
        "ended bookings",
        "expired and cancelled bookings without money, with their claims",
        days("RETENTION_EXPIRED_BOOKINGS_DAYS"),
        _ended_bookings,
        start=NO_UUID,
    ),
    Rule(
        "buyers",
        "names, mail addresses and phone numbers of buyers of past shows",
        days("RETENTION_GUEST_DATA_DAYS"),
        _buyers,
        start=NO_UUID,
    ),
    Rule("seat history", "lines of the history of seats", days("RETENTION_SEAT_HISTORY_DAYS"), of("seat_history")),
    Rule(
        "outbox",
        "events that were handed on, and such as nobody hears",
        days("RETENTION_OUTBOX_DAYS"),
        of("outbox"),
        arguments=lambda: {"handled": handled_kinds()},
    ),
    Rule("idempotency", "stored replies to keyed requests", lambda: IDEMPOTENCY_KEPT, of("idempotency")),
    Rule("reports", "reports that staff asked for", days("RETENTION_REPORTS_DAYS"), of("reports"), start=NO_UUID),
):
    retention_rule(_rule)
