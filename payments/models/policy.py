"""How much a buyer gets back who cancels a confirmed booking; one row a theatre, else the house's defaults."""

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q

from payments.domain.refunds import DEFAULT_POLICY


class RefundPolicy(models.Model):
    """Full until `full_until_hours` before the show, then a share until `share_until_hours` before it, then none."""

    theatre = models.OneToOneField("bookings.Theatre", on_delete=models.CASCADE, related_name="refund_policy")
    full_until_hours = models.PositiveIntegerField(default=DEFAULT_POLICY.full_until_hours)
    share_until_hours = models.PositiveIntegerField(default=DEFAULT_POLICY.share_until_hours)
    share_percent = models.PositiveIntegerField(
        default=DEFAULT_POLICY.share_percent, validators=[MaxValueValidator(100)]
    )

    class Meta:
        verbose_name_plural = "refund policies"
        constraints = [
            models.CheckConstraint(condition=Q(share_percent__lte=100), name="refund_share_is_a_percentage"),
            models.CheckConstraint(
                condition=Q(share_until_hours__lte=F("full_until_hours")), name="refund_share_ends_after_full"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.theatre}: full until {self.full_until_hours} h before the show"
