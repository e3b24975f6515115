"""How pages write money, times and lengths. Times are always the theatre's, never the server's."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django import template

from bookings.api import format_inr

register = template.Library()


@register.filter
def rupees(paise: int) -> str:
    """125000 → ₹1,250."""
    return format_inr(paise)


@register.filter
def clock(moment: datetime, time_zone: str) -> str:
    """The time of day at the theatre: 7:30 pm."""
    local = moment.astimezone(ZoneInfo(time_zone))
    return f"{local.hour % 12 or 12}:{local:%M} {'am' if local.hour < 12 else 'pm'}"


@register.filter
def day(moment: datetime, time_zone: str) -> str:
    """The date at the theatre: Fri 21 Nov."""
    return calendar_day(moment.astimezone(ZoneInfo(time_zone)).date())


@register.filter
def calendar_day(on: date) -> str:
    """A date: Fri 21 Nov."""
    return f"{on:%a} {on.day} {on:%b}"


@register.filter
def running_time(minutes: int) -> str:
    """138 → 2 h 18 min."""
    hours, rest = divmod(minutes, 60)
    parts = [f"{hours} h" if hours else "", f"{rest} min" if rest or not hours else ""]
    return " ".join(part for part in parts if part)
