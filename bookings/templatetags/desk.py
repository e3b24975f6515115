"""How pages of staff write times, and numbers that a style sheet reads."""

from datetime import datetime

from django import template

from bookings.desk import at_theatre

register = template.Library()
register.filter("at_theatre", at_theatre)


@register.filter
def time_of_day(local: datetime) -> str:
    """7:30 pm, of a time that is the theatre's already."""
    return f"{local.hour % 12 or 12}:{local:%M} {'am' if local.hour < 12 else 'pm'}"


@register.filter
def unlocalized(number: float) -> str:
    """12.5, whatever a language writes for the point."""
    return f"{number:g}"
