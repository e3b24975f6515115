"""What staff did, and what they started that takes a while: rows of acts are only ever added (a trigger says so).

Acts on money have a table of their own (payments), and what is done in the catalogue is in Django's own log;
selectors/staff_log.py reads all of them as one.
"""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from bookings.models.catalogue import Show


class StaffAct(models.Model):
    """What a member of staff did to seats, shows or other people's bookings, and why."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    action = models.CharField(max_length=40)
    show = models.ForeignKey(Show, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    # To what, in words: the seats, the number of shows.
    subject = models.CharField(max_length=300, blank=True, db_default="")
    reason = models.CharField(max_length=300, blank=True, db_default="")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        default_permissions = ("view",)
        indexes = [models.Index(fields=["at"], name="staff_act_at")]
        # What staff may do beside editing rows. They stand here, as an act of each kind is a row of this table.
        permissions = [
            ("block_seats", "Can take seats off sale and put them back"),
            ("cancel_booking", "Can cancel a booking by its theatre's policy"),
            ("cancel_show", "Can cancel a show with all its bookings"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.at:%Y-%m-%d %H:%M}"


class StaffJob(models.Model):
    """The cancelling of a show, done by the worker: one for a show, ever.

    `done` counts in the transaction that ends the bookings, so it is exact after a kill at any point.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"

    show = models.OneToOneField(Show, on_delete=models.PROTECT, related_name="cancelling")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300)
    state = models.CharField(max_length=8, choices=State.choices, db_default=State.WAITING.value)
    # Live bookings when it began; a hold that was under way then may still be added to what is done.
    of = models.PositiveIntegerField()
    done = models.PositiveIntegerField(db_default=0)
    # Runs that failed, and what the last one said; the outbox tries again.
    failed = models.PositiveIntegerField(db_default=0)
    error = models.CharField(max_length=300, blank=True, db_default="")
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ("view",)
        ordering = ["-id"]
        verbose_name = "cancelled show"

    def __str__(self) -> str:
        return f"{self.show}: {self.state}"
