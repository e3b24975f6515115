"""The page of open money: what is neither kept nor given back, since when, and what is next. Empty at rest."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from bookings.api import Card
from payments.admin.acts import ACTS_OF, EVENT_ACTS, PAYMENT_ACTS
from payments.admin.reading import MAY_ACT
from payments.open_money import KINDS, PAGE_MAX, Kind, OpenItem, open_items, open_money_query
from payments.words import booking_link, event_link, money, payment_link

MAY_LOOK = "payments.view_payment"
MINUTE_SECONDS, HOUR_SECONDS, DAY_SECONDS = 60, 3600, 86_400


@dataclass(frozen=True, slots=True)
class Line:
    """One open thing as it is shown."""

    item: OpenItem
    what: str
    amount: str
    age: str
    payment: str
    booking: str
    acts: list[tuple[str, str]]


def get_open_money() -> list[OpenItem]:
    """What is open, the oldest first."""
    query = open_money_query()
    with connection.cursor() as cursor:
        cursor.execute(query.statement.as_string(), query.arguments)
        return open_items(cursor.fetchall())


def open_money_view(request: HttpRequest) -> HttpResponse:
    """The page. Raises PermissionDenied for staff who may not look at payments."""
    if not request.user.has_perm(MAY_LOOK):
        raise PermissionDenied
    items = get_open_money()
    context = {
        **admin.site.each_context(request),
        "title": "Open money",
        "groups": list(_groups(items, may_act=request.user.has_perm(MAY_ACT))),
        "overdue": sum(item.is_overdue for item in items),
        "count": len(items),
        "is_cut": len(items) == PAGE_MAX,
    }
    return TemplateResponse(request, "payments/admin/open_money.html", context)


def open_money_card(now: datetime) -> Card:
    """For Today: how many things are open, and whether one is for longer than is normal."""
    items = get_open_money()
    overdue = sum(item.is_overdue for item in items)
    return Card(
        title="Open money",
        figure=str(len(items)) if items else "none",
        words=_card_words(len(items), overdue),
        link=reverse("admin:payments_open_money"),
        tone="alarm" if overdue else "calm",
    )


def _card_words(count: int, overdue: int) -> str:
    if overdue:
        return f"{overdue} for longer than is normal"
    return "on its way, as it should be" if count else "every payment is kept or went back"


def _groups(items: list[OpenItem], *, may_act: bool) -> Iterator[dict[str, Any]]:
    for name, kind in KINDS.items():
        lines = [_line(item, may_act=may_act) for item in items if item.kind == name]
        if lines:
            yield {"kind": kind, "lines": lines, "normal": _normal(kind)}


def _normal(kind: Kind) -> str:
    return f"normal for up to {told_age(kind.normal_seconds)}" if kind.normal_seconds else "never normal"


def _line(item: OpenItem, *, may_act: bool) -> Line:
    return Line(
        item=item,
        what=item.what if item.event is None else event_link(item.event),
        amount=money(item.amount_paise),
        age=told_age(item.age_seconds),
        payment=payment_link(item.payment),
        booking=booking_link(item.booking),
        acts=list(_acts(item)) if may_act else [],
    )


def _acts(item: OpenItem) -> Iterator[tuple[str, str]]:
    """The address and the title of each act that fits."""
    for name in ACTS_OF.get(item.kind, ()):
        if item.event is not None:
            yield reverse("admin:payments_webhookevent_act", args=[item.event, name]), EVENT_ACTS[name].title
        else:
            yield reverse("admin:payments_payment_act", args=[item.payment, name]), PAYMENT_ACTS[name].title


def told_age(seconds: float) -> str:
    """An age in the one unit that people would use."""
    for unit_seconds, unit in ((DAY_SECONDS, "day"), (HOUR_SECONDS, "hour"), (MINUTE_SECONDS, "minute")):
        if seconds >= unit_seconds:
            count = int(seconds // unit_seconds)
            return f"{count} {unit}{'s' if count != 1 else ''}"
    return f"{int(seconds)} s"
