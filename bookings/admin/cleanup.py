"""Runs of clean-up, to be read: when, who asked, and what went."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.http import HttpRequest

from bookings.domain.cleanup import removed_words
from bookings.models import CleanupRun
from bookings.services.cleanup.rules import all_rules

if TYPE_CHECKING:
    # Django's class takes a type for the checker only; at run time it cannot be subscripted.
    AdminOfRun = admin.ModelAdmin[CleanupRun]
else:
    from unfold.admin import ModelAdmin as AdminOfRun


@admin.register(CleanupRun)
class CleanupRunAdmin(AdminOfRun):
    list_display = ["started_at", "finished_at", "asked_by", "what_went"]
    list_filter = ["asked_by"]
    date_hierarchy = "started_at"
    fields = ["started_at", "finished_at", "asked_by", "what_went"]
    readonly_fields = ["what_went"]

    @admin.display(description="removed")
    def what_went(self, run: CleanupRun) -> str:
        return removed_words(run.removed, {rule.name: rule.words for rule in all_rules()})

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: CleanupRun | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: CleanupRun | None = None) -> bool:
        return False
