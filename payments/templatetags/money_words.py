"""Money and payments as the admin's pages write them."""

from collections.abc import Sequence

from django import template

from payments.words import money, payment_link

register = template.Library()
register.filter("money", money)
register.filter("payment_link", payment_link)


@register.simple_tag
def cell_head(heads: Sequence[str], at: int) -> str:
    """The heading above a cell, for narrow windows."""
    return heads[at] if at < len(heads) else ""
