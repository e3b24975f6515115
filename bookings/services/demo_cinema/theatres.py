"""The demo's theatres and screens: where they stand, which drawing they have, and what a seat costs there."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Final


@dataclass(frozen=True, slots=True)
class DemoScreen:
    """A screen; `layout` names its drawing in layouts/, `rupees` is the evening price by category."""

    name: str
    layout: str
    rupees: Mapping[str, int]
    # How well it sells beside the others: small rooms fill, palaces do not.
    charm: float

    def drawing(self) -> str:
        """The layout file as text."""
        return files(__package__).joinpath("layouts", f"{self.layout}.txt").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class DemoTheatre:
    slug: str
    name: str
    city: str
    address: str
    screens: tuple[DemoScreen, ...]
    time_zone: str = "Asia/Kolkata"


THEATRES: Final = (
    DemoTheatre(
        slug="lantern-house",
        name="Lantern House",
        city="Mumbai",
        address="14 Old Customs Road, Fort",
        screens=(
            DemoScreen(
                "Grand Hall", "lantern-grand-hall", {"stalls": 180, "dress circle": 320, "balcony": 260}, charm=0.6
            ),
            DemoScreen("The Snug", "lantern-the-snug", {"sofa": 650, "recliner": 550}, charm=1.5),
        ),
    ),
    DemoTheatre(
        slug="monsoon-talkies",
        name="Monsoon Talkies",
        city="Mumbai",
        address="Reclamation Promenade, Bandra West",
        screens=(
            DemoScreen("Audi 1", "monsoon-audi-1", {"silver": 220, "gold": 300, "platinum": 520}, charm=1.0),
            DemoScreen("Audi 2", "monsoon-audi-2", {"silver": 220, "gold": 290, "lounge": 480}, charm=1.1),
            DemoScreen("The Deck", "monsoon-the-deck", {"deck": 600, "captain": 780}, charm=1.3),
        ),
    ),
    DemoTheatre(
        slug="cauvery-picture-palace",
        name="Cauvery Picture Palace",
        city="Bengaluru",
        address="7th Cross, Sampige Road, Malleshwaram",
        screens=(
            DemoScreen("Screen 1", "cauvery-screen-1", {"classic": 190, "prime": 260, "family": 420}, charm=0.9),
            DemoScreen("Screen 2", "cauvery-screen-2", {"classic": 180, "prime": 250}, charm=1.0),
            DemoScreen("Screen 3", "cauvery-screen-3", {"classic": 200, "prime": 270, "recliner": 450}, charm=1.2),
        ),
    ),
)
