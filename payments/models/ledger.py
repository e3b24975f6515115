"""What happened to money and who did what by hand: rows that are only ever added (a trigger says so)."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class LedgerEntry(models.Model):
    """One movement of money as the house knows it. `amount_paise` is signed: + to the cinema, − back to the buyer."""

    class Kind(models.TextChoices):
        CAPTURED = "captured"
        REFUNDED = "refunded"

    # payment and kind (and refund) once: a fact that is told again is not booked again.
    key = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    payment = models.ForeignKey("payments.Payment", on_delete=models.PROTECT, related_name="entries")
    booking = models.ForeignKey("bookings.Booking", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    amount_paise = models.BigIntegerField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        default_permissions = ("view",)
        verbose_name_plural = "ledger entries"

    def __str__(self) -> str:
        return self.key


class AuditEntry(models.Model):
    """What a member of staff did with somebody's money, and why."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    action = models.CharField(max_length=40)
    booking = models.ForeignKey("bookings.Booking", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    payment = models.ForeignKey("payments.Payment", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    amount_paise = models.BigIntegerField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True, db_default="")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        default_permissions = ("view",)
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.action} {self.at:%Y-%m-%d %H:%M}"
