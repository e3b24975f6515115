"""The roles of a cinema's staff: what each may do. The same table is in docs/admin.md, and a test walks it.

Set after every `migrate`, to exactly this: a role that somebody changed by hand is as written here again, and whoever
needs another makes a group of his own. A permission that does not exist (yet) is left out, so the order in which the
apps are migrated does not matter.
"""

from collections.abc import Mapping
from typing import Any, Final

from django.contrib.auth.models import Group, Permission
from django.db.models import Q
from django.db.models.signals import post_migrate

MANAGER: Final = "Manager"
BOX_OFFICE: Final = "Box office"
ACCOUNTANT: Final = "Accountant"
USHER: Final = "Usher"
PROGRAMMER: Final = "Programmer"

# A manager may do all that there is in these, and look after people; roles themselves are the code's business.
ROOMS: Final = ("bookings", "payments", "realtime", "frontend")
_OF_A_MANAGER: Final = ("auth.view_user", "auth.add_user", "auth.change_user", "auth.view_group")

_SEES_SHOWS: Final = ("bookings.view_show", "bookings.view_movie", "bookings.view_theatre", "bookings.view_screen")
_SEES_MONEY: Final = (
    "payments.view_order",
    "payments.view_payment",
    "payments.view_refund",
    "payments.view_ledgerentry",
    "payments.view_auditentry",
    "payments.view_webhookevent",
    "payments.view_refundpolicy",
)

ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    BOX_OFFICE: (
        *_SEES_SHOWS,
        "bookings.view_booking",
        "bookings.view_seatevent",
        "bookings.block_seats",
        "bookings.cancel_booking",
        "bookings.check_in_tickets",
        "frontend.resend_letter",
        "frontend.view_letter",
    ),
    ACCOUNTANT: (
        *_SEES_SHOWS,
        *_SEES_MONEY,
        "bookings.view_booking",
        "bookings.view_seatevent",
        "bookings.view_reports",
        "bookings.view_staffact",
        "bookings.view_staffjob",
        "payments.refund_payment",
        "payments.add_refundpolicy",
        "payments.change_refundpolicy",
    ),
    USHER: ("bookings.check_in_tickets",),
    PROGRAMMER: (
        *_SEES_SHOWS,
        "bookings.view_layout",
        *(f"bookings.{act}_{what}" for what in ("movie", "theatre", "screen", "show") for act in ("add", "change")),
        "bookings.delete_movie",
        "bookings.delete_show",
    ),
}


def set_up_roles() -> None:
    """Make the groups, and give each exactly its permissions. Idempotent."""
    everything = Q(content_type__app_label__in=ROOMS)
    _set(MANAGER, Permission.objects.filter(everything | _named(_OF_A_MANAGER)))
    for name, permissions in ROLES.items():
        _set(name, Permission.objects.filter(_named(permissions)))


def _named(permissions: tuple[str, ...]) -> Q:
    wanted = Q(pk__in=[])
    for permission in permissions:
        app, codename = permission.split(".")
        wanted |= Q(content_type__app_label=app, codename=codename)
    return wanted


def _set(name: str, permissions: Any) -> None:
    group, _ = Group.objects.get_or_create(name=name)
    group.permissions.set(permissions)


def connect_roles() -> None:
    """Called once when the app is ready. Django's own handler, which makes the permissions, is asked before this."""
    post_migrate.connect(_migrated, dispatch_uid="roles")


def _migrated(app_config: Any, **_: object) -> None:
    if app_config.label in ROOMS:
        set_up_roles()
