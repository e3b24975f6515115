"""Letters to buyers: what is to be sent, and what became of it."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Letter(models.Model):
    """One letter about one booking, sent once. What it says is written when it is sent, from how things are then.

    `sending` with its `next_at` past means that whoever sent it died in the middle. `overtaken`: what it was to say
    is no longer so (the booking was cancelled, the show has begun), and it is not sent.
    """

    class Kind(models.TextChoices):
        CONFIRMATION = "confirmation"
        CANCELLATION = "cancellation"
        REFUND = "refund"
        REMINDER = "reminder"

    class State(models.TextChoices):
        DUE = "due"
        SENDING = "sending"
        SENT = "sent"
        FAILED = "failed"
        OVERTAKEN = "overtaken"

    booking = models.ForeignKey("bookings.Booking", on_delete=models.CASCADE, related_name="letters")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    # Which of several of its kind: the state of a refund, and `again-2` where staff sent it a second time.
    reference = models.CharField(max_length=32, blank=True, db_default="")
    to = models.CharField(max_length=254)
    # The same for every try, so that a receiver knows a copy as one.
    message_id = models.CharField(max_length=255, unique=True)
    state = models.CharField(max_length=9, choices=State.choices, db_default=State.DUE.value)
    tries = models.PositiveIntegerField(db_default=0)
    # Tries of which nobody knows whether the server took the letter: a copy may have arrived.
    unclear = models.PositiveSmallIntegerField(db_default=0)
    # Its last try failed for the server's sake: it is due as soon as that one is there again, before `next_at`.
    waits_for_server = models.BooleanField(db_default=False)
    created_at = models.DateTimeField(db_default=Now())
    next_at = models.DateTimeField(db_default=Now())
    give_up_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    # Why the last try did not succeed, in the server's words or ours.
    last_error = models.CharField(max_length=500, blank=True, db_default="")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["booking", "kind", "reference"], name="letter_once"),
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False) | (~Q(state="sent") & Q(sent_at__isnull=True)),
                name="letter_sent_has_its_time",
            ),
        ]
        indexes = [
            models.Index(fields=["next_at"], condition=Q(state__in=["due", "sending"]), name="letter_due"),
            models.Index(fields=["id"], condition=Q(state="failed"), name="letter_failed"),
        ]
        default_permissions = ("view",)
        permissions = [("resend_letter", "Can send letters again")]

    def __str__(self) -> str:
        # Without the address: what a row is called stays in the admin's log when the row is gone.
        return f"{self.kind} letter {self.pk}"
