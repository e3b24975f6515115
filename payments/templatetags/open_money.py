"""For the admin's first page: how much money is open."""

from django import template

from payments.admin.open_money import get_open_money

register = template.Library()


@register.simple_tag
def open_money_counts() -> dict[str, int]:
    """How many things are open, and how many of them for longer than is normal."""
    items = get_open_money()
    return {"all": len(items), "overdue": sum(item.is_overdue for item in items)}
