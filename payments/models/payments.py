"""Orders, payments and refunds as we know them, and the inbox of Razorpay's webhooks.

Staff may look at all of it and edit none: what they do about money are acts of services/staff.py.
"""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from payments.domain.facts import Rank, Resolution
from payments.domain.refunds import RefundStatus


class Order(models.Model):
    """What a buyer was asked to pay. Every order ever made for a booking is kept: an old tab may still pay it."""

    class State(models.TextChoices):
        CREATING = "creating"  # a call to Razorpay is on its way, or was lost on it
        CREATED = "created"
        FAILED = "failed"

    booking = models.ForeignKey("bookings.Booking", on_delete=models.PROTECT, related_name="orders")
    # Empty until Razorpay has named it.
    razorpay_id = models.CharField(max_length=40, null=True, blank=True, unique=True)
    amount_paise = models.BigIntegerField()
    currency = models.CharField(max_length=3, db_default="INR")
    state = models.CharField(max_length=8, choices=State.choices, db_default=State.CREATING.value)
    # Whoever is creating it has until then; after that somebody else looks it up by its receipt.
    lease_until = models.DateTimeField()
    tries = models.PositiveIntegerField(db_default=1)
    # When its payments are looked up next, webhook or not; empty: never again.
    poll_at = models.DateTimeField(null=True, blank=True, db_index=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["booking"], condition=~Q(state="failed"), name="one_usable_order_per_booking"
            ),
            models.CheckConstraint(condition=Q(amount_paise__gte=100), name="order_is_at_least_one_rupee"),
        ]

    def __str__(self) -> str:
        return self.razorpay_id or f"order of {self.booking_id} ({self.state})"


class Payment(models.Model):
    """A payment of Razorpay's with all that was said of it, merged upward, and what we decided."""

    id = models.CharField(max_length=40, primary_key=True)
    # As Razorpay names it; `booking` is empty while that order is nobody's.
    order_id = models.CharField(max_length=40, blank=True, db_index=True)
    booking = models.ForeignKey(
        "bookings.Booking", null=True, blank=True, on_delete=models.PROTECT, related_name="payments"
    )
    amount_paise = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    rank = models.SmallIntegerField(choices=[(r.value, r.name.lower()) for r in Rank])
    amount_refunded_paise = models.BigIntegerField(db_default=0)
    resolution = models.CharField(
        max_length=10, choices=[(r.value, r.value) for r in Resolution], db_default=Resolution.NONE.value
    )
    # Why money goes back (decide.Why), or what a person must look at.
    reason = models.CharField(max_length=200, blank=True, db_default="")
    booking_note = models.CharField(max_length=64, blank=True, db_default="")
    method = models.CharField(max_length=20, blank=True, db_default="")
    error_code = models.CharField(max_length=60, blank=True, db_default="")
    error_detail = models.CharField(max_length=300, blank=True, db_default="")
    fee_paise = models.BigIntegerField(null=True, blank=True)
    razorpay_created_at = models.DateTimeField(null=True, blank=True)
    first_seen_at = models.DateTimeField(db_default=Now())

    class Meta:
        default_permissions = ("view",)
        permissions = [("refund_payment", "Can give money back and settle open money")]
        constraints = [
            models.UniqueConstraint(
                fields=["booking"], condition=Q(resolution="applied"), name="one_applied_payment_per_booking"
            ),
            models.CheckConstraint(
                condition=~Q(resolution="applied") | Q(booking__isnull=False), name="applied_payment_has_a_booking"
            ),
        ]
        indexes = [
            models.Index(
                fields=["first_seen_at"],
                condition=Q(rank__in=[2, 3], resolution="none"),
                name="payment_undecided",
            ),
        ]

    def __str__(self) -> str:
        return self.id


class Refund(models.Model):
    """Money on its way back. One row an attempt; the key makes a repeated request the same refund."""

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    # None for a refund that somebody made in Razorpay's dashboard.
    attempt = models.PositiveIntegerField(null=True, blank=True)
    idempotency_key = models.CharField(max_length=60, unique=True)
    razorpay_id = models.CharField(max_length=40, null=True, blank=True, unique=True)
    amount_paise = models.BigIntegerField()
    status = models.CharField(max_length=10, choices=[(s.value, s.value) for s in RefundStatus])
    reason = models.CharField(max_length=60, blank=True, db_default="")
    detail = models.CharField(max_length=300, blank=True, db_default="")
    created_at = models.DateTimeField(db_default=Now())
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["payment", "attempt"], name="one_refund_per_attempt"),
            models.CheckConstraint(condition=Q(amount_paise__gt=0), name="refund_is_of_some_money"),
        ]

    def __str__(self) -> str:
        return self.razorpay_id or self.idempotency_key


class WebhookEvent(models.Model):
    """An event as it came, kept before Razorpay is told 200. The digest knows it again: its id is not signed."""

    body_sha256 = models.BinaryField(max_length=32, unique=True)
    event_id = models.CharField(max_length=64, blank=True)
    event = models.CharField(max_length=60, blank=True)
    body = models.BinaryField()
    received_at = models.DateTimeField(db_default=Now())
    processed_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveIntegerField(db_default=0)
    error = models.CharField(max_length=300, blank=True, db_default="")

    class Meta:
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["received_at"], condition=Q(processed_at__isnull=True), name="webhook_unprocessed"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.event_id}"
