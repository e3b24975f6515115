"""How the admin looks and what its menu offers: settings of the theme (django-unfold, decision 44).

Colours are those of design/look.md on the theme's scale: light grounds at its light end, dark ones at its dark end,
so one scale serves both schemes. What settings cannot say is in bookings/static/bookings/admin/desk/.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse

# From the paper of the light scheme to the night of the dark one.
_BASE: Final = {
    "50": "#FBF8F1",
    "100": "#F3EEE2",
    "200": "#DDD5C3",
    "300": "#C9CCD6",
    "400": "#A9AFC3",
    "500": "#5A6072",
    "600": "#434858",
    "700": "#2A3046",
    "800": "#1E2335",
    "900": "#151826",
    "950": "#0E1018",
}
# Bulb amber: 600 is the accent on light grounds, 500 the one on dark grounds.
_AMBER: Final = {
    "50": "#FFF8E8",
    "100": "#FFEFC9",
    "200": "#FFE0A0",
    "300": "#FFD070",
    "400": "#FFC24A",
    "500": "#FFB627",
    "600": "#8F5400",
    "700": "#7A4700",
    "800": "#5F3700",
    "900": "#452800",
    "950": "#1B1300",
}


def _bulb(_: HttpRequest) -> str:
    return static("frontend/icons/bulb.svg")


def _desk(sheet: str) -> Callable[[HttpRequest], str]:
    return lambda _: static(f"bookings/admin/desk/{sheet}.css")


def environment(_: HttpRequest) -> list[str] | None:
    """The badge beside the name of whoever is signed in; a real house has none."""
    return ["demo", "warning"] if settings.DEBUG else None


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the menu, for whoever has one of the permissions (none named: for all staff)."""

    title: str
    icon: str
    page: str
    permissions: tuple[str, ...] = ()

    def as_item(self, *, path: str, is_active: bool) -> dict[str, Any]:
        """As the theme takes it."""
        return {"title": self.title, "icon": self.icon, "link": path, "active": is_active}

    def is_for(self, request: HttpRequest) -> bool:
        """Whether this person sees it."""
        return not self.permissions or any(request.user.has_perm(name) for name in self.permissions)


# Grouped by the work of a cinema, not by the apps that keep it.
MENU: Final[dict[str, tuple[Entry, ...]]] = {
    "Today": (Entry("Today", "today", "admin:index"),),
    "Shows": (
        Entry("Shows", "event_seat", "admin:bookings_show_changelist", ("bookings.view_show",)),
        Entry("Cancelled shows", "event_busy", "admin:bookings_staffjob_changelist", ("bookings.view_staffjob",)),
    ),
    "Bookings": (
        Entry("Bookings", "confirmation_number", "admin:bookings_booking_changelist", ("bookings.view_booking",)),
        Entry("Letters", "mail", "admin:frontend_letter_changelist", ("frontend.view_letter",)),
        Entry("History of a seat", "history", "admin:bookings_seatevent_changelist", ("bookings.view_seatevent",)),
        Entry("Check-in", "qr_code_scanner", "frontend:doors", ("bookings.check_in_tickets",)),
    ),
    "Money": (
        Entry("Open money", "hourglass_top", "admin:payments_open_money", ("payments.view_payment",)),
        Entry("Reports", "bar_chart", "frontend:reports", ("bookings.view_reports",)),
        Entry("Payments", "payments", "admin:payments_payment_changelist", ("payments.view_payment",)),
        Entry("Refunds", "undo", "admin:payments_refund_changelist", ("payments.view_refund",)),
        Entry("Ledger", "menu_book", "admin:payments_ledgerentry_changelist", ("payments.view_ledgerentry",)),
        Entry("Orders", "receipt_long", "admin:payments_order_changelist", ("payments.view_order",)),
        Entry("Refund policies", "policy", "admin:payments_refundpolicy_changelist", ("payments.view_refundpolicy",)),
    ),
    "Catalogue": (
        Entry("Movies", "movie", "admin:bookings_movie_changelist", ("bookings.view_movie",)),
        Entry("Theatres", "theater_comedy", "admin:bookings_theatre_changelist", ("bookings.view_theatre",)),
        Entry("Screens", "weekend", "admin:bookings_screen_changelist", ("bookings.view_screen",)),
        Entry("Layouts", "grid_on", "admin:bookings_layout_changelist", ("bookings.view_layout",)),
    ),
    "Staff": (
        Entry("People", "badge", "admin:auth_user_changelist", ("auth.view_user",)),
        Entry("Roles", "group", "admin:auth_group_changelist", ("auth.view_group",)),
        Entry("Audit log", "history", "admin:bookings_staffact_changelist", ("bookings.view_staffact",)),
    ),
    "System": (
        Entry("Screens on walls", "tv", "admin:realtime_device_changelist", ("realtime.view_device",)),
        Entry("Clean-up", "delete_sweep", "admin:bookings_cleanuprun_changelist", ("bookings.view_cleanuprun",)),
        Entry("Webhook events", "webhook", "admin:payments_webhookevent_changelist", ("payments.view_webhookevent",)),
    ),
}


def menu(request: HttpRequest) -> list[dict[str, Any]]:
    """The menu of whoever asks: only what he may open, no group without a line."""
    paths = {entry: reverse(entry.page) for entries in MENU.values() for entry in entries}
    here = _where(request.path, paths)
    groups = [
        {
            "title": title,
            "items": [e.as_item(path=paths[e], is_active=e is here) for e in entries if e.is_for(request)],
        }
        for title, entries in MENU.items()
    ]
    return [group for group in groups if group["items"]]


def _where(path: str, paths: dict[Entry, str]) -> Entry | None:
    """The line that a page belongs to: open money lives below payments, and is a line of its own."""
    index = reverse("admin:index")
    above = [e for e, page in paths.items() if page == path or (page != index and path.startswith(page))]
    return max(above, key=lambda entry: len(paths[entry]), default=None)


UNFOLD: Final[dict[str, Any]] = {
    "SITE_TITLE": "Housefull",
    "SITE_HEADER": "HOUSEFULL",
    "SITE_SUBHEADER": "Staff",
    "SITE_ICON": _bulb,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _bulb}],
    "SHOW_VIEW_ON_SITE": False,
    "ENVIRONMENT": "config.admin_theme.environment",
    "DASHBOARD_CALLBACK": "bookings.admin.today.add_today",
    "STYLES": [_desk(sheet) for sheet in ("palette", "theme", "parts", "tables", "today", "forms", "drawing")],
    "BORDER_RADIUS": "8px",
    "COLORS": {"base": _BASE, "primary": _AMBER},
    "SIDEBAR": {"navigation": menu, "show_search": False, "show_all_applications": False},
}
