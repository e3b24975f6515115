"""Money as integer paise: prices of a show by seat category, totals, and how people read and type an amount.

Nothing here rounds: an amount that is not whole paise is refused.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

PAISE_PER_RUPEE: Final = 100
# Razorpay takes no order below one rupee.
PRICE_PAISE_MIN: Final = 100
# ₹1,00,000 a seat; ten of them still fit the 32-bit column a claim keeps its price in.
PRICE_PAISE_MAX: Final = 1_00_000 * PAISE_PER_RUPEE

_AMOUNT: Final = re.compile(r"₹?\s*(?P<rupees>\d[\d,]*)(?:\.(?P<paise>\d\d))?")


class PriceMapInvalid(Exception):
    """Prices that do not fit a screen: categories without a price, unknown ones, amounts out of range."""

    def __init__(
        self, *, missing: Sequence[str] = (), unknown: Sequence[str] = (), out_of_range: Sequence[str] = ()
    ) -> None:
        self.missing = tuple(missing)
        self.unknown = tuple(unknown)
        self.out_of_range = tuple(out_of_range)
        limits = f"{format_inr(PRICE_PAISE_MIN)} to {format_inr(PRICE_PAISE_MAX)}"
        facts = [
            (self.missing, "no price for {}"),
            (self.unknown, "this screen has no category {}"),
            (self.out_of_range, "the price of {} is not within " + limits),
        ]
        super().__init__("; ".join(text.format(", ".join(names)) for names, text in facts if names))


def format_inr(amount_paise: int) -> str:
    """The amount as people in India read it: ₹1,250 · ₹1,00,000 · ₹99.50 (paise only when there are any)."""
    rupees, paise = divmod(abs(amount_paise), PAISE_PER_RUPEE)
    digits = str(rupees)
    head, tail = digits[:-3], digits[-3:]
    # Above the last three digits, Indian grouping goes by twos: lakh, crore.
    groups = [head[max(end - 2, 0) : end] for end in range(len(head), 0, -2)][::-1]
    text = ",".join([*groups, tail]) + (f".{paise:02d}" if paise else "")
    return f"-₹{text}" if amount_paise < 0 else f"₹{text}"


def parse_inr(text: str) -> int:
    """Paise of an amount as people type it (250 · ₹1,250 · 99.50). Raises ValueError when it is none."""
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"'{text.strip()}' is not an amount in rupees, like 250 or 1,250.50")
    return int(match["rupees"].replace(",", "")) * PAISE_PER_RUPEE + int(match["paise"] or 0)


def total_paise(prices: Mapping[str, int], categories: Iterable[str]) -> int:
    """What seats of these categories (one entry a seat) cost. Raises KeyError for one without a price."""
    return sum(prices[category] for category in categories)


def by_price(prices: Mapping[str, int]) -> dict[str, int]:
    """The prices from cheap to dear. PostgreSQL's jsonb keeps keys in an order that means nothing to people."""
    return dict(sorted(prices.items(), key=lambda price: (price[1], price[0])))


def check_prices(prices: Mapping[str, object], categories: Iterable[str]) -> None:
    """Raises PriceMapInvalid unless every category, and nothing else, has a price in range (paise)."""
    known = list(dict.fromkeys(categories))
    missing = [name for name in known if name not in prices]
    unknown = [name for name in prices if name not in known]
    out_of_range = [name for name in known if name in prices and not _is_price(prices[name])]
    if missing or unknown or out_of_range:
        raise PriceMapInvalid(missing=missing, unknown=unknown, out_of_range=out_of_range)


def _is_price(value: object) -> bool:
    # type(), not isinstance(): True is an int too, and a price read from JSON may be anything.
    return type(value) is int and PRICE_PAISE_MIN <= value <= PRICE_PAISE_MAX
