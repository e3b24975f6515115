"""One theatre's board as a value: which shows are on it, how full they are, and what differs from what was shown.

It is told the programme and the counts; it knows no socket, no room and no clock. The words for how full a show is
are bookings' own (contract, section 3).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from bookings.api import fill_of
from realtime.boards.protocol import ShowEntry, ShowStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What the programme says of a show. `…_at` is ISO 8601 in UTC, `…_ms` the same in Unix milliseconds."""

    id: int
    movie: str
    movie_slug: str
    language: str
    certificate: str
    screen: str
    starts_at: str
    ends_at: str
    starts_ms: int
    ends_ms: int
    total: int


class News(NamedTuple):
    """What brings those who know the board up to now: `whole`, all of it; else the entries that differ."""

    whole: bool
    shows: list[ShowEntry]


class Board:
    """The board as it is and as it was last shown. A show is on it once its seats have been counted."""

    __slots__ = ("_counts", "_listings", "_shown")

    def __init__(self) -> None:
        self._listings: dict[int, Listing] = {}
        self._counts: dict[int, tuple[int, int]] = {}
        self._shown: dict[int, ShowEntry] = {}

    @property
    def listings(self) -> dict[int, Listing]:
        """The programme, by show."""
        return self._listings

    @property
    def shown(self) -> list[ShowEntry]:
        """The board as it was last shown, by start."""
        return list(self._shown.values())

    def list_shows(self, listings: Iterable[Listing]) -> None:
        """Follow this programme from now on. Counts of shows that stay are kept."""
        ordered = sorted(listings, key=lambda listing: (listing.starts_ms, listing.screen, listing.id))
        self._listings = {listing.id: listing for listing in ordered}
        self._counts = {show: counts for show, counts in self._counts.items() if show in self._listings}

    def count(self, show_id: int, *, available: int, held: int) -> None:
        """So many seats of a show are free and held now."""
        if show_id in self._listings:
            self._counts[show_id] = (available, held)

    def has_counted(self, show_id: int) -> bool:
        """Whether this show can be shown."""
        return show_id in self._counts

    def news(self, now_ms: int) -> News | None:
        """What has not been shown, which is thereby shown; None: nothing."""
        before, self._shown = self._shown, self._entries(now_ms)
        if list(before) != list(self._shown):
            return News(whole=True, shows=self.shown)
        changed = [entry for show, entry in self._shown.items() if entry != before[show]]
        return News(whole=False, shows=changed) if changed else None

    def _entries(self, now_ms: int) -> dict[int, ShowEntry]:
        return {
            show: _entry(listing, *self._counts[show], now_ms)
            for show, listing in self._listings.items()
            if show in self._counts
        }


def _entry(listing: Listing, available: int, held: int, now_ms: int) -> ShowEntry:
    status: ShowStatus = fill_of(available=available, held=held, total=listing.total)
    return ShowEntry(
        id=listing.id,
        movie=listing.movie,
        movie_slug=listing.movie_slug,
        language=listing.language,
        certificate=listing.certificate,
        screen=listing.screen,
        starts_at=listing.starts_at,
        ends_at=listing.ends_at,
        available=available,
        held=held,
        total=listing.total,
        status="started" if now_ms >= listing.starts_ms else status,
    )
