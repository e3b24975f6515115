"""Theatres, screens and their layouts, movies and shows: what is on, where and when.

Who sits where is not here (models/bookings.py).
"""

from django.db import models
from django.db.models import F, Q


class Theatre(models.Model):
    """A cinema building. `time_zone` is an IANA name; every date people read is in it."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    city = models.CharField(max_length=80, db_index=True)
    address = models.CharField(max_length=240, blank=True)
    time_zone = models.CharField(max_length=64, default="Asia/Kolkata")

    class Meta:
        ordering = ["city", "name"]

    def __str__(self) -> str:
        return f"{self.name}, {self.city}"


class Screen(models.Model):
    """An auditorium of a theatre."""

    theatre = models.ForeignKey(Theatre, on_delete=models.PROTECT, related_name="screens")
    name = models.CharField(max_length=80)

    class Meta:
        ordering = ["theatre", "name"]
        constraints = [models.UniqueConstraint(fields=["theatre", "name"], name="screen_name_once_per_theatre")]

    def __str__(self) -> str:
        return f"{self.theatre.name} · {self.name}"


class Layout(models.Model):
    """One revision of a screen's seats. Never changed once a show pins it: a new file is a new revision.

    `source` is the text grid as imported; `seats` is the list that bookings.domain.layout.parse_layout made
    of it, in index order: {index, label, row, number, x, y, kind, category}.
    """

    screen = models.ForeignKey(Screen, on_delete=models.PROTECT, related_name="layouts")
    revision = models.PositiveIntegerField()
    source = models.TextField()
    seats = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["screen", "-revision"]
        constraints = [models.UniqueConstraint(fields=["screen", "revision"], name="layout_revision_once_per_screen")]

    def __str__(self) -> str:
        return f"{self.screen} · revision {self.revision} ({len(self.seats)} seats)"


class Movie(models.Model):
    """A film. `poster` is an SVG drawn by us, kept as text."""

    class Certificate(models.TextChoices):
        # With a label each: Django would make "Ua13" of the name.
        U = "U", "U"
        UA7 = "UA 7+", "UA 7+"
        UA13 = "UA 13+", "UA 13+"
        UA16 = "UA 16+", "UA 16+"
        A = "A", "A"

    slug = models.SlugField(unique=True)
    title = models.CharField(max_length=160)
    certificate = models.CharField(max_length=8, choices=Certificate.choices)
    language = models.CharField(max_length=40)
    duration_minutes = models.PositiveSmallIntegerField()
    genre = models.CharField(max_length=80, blank=True)
    synopsis = models.TextField(blank=True)
    poster = models.TextField(blank=True)

    class Meta:
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title


class Show(models.Model):
    """One screening of a movie. Pins a layout revision, so seat indexes never move during its life.

    `prices` maps category to integer paise. Seats are on sale while `status` is open and the clock is in
    [sales_open_at, sales_close_at).
    """

    class Status(models.TextChoices):
        OPEN = "open"
        CLOSED = "closed"
        CANCELLED = "cancelled"

    movie = models.ForeignKey(Movie, on_delete=models.PROTECT, related_name="shows")
    screen = models.ForeignKey(Screen, on_delete=models.PROTECT, related_name="shows")
    layout = models.ForeignKey(Layout, on_delete=models.PROTECT, related_name="shows")
    starts_at = models.DateTimeField(db_index=True)
    ends_at = models.DateTimeField()
    sales_open_at = models.DateTimeField()
    sales_close_at = models.DateTimeField()
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.OPEN)
    prices = models.JSONField()

    class Meta:
        ordering = ["starts_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="show_ends_after_it_starts"),
            models.CheckConstraint(
                condition=Q(sales_close_at__gt=F("sales_open_at")), name="show_sales_close_after_they_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.movie} · {self.screen} · {self.starts_at:%Y-%m-%d %H:%M}Z"


__all__ = ["Layout", "Movie", "Screen", "Show", "Theatre"]
