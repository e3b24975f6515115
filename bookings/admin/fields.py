"""Form fields of the catalogue admin: prices as a cashier writes them, times as the theatre's clock shows them."""

from collections.abc import Mapping
from typing import Any, Final
from zoneinfo import available_timezones

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from bookings.domain.pricing import PAISE_PER_RUPEE, by_price, parse_inr

PRICE_LINES_MAX: Final = 20


class PricesField(forms.CharField):
    """One line a category, `gold: 350`, in rupees; its value is paise by category."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", UnfoldAdminTextareaWidget(attrs={"rows": 5}))
        options.setdefault("help_text", "One line for each category of the screen’s layout, in rupees: gold: 350")
        super().__init__(**options)

    def prepare_value(self, value: Any) -> Any:
        """The lines of stored prices; what somebody has just typed is shown as it is."""
        if not isinstance(value, Mapping):
            return value
        return "\n".join(f"{category}: {_in_rupees(paise)}" for category, paise in by_price(value).items())

    def clean(self, value: Any) -> Any:
        prices: dict[str, int] = {}
        lines = [line for line in super().clean(value).splitlines() if line.strip()]
        if len(lines) > PRICE_LINES_MAX:
            raise forms.ValidationError(f"More than {PRICE_LINES_MAX} lines.")
        for line in lines:
            category, colon, amount = line.rpartition(":")
            category = category.strip().lower()
            if not colon or not category:
                raise forms.ValidationError(f"“{line.strip()}” is not a category and its price, like gold: 350")
            if category in prices:
                raise forms.ValidationError(f"“{category}” is priced twice.")
            try:
                prices[category] = parse_inr(amount)
            except ValueError as error:
                raise forms.ValidationError(f"“{category}”: {error}.") from error
        return prices


def time_zone_field() -> forms.ChoiceField:
    """The IANA zones this machine knows."""
    return forms.ChoiceField(
        choices=[(name, name) for name in sorted(available_timezones())],
        initial="Asia/Kolkata",
        widget=UnfoldAdminSelectWidget,
    )


def _in_rupees(amount_paise: int) -> str:
    rupees, paise = divmod(amount_paise, PAISE_PER_RUPEE)
    return f"{rupees}.{paise:02d}" if paise else str(rupees)
