"""Tickets: one row for each seat of a confirmed booking, and when it let somebody in."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from bookings.models.bookings import Booking
from bookings.models.catalogue import Show


class Ticket(models.Model):
    """What lets one person in. Whether it still does follows from its booking and claim, never from this row alone.

    `nonce` is what its QR code carries, `code` the short form of it that people type. `admission_key` is the
    idempotency key of the scan that used it up. `revoked_at`: another ticket was made in its place.
    """

    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="tickets")
    show = models.ForeignKey(Show, on_delete=models.PROTECT, related_name="tickets")
    seat_index = models.SmallIntegerField()
    nonce = models.BinaryField(max_length=10)
    code = models.CharField(max_length=8)
    issued_at = models.DateTimeField(db_default=Now())
    admitted_at = models.DateTimeField(null=True, blank=True)
    gate = models.CharField(max_length=20, blank=True, db_default="")
    admitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    admission_key = models.CharField(max_length=255, blank=True, db_default="")
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["booking", "seat_index"], condition=Q(revoked_at__isnull=True), name="one_ticket_per_seat"
            ),
            models.UniqueConstraint(fields=["code", "show"], name="ticket_code_once_per_show"),
            # Also what finds the reply of a scan that comes again.
            models.UniqueConstraint(
                fields=["admitted_by", "admission_key"],
                condition=~Q(admission_key=""),
                name="scan_key_once_per_usher",
            ),
        ]
        permissions = [("check_in_tickets", "Can let people in at the door")]

    def __str__(self) -> str:
        return f"seat {self.seat_index} of booking {self.booking_id}"
