"""How full a show is, in the four words of boards and lists (contract, section 3)."""

from typing import Final, Literal, TypeAlias

Fill: TypeAlias = Literal["open", "filling", "last_few", "housefull"]

# Few is few in a small house as well; in a large one it is a share of the house.
LAST_FEW_SEATS: Final = 10
LAST_FEW_PERCENT: Final = 5


def fill_of(*, available: int, held: int, total: int) -> Fill:
    """The word for a show with so many free and held seats of `total`. Held ones may come back: no full house."""
    if available <= 0 and held <= 0:
        return "housefull"
    if available <= max(LAST_FEW_SEATS, total * LAST_FEW_PERCENT / 100):
        return "last_few"
    return "filling" if 2 * available <= total else "open"
