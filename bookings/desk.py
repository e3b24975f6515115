"""What the rooms of the house put on the pages of staff, without knowing each other.

A room offers, once, when it is loaded: a card for Today, a panel for the page of a booking, a source for the audit
log. The pages ask everyone who has offered something, and show it only to those with its permission.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

Tone: TypeAlias = Literal["calm", "warning", "alarm"]


@dataclass(frozen=True, slots=True)
class Card:
    """A figure that somebody who opens the admin should see, and where to go about it."""

    title: str
    figure: str
    words: str = ""
    link: str = ""
    tone: Tone = "calm"


@dataclass(frozen=True, slots=True)
class Panel:
    """A table on the page of a booking. Cells are text, or safe HTML; `acts` are addresses and their words."""

    title: str
    heads: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    acts: Sequence[tuple[str, str]] = ()
    nothing: str = "Nothing yet."


@dataclass(frozen=True, slots=True)
class _Offer:
    order: int
    permission: str
    load: Callable[..., object]


@dataclass(slots=True)
class _Offers:
    cards: list[_Offer] = field(default_factory=list)
    panels: list[_Offer] = field(default_factory=list)
    logs: dict[str, str] = field(default_factory=dict)


_offers: Final = _Offers()
MayDo: TypeAlias = Callable[[str], bool]


def offer_card(permission: str, load: Callable[[datetime], Card | None], *, order: int = 100) -> None:
    """Show `load(now)` on Today to whoever has the permission; None for nothing to say."""
    _offers.cards.append(_Offer(order, permission, load))


def offer_panel(permission: str, load: Callable[[UUID, MayDo], Panel | None], *, order: int = 100) -> None:
    """Show `load(booking, may)` on a booking's page; `may(permission)` says what acts to offer."""
    _offers.panels.append(_Offer(order, permission, load))


def offer_log(name: str, query: str) -> None:
    """A SELECT of (at, user_id, action, subject, link, reason) for the audit log.

    `link` is `booking:<id>`, `show:<id>`, `payment:<id>`, `<app>.<model>:<id>` or empty.
    """
    _offers.logs[name] = query


def cards_for(may: MayDo, *, now: datetime) -> list[Card]:
    """The cards of somebody, in order."""
    offers = sorted((o for o in _offers.cards if may(o.permission)), key=lambda o: o.order)
    return [card for o in offers if isinstance(card := o.load(now), Card)]


def panels_for(may: MayDo, *, booking: UUID) -> list[Panel]:
    """The panels of a booking's page for somebody, in order."""
    offers = sorted((o for o in _offers.panels if may(o.permission)), key=lambda o: o.order)
    return [panel for o in offers if isinstance(panel := o.load(booking, may), Panel)]


def log_queries() -> dict[str, str]:
    """The sources of the audit log, by name."""
    return dict(_offers.logs)


def at_theatre(moment: datetime, time_zone: str) -> str:
    """A moment on the theatre's clock: Fri 21 Nov, 7:30 pm."""
    local = moment.astimezone(ZoneInfo(time_zone))
    half = "am" if local.hour < 12 else "pm"
    return f"{local:%a} {local.day} {local:%b}, {local.hour % 12 or 12}:{local:%M} {half}"
