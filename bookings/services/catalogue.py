"""Writes of the catalogue: layout revisions and shows, each refused with a code when it makes no sense.

Also keeps the catalogue cache honest: whoever saves a catalogue model, through here or in the admin, makes
what was cached of it unreachable after commit. Blocking seats is not here.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models.signals import post_delete, post_save

from bookings.domain.layout import LayoutInvalid, parse_layout
from bookings.domain.pricing import PriceMapInvalid, check_prices
from bookings.errors import BookingError
from bookings.models import Layout, Movie, Screen, SeatClaim, Show, Theatre
from bookings.selectors.cache import MOVIES, SHOWS, THEATRES, forget_after_commit

# What a screening takes beside the film: trailers, the interval, the national anthem.
AROUND_THE_FILM: Final = timedelta(minutes=25)
# Between two shows the screen is cleaned and people change places.
TURNAROUND: Final = timedelta(minutes=15)
# Seats are sold into the trailers, for those who come late.
LATE_SALES: Final = timedelta(minutes=15)


class LayoutRefused(BookingError):
    """A layout file cannot be read; `line` and `column` (from 1) say where."""

    code = "layout_invalid"
    http_status = 422

    def __init__(self, fault: LayoutInvalid) -> None:
        super().__init__(
            f"Line {fault.line}, column {fault.column}: {fault.detail}.", line=fault.line, column=fault.column
        )


class LayoutMissing(BookingError):
    """The screen has no layout yet, so it can have no show."""

    code = "layout_missing"
    http_status = 409


class PricesRefused(BookingError):
    """The prices do not fit the categories of the layout."""

    code = "prices_invalid"
    http_status = 422


class ShowTimesRefused(BookingError):
    """A show that begins in the past, or whose times do not follow each other."""

    code = "show_times_invalid"
    http_status = 422


class ScreenBusy(BookingError):
    """Another show is on this screen at that time; `show` is its id."""

    code = "screen_busy"
    http_status = 409


class ShowIsCancelled(BookingError):
    """A cancelled show stays cancelled: its buyers were told, and their money is on its way."""

    code = "show_cancelled"
    http_status = 409


class ShowHasClaims(BookingError):
    """Seats of this show are held, sold or blocked, so it stays the film and the time people chose."""

    code = "show_has_claims"
    http_status = 409


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowDraft:
    """What somebody wants to show. Times are aware; those left out follow from the start and the film."""

    movie: Movie
    screen: Screen
    starts_at: datetime
    prices: Mapping[str, Any]
    sales_open_at: datetime
    ends_at: datetime | None = None
    sales_close_at: datetime | None = None
    status: str = Show.Status.OPEN

    @property
    def end(self) -> datetime:
        return self.ends_at or self.starts_at + timedelta(minutes=self.movie.duration_minutes) + AROUND_THE_FILM

    @property
    def sales_close(self) -> datetime:
        return self.sales_close_at or self.starts_at + LATE_SALES


def import_layout(screen: Screen, text: str) -> Layout:
    """The layout revision of `text`: a new one, or the newest if it is the same file.

    Raises LayoutRefused. Shows keep the revision they were made with.
    """
    # A browser's form sends CRLF; the same drawing must be the same source.
    source = text.replace("\r\n", "\n")
    try:
        parsed = parse_layout(source)
    except LayoutInvalid as fault:
        raise LayoutRefused(fault) from fault
    with transaction.atomic():
        Screen.objects.select_for_update().get(pk=screen.pk)
        newest = newest_layout(screen)
        if newest is not None and newest.source == source:
            return newest
        return Layout.objects.create(
            screen=screen,
            revision=newest.revision + 1 if newest else 1,
            source=source,
            seats=[asdict(seat) for seat in parsed.seats],
        )


def newest_layout(screen: Screen) -> Layout | None:
    """The revision that a new show on this screen would pin."""
    return Layout.objects.filter(screen=screen).order_by("-revision").first()


def create_show(draft: ShowDraft, *, now: datetime) -> Show:
    """A new show that pins the screen's newest layout.

    Raises LayoutMissing, PricesRefused, ShowTimesRefused, ScreenBusy.
    """
    with transaction.atomic():
        layout = check_draft(draft, now=now)
        return Show.objects.create(
            movie=draft.movie,
            screen=draft.screen,
            layout=layout,
            starts_at=draft.starts_at,
            ends_at=draft.end,
            sales_open_at=draft.sales_open_at,
            sales_close_at=draft.sales_close,
            status=draft.status,
            prices=dict(draft.prices),
        )


def update_show(show: Show, draft: ShowDraft, *, now: datetime) -> Show:
    """Change a show; its screen and its layout revision stay.

    Raises PricesRefused, ShowTimesRefused, ScreenBusy, ShowHasClaims, ShowIsCancelled.
    """
    with transaction.atomic():
        check_draft(draft, now=now, show=show)
        show.movie = draft.movie
        show.starts_at, show.ends_at = draft.starts_at, draft.end
        show.sales_open_at, show.sales_close_at = draft.sales_open_at, draft.sales_close
        show.status = draft.status
        show.prices = dict(draft.prices)
        show.save()
        return show


def check_draft(draft: ShowDraft, *, now: datetime, show: Show | None = None) -> Layout:
    """The layout of a show that is made, or given `show` changed, by this draft; raises what forbids it.

    Runs in the caller's transaction and locks the screen, so that no other show takes the time meanwhile.
    """
    Screen.objects.select_for_update().get(pk=draft.screen.pk)
    layout = show.layout if show is not None else newest_layout(draft.screen)
    if layout is None:
        raise LayoutMissing(f"{draft.screen} has no layout yet. Import one first.")
    # Locked, so that nobody cancels it between this look and the save, which would open it again.
    stored = Show.objects.select_for_update(no_key=True).get(pk=show.pk) if show is not None else None
    if stored is not None and stored.status == Show.Status.CANCELLED:
        raise ShowIsCancelled("This show is cancelled, and stays so. Make a new one instead.")
    _check_prices(draft, layout)
    _check_times(draft, stored, now)
    _check_screen_is_free(draft, stored)
    return layout


def _check_prices(draft: ShowDraft, layout: Layout) -> None:
    try:
        check_prices(draft.prices, (seat["category"] for seat in layout.seats))
    except PriceMapInvalid as fault:
        raise PricesRefused(f"Prices: {fault}.", missing=list(fault.missing), unknown=list(fault.unknown)) from fault


def _check_times(draft: ShowDraft, stored: Show | None, now: datetime) -> None:
    moved = stored is None or (stored.starts_at, stored.movie_id) != (draft.starts_at, draft.movie.pk)
    if moved and draft.starts_at <= now:
        raise ShowTimesRefused("A show cannot begin in the past.")
    if draft.end <= draft.starts_at:
        raise ShowTimesRefused("A show ends after it begins.")
    if not draft.sales_open_at < draft.sales_close <= draft.end:
        raise ShowTimesRefused("Sales open before they close, and close before the show ends.")
    if stored is not None and moved and SeatClaim.objects.filter(show=stored, released_at=None).exists():
        raise ShowHasClaims(
            "Seats of this show are held, sold or blocked. Cancel it and make a new one instead of moving it."
        )


def _check_screen_is_free(draft: ShowDraft, stored: Show | None) -> None:
    if draft.status == Show.Status.CANCELLED:
        return
    others = Show.objects.filter(
        screen=draft.screen, starts_at__lt=draft.end + TURNAROUND, ends_at__gt=draft.starts_at - TURNAROUND
    ).exclude(status=Show.Status.CANCELLED)
    if stored is not None:
        others = others.exclude(pk=stored.pk)
    other = others.select_related("movie").first()
    if other is not None:
        minutes = int(TURNAROUND.total_seconds() // 60)
        raise ScreenBusy(
            f"“{other.movie.title}” is on {draft.screen} then (shows are {minutes} minutes apart at least).",
            show=other.pk,
        )


def forget_catalogue() -> None:
    """Make everything cached of the catalogue unreachable: for writes that send no signals (bulk)."""
    forget_after_commit(MOVIES, THEATRES, SHOWS)


def _theatre_changed(**_: object) -> None:
    forget_after_commit(THEATRES)


def _movie_changed(**_: object) -> None:
    forget_after_commit(MOVIES)


def _show_changed(**_: object) -> None:
    forget_after_commit(SHOWS)


def connect_invalidation() -> None:
    """Called once when the app is ready: every saved or deleted catalogue row steps its version."""
    for signal in (post_save, post_delete):
        for sender in (Theatre, Screen):
            signal.connect(_theatre_changed, sender=sender, dispatch_uid=f"forget-{sender.__name__}")
        signal.connect(_movie_changed, sender=Movie, dispatch_uid="forget-movie")
        signal.connect(_show_changed, sender=Show, dispatch_uid="forget-show")
