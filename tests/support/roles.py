"""Staff of every role at the running pages, and the acts of docs/admin.md as requests: for the table and its test."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse

from bookings.models import Show
from bookings.services.roles import MANAGER, ROLES
from payments.admin.acts import PAYMENT_ACTS

ROLE_NAMES: Final = (MANAGER, *ROLES)


@dataclass(frozen=True, slots=True)
class Places:
    """Rows that the requests are about."""

    show: Show
    booking: str


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. A POST is empty: whoever may is told what is missing, and nothing happens."""

    page: str
    about: Callable[[Places], Any] | None = None
    posts: bool = False

    def by(self, client: Client, places: Places) -> int:
        """The status of the reply."""
        about = () if self.about is None else self.about(places)
        path = reverse(self.page, args=about if isinstance(about, tuple) else (about,))
        reply = client.post(path) if self.posts else client.get(path)
        assert "login" not in reply.get("Location", ""), f"{path} asks for a login"
        return reply.status_code


def _show(places: Places) -> int:
    return places.show.pk


def _booking(places: Places) -> str:
    return places.booking


def _payment_act(name: str) -> Callable[[Places], Any]:
    return lambda _: ("pay_nobodys", name)


# The acts of the table: requests that are all allowed or all refused.
ACTS: Final[dict[str, Sequence[Ask]]] = {
    "open Today": [Ask("admin:index"), Ask("admin:bookings_show_today")],
    "look at shows and their seats": [
        Ask("admin:bookings_show_changelist"),
        Ask("admin:bookings_show_change", _show),
        Ask("staff:show-seats", _show),
    ],
    "plan, price and change shows": [
        Ask("admin:bookings_show_add"),
        Ask("admin:bookings_show_change", _show, posts=True),
    ],
    "copy a programme": [Ask("admin:bookings_show_copy", posts=True)],
    "take seats off sale and put them back": [Ask("staff:show-seats", _show, posts=True)],
    "cancel a show": [Ask("admin:bookings_show_cancel", _show, posts=True)],
    "watch how a show is cancelled": [Ask("admin:bookings_staffjob_changelist")],
    "change movies, theatres and screens": [
        Ask(f"admin:bookings_{row}_add") for row in ("movie", "theatre", "screen")
    ],
    "draw and look at layouts": [
        Ask("admin:bookings_layout_changelist"),
        Ask("admin:bookings_screen_preview", posts=True),
    ],
    "find bookings and read them": [
        Ask("admin:bookings_booking_changelist"),
        Ask("admin:bookings_booking_change", _booking),
    ],
    "cancel a booking by the theatre's policy": [
        Ask("admin:bookings_booking_cancel", _booking, posts=True),
    ],
    "refund a booking, any amount": [
        Ask("admin:bookings_booking_refund", _booking, posts=True),
    ],
    "read payments, refunds, orders and the ledger": [
        Ask(f"admin:payments_{row}_changelist")
        for row in ("payment", "refund", "order", "ledgerentry", "webhookevent", "auditentry")
    ],
    "see open money and settle it": [
        Ask("admin:payments_open_money"),
        *(Ask("admin:payments_payment_act", _payment_act(name), posts=True) for name in PAYMENT_ACTS),
    ],
    "let people in (check tickets)": [Ask("frontend:doors"), Ask("frontend:door", _show)],
    "change refund policies": [Ask("admin:payments_refundpolicy_add")],
    "read the audit log": [Ask("admin:bookings_staffact_changelist")],
    "read what happened to a seat": [Ask("admin:bookings_seatevent_changelist")],
    "read letters": [Ask("admin:frontend_letter_changelist")],
    "read reports": [Ask("frontend:reports")],
    "pair screens and rule them": [Ask("frontend:pair-screen"), Ask("admin:realtime_device_changelist")],
    "see what clean-up took": [Ask("admin:bookings_cleanuprun_changelist")],
    "make logins and give roles": [Ask("admin:auth_user_changelist"), Ask("admin:auth_user_add")],
}
# Acts whose pages ask for a permission that another room brings.
BY_PERMISSION: Final = {
    "send a letter again": "frontend.resend_letter",
}


def table() -> dict[str, dict[str, bool]]:
    """The table of docs/admin.md: by act, by role."""
    text = (Path(settings.BASE_DIR) / "docs" / "admin.md").read_text(encoding="utf-8")
    found = re.search(r"<!-- roles:.*-->\n\| act \|(.*)\|\n\|[-|]+\n((?:\|.*\n)+)", text)
    assert found, "docs/admin.md has no table of roles"
    roles = [cell.strip() for cell in found[1].split("|")]
    told = {}
    for line in found[2].splitlines():
        act, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        assert set(cells) <= {"yes", "–"}, line
        told[act] = dict(zip(roles, (cell == "yes" for cell in cells), strict=True))
    return told


def somebody(role: str | None, *, name: str = "") -> Any:
    """A member of staff with this role, or with none."""
    user: Any = get_user_model().objects.create_user(
        username=name or (role or "nobody").replace(" ", "-"), password=None, is_staff=True
    )
    if role is not None:
        user.groups.add(Group.objects.get(name=role))
    return user


def browser_of(user: Any) -> Client:
    """A browser in which he is signed in."""
    client = Client()
    client.force_login(user)
    return client


def may(client: Client, act: str, places: Places) -> bool:
    """Whether the pages let somebody do this. Fails where they are not of one mind."""
    found = {ask.by(client, places) for ask in ACTS[act]}
    assert found <= {200, 302} or found == {403}, f"{act}: {found}"
    return found != {403}


def is_granted(role: str, permission: str) -> bool | None:
    """Whether a role has a permission of another room; None where that room is not there."""
    app, codename = permission.split(".")
    wanted = Permission.objects.filter(content_type__app_label=app, codename=codename)
    if not wanted.exists():
        return None
    return Group.objects.get(name=role).permissions.filter(pk__in=wanted).exists()
