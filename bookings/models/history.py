"""What happened to every seat, in order: rows that triggers write and nothing rewrites.

The triggers are migrations/sql/seat_history.sql; what the words mean is domain/seat_history.py.
"""

from django.db import models
from django.db.models.functions import Now

from bookings.domain.seat_history import EventKind
from bookings.models.catalogue import Show


class SeatEvent(models.Model):
    """One thing that happened to one seat of a show. It outlives the booking it tells of, so no key ties it."""

    show = models.ForeignKey(Show, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    seat_index = models.SmallIntegerField()
    booking_id = models.UUIDField(null=True, blank=True)
    holder = models.CharField(max_length=64, blank=True)
    event = models.CharField(max_length=16, choices=[(kind.value, kind.value) for kind in EventKind])
    at = models.DateTimeField(db_default=Now())
    price_paise = models.IntegerField(db_default=0)
    reason = models.CharField(max_length=120, blank=True)

    class Meta:
        default_permissions = ("view",)
        verbose_name_plural = "seat history"
        indexes = [models.Index(fields=["show", "seat_index", "id"], name="seat_event_history")]

    def __str__(self) -> str:
        return f"show {self.show_id} seat {self.seat_index}: {self.event}"
