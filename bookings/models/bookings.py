"""Bookings and the seats they claim: the proof of who owns a seat (design: PostgreSQL is the proof).

The hot path writes these tables with SQL of its own (bookings/services/sql); the models are their definition
and the ORM's view of them.
"""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Cast, Lower, Now, Right

from bookings.domain.lifecycle import RefundState, Status
from bookings.models.catalogue import Show

# Bookings that somebody may ask about later: those that were held and let go are a hundred times as many.
KEPT = Q(status__in=[Status.CONFIRMED.value, Status.CANCELLED.value])


class Booking(models.Model):
    """A customer's claim on seats of one show. `id` (a UUIDv7) is also the token of its Redis locks."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    show = models.ForeignKey(Show, on_delete=models.PROTECT, related_name="bookings")
    holder = models.CharField(max_length=64)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    status = models.CharField(
        max_length=12, choices=[(s.value, s.value) for s in Status], default=Status.PENDING.value
    )
    created_at = models.DateTimeField(db_default=Now())
    # The deadline, decided once by the first seat: the lesser of Redis's number and this clock's own.
    expires_at = models.DateTimeField()
    # Set when the seats are frozen for payment.
    checkout_at = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    cancel_reason = models.CharField(max_length=40, blank=True, db_default="")
    # Who pays, as asked at checkout; empty before it.
    buyer_name = models.CharField(max_length=100, blank=True, db_default="")
    buyer_email = models.CharField(max_length=254, blank=True, db_default="")
    buyer_phone = models.CharField(max_length=20, blank=True, db_default="")
    # Where the buyer's money is once it is not with the cinema: payments say so, everyone else reads it.
    refund = models.CharField(
        max_length=8, choices=[(r.value, r.value) for r in RefundState], blank=True, db_default=""
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["show", "holder"],
                condition=Q(status="pending"),
                name="one_pending_booking_per_holder",
            ),
        ]
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(status="pending"), name="booking_pending_deadline"),
            models.Index(fields=["holder", "show", "created_at"], name="booking_holder_history"),
            # How staff look a booking up: the code on its ticket, its mail. Not for holds, which stay as quick.
            models.Index(Right(Cast("id", models.TextField()), 8), condition=KEPT, name="booking_short_code"),
            models.Index(Lower("buyer_email"), condition=KEPT, name="booking_buyer_mail"),
        ]

    def __str__(self) -> str:
        return f"{self.id} ({self.status})"


class SeatClaim(models.Model):
    """One seat claimed by a booking, or blocked by the cinema. At most one live claim a seat, ever."""

    class Kind(models.TextChoices):
        BOOKING = "booking"
        BLOCK = "block"

    show = models.ForeignKey(Show, on_delete=models.PROTECT, related_name="claims")
    seat_index = models.SmallIntegerField()
    kind = models.CharField(max_length=8, choices=Kind.choices, db_default=Kind.BOOKING.value)
    booking = models.ForeignKey(Booking, null=True, blank=True, on_delete=models.PROTECT, related_name="claims")
    reason = models.CharField(max_length=120, blank=True, db_default="")
    # The price when the seat was taken; the amount of a booking is the sum over its live claims.
    price_paise = models.IntegerField(db_default=0)
    claimed_at = models.DateTimeField(db_default=Now())
    released_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["show", "seat_index"],
                condition=Q(released_at__isnull=True),
                name="one_live_claim_per_seat",
            ),
            models.CheckConstraint(
                condition=Q(kind="block", booking__isnull=True) | Q(kind="booking", booking__isnull=False),
                name="claim_belongs_to_a_booking_or_blocks",
            ),
        ]

    def __str__(self) -> str:
        return f"show {self.show_id} seat {self.seat_index} ({self.kind})"


class IdempotencyRecord(models.Model):
    """A stored reply: the same (holder, operation, key) is answered with it for 24 h."""

    holder = models.CharField(max_length=64)
    operation = models.CharField(max_length=40)
    key = models.CharField(max_length=255)
    request_sha256 = models.BinaryField(max_length=32)
    reply = models.JSONField()
    created_at = models.DateTimeField(db_default=Now(), db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["holder", "operation", "key"], name="idempotency_key_once"),
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.key}"


class PicturePending(models.Model):
    """A change of claims that Redis may not show yet; deleted once its script has succeeded.

    `fence` is the number drawn by the transaction. Rows older than 5 s are applied again by the relay.
    """

    fence = models.BigIntegerField(primary_key=True)
    show = models.ForeignKey(Show, on_delete=models.CASCADE, related_name="+")
    seats = models.JSONField()
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"fence {self.fence} of show {self.show_id}"


class OutboxEvent(models.Model):
    """What happened, for other apps: written in the transaction that made it so, handled at least once."""

    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=120, unique=True)
    payload = models.JSONField()
    created_at = models.DateTimeField(db_default=Now())
    next_at = models.DateTimeField(db_default=Now(), db_index=True)
    tries = models.PositiveIntegerField(db_default=0)
    done_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
