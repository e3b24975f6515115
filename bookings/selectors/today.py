"""Today's shows at every theatre, by its own calendar, and how full each is right now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from django.db.models import Count, Q

from bookings.domain.lifecycle import Status
from bookings.models import SeatClaim, Show, Theatre


@dataclass(frozen=True, slots=True)
class ShowToday:
    """A show of today. Percentages are of all its seats; what is left of 100 is free."""

    show: Show
    local_start: datetime
    total: int
    sold: int
    held: int
    blocked: int
    phase: str

    @property
    def free(self) -> int:
        return max(0, self.total - self.sold - self.held - self.blocked)

    @property
    def widths(self) -> tuple[tuple[str, float], ...]:
        """The parts of its bar, in percent."""
        parts = (("sold", self.sold), ("held", self.held), ("blocked", self.blocked))
        return tuple((name, round(100 * count / self.total, 2)) for name, count in parts if count)


@dataclass(frozen=True, slots=True)
class TheatreToday:
    theatre: Theatre
    shows: Sequence[ShowToday]


def get_today(*, now: datetime) -> list[TheatreToday]:
    """The shows that begin today, by theatre and time."""
    wanted = Q(pk__in=[])
    theatres = list(Theatre.objects.all())
    for theatre in theatres:
        zone = ZoneInfo(theatre.time_zone)
        midnight = datetime.combine(now.astimezone(zone), time(), zone)
        wanted |= Q(screen__theatre=theatre, starts_at__gte=midnight, starts_at__lt=midnight + timedelta(days=1))
    shows = list(
        Show.objects.filter(wanted)
        .select_related("movie", "screen__theatre", "layout")
        .defer("movie__poster", "movie__synopsis", "layout__source")
        .order_by("screen__theatre__city", "screen__theatre__name", "screen__theatre", "starts_at", "id")
    )
    counts = _counts(shows)
    lines = [_line(show, counts.get(show.pk, (0, 0, 0)), now) for show in shows]
    return [
        TheatreToday(theatre, list(group))
        for theatre, group in groupby(lines, key=lambda line: line.show.screen.theatre)
    ]


def _counts(shows: Sequence[Show]) -> dict[int, tuple[int, int, int]]:
    claims = (
        SeatClaim.objects.filter(show__in=[show.pk for show in shows], released_at__isnull=True)
        .order_by()
        .values_list("show_id")
        .annotate(
            sold=Count("id", filter=Q(booking__status=Status.CONFIRMED.value)),
            held=Count("id", filter=Q(booking__status=Status.PENDING.value)),
            blocked=Count("id", filter=Q(kind=SeatClaim.Kind.BLOCK)),
        )
    )
    return {show: (sold, held, blocked) for show, sold, held, blocked in claims}


def _line(show: Show, counts: tuple[int, int, int], now: datetime) -> ShowToday:
    sold, held, blocked = counts
    phase = "over" if show.ends_at <= now else "on" if show.starts_at <= now else "to come"
    return ShowToday(
        show=show,
        local_start=show.starts_at.astimezone(ZoneInfo(show.screen.theatre.time_zone)),
        total=len(show.layout.seats),
        sold=sold,
        held=held,
        blocked=blocked,
        phase=phase if show.status == Show.Status.OPEN else show.status,
    )
