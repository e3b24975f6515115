"""Reports that staff asked for, runs of clean-up, and the tally of what clean-up removed."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from bookings.domain.lifecycle import Status
from bookings.domain.reports import ReportState
from bookings.models.catalogue import Show


class Report(models.Model):
    """A report, from the question to the answer. `result` is what services/reports made; `progress` goes to 100."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=20, default="cinema")
    parameters = models.JSONField()
    state = models.CharField(
        max_length=8, choices=[(s.value, s.value) for s in ReportState], default=ReportState.QUEUED.value
    )
    progress = models.PositiveSmallIntegerField(default=0)
    # What it is at, or why it failed, in words.
    step = models.CharField(max_length=200, blank=True)
    result = models.JSONField(null=True, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    asked_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ()
        permissions = [("view_reports", "Can make and read reports")]

    def __str__(self) -> str:
        return f"{self.kind} {self.id} ({self.state})"


class PastHold(models.Model):
    """How many holds of a show began on a day and came to nothing, of those that clean-up has removed since.

    `day` is the theatre's. So the funnel of an old period stays what it was.
    """

    show = models.ForeignKey(Show, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    status = models.CharField(max_length=12, choices=[(s.value, s.value) for s in Status])
    was_checkout = models.BooleanField()
    holds = models.PositiveIntegerField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["show", "day", "status", "was_checkout"], name="past_holds_once"),
        ]

    def __str__(self) -> str:
        return f"{self.holds} {self.status} of show {self.show_id} on {self.day}"


class CleanupRun(models.Model):
    """One run of clean-up, by as many tasks as it takes.

    `removed` (rule → rows) and how far it has come are written with each page, so they are true also after a kill.
    """

    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)
    asked_by = models.CharField(max_length=20)
    removed = models.JSONField(default=dict)
    # The rule it is at, and the key it has come to there; '' when it is through with that rule.
    at_rule = models.CharField(max_length=40, blank=True, db_default="")
    at_key = models.CharField(max_length=64, blank=True, db_default="")

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"clean-up of {self.started_at:%Y-%m-%d %H:%M}"
