"""Screens in Django's admin: what they are and where, when they were last seen, and what staff may tell them.

Translates only: boards/devices.py decides and writes, boards/line.py makes it quick. Screens are added where their
code is entered (/staff/screens/pair/), never here.
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from asgiref.sync import async_to_sync
from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from bookings.api import BadRequest, list_theatres
from realtime.boards.devices import ScreenSettings, Wishes, change_screen, reload_screens, revoke_screens, settings_of
from realtime.boards.line import nudge
from realtime.models import Device

if TYPE_CHECKING:
    # Django's classes take a type for the checker only; at run time they cannot be subscripted.
    AdminOfDevice = admin.ModelAdmin[Device]
    FormOfDevice = forms.ModelForm[Device]
else:
    from unfold.admin import ModelAdmin as AdminOfDevice

    FormOfDevice = forms.ModelForm

MAY_PAIR: Final = "realtime.pair_screens"
# A connected screen is noted every 30 s, looked at every 4: after two of those it is not there.
CONNECTED_WITHIN: Final = timedelta(seconds=70)

SEEN: Final = ("state", "last_seen_at", "version", "paired_at", "paired_by", "revoked_at")


class DeviceForm(FormOfDevice):
    """A screen's name and place, and its settings one by one."""

    theme = forms.ChoiceField(choices=[("dark", "Dark"), ("light", "Light")])
    language = forms.ChoiceField(choices=[("en", "English"), ("hi", "Hindi")])
    night_from = forms.CharField(required=False, max_length=5, help_text="HH:MM by the theatre’s clock, or empty.")
    night_to = forms.CharField(required=False, max_length=5)

    class Meta:
        model = Device
        fields = ["name", "kind", "theatre_slug", "screen_name"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Not the model's free text: a screen hangs in a theatre that there is.
        self.fields["theatre_slug"] = forms.ChoiceField(
            label="Theatre", choices=[(each.slug, f"{each.name}, {each.city}") for each in list_theatres()]
        )
        look = settings_of(self.instance)
        for name in ScreenSettings.__slots__:
            self.initial[name] = getattr(look, name)

    def wishes(self) -> Wishes:
        """What staff says of the screen."""
        told = self.cleaned_data
        return Wishes(
            name=told["name"],
            kind=told["kind"],
            theatre_slug=told["theatre_slug"],
            screen_name=told["screen_name"],
            settings=ScreenSettings(**{name: told[name] for name in ScreenSettings.__slots__}),
        )

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                self.wishes().check()
            except BadRequest as refused:
                self.add_error(None, refused.detail)
        return told


@admin.register(Device)
class DeviceAdmin(AdminOfDevice):
    form = DeviceForm
    list_display = ["name", "kind", "place", "state", "last_seen_at", "version", "paired_at"]
    list_filter = ["kind", "theatre_slug"]
    search_fields = ["name", "theatre_slug", "screen_name"]
    readonly_fields = SEEN
    fieldsets = [
        (None, {"fields": ["name", "kind", "theatre_slug", "screen_name"]}),
        ("Look", {"fields": ["theme", "language", "night_from", "night_to"]}),
        ("Seen", {"fields": SEEN}),
    ]
    actions = ["reload_pages", "revoke"]

    @admin.display
    def place(self, device: Device) -> str:
        return f"{device.theatre_slug} · {device.screen_name or 'lobby'}"

    @admin.display
    def state(self, device: Device) -> str:
        if device.revoked_at is not None:
            return "revoked"
        seen = device.last_seen_at
        now = timezone.now()  # noqa: TID251  (views read the clock)
        return "connected" if seen is not None and now - seen < CONNECTED_WITHIN else "not connected"

    @admin.action(description="Load the pages of the chosen screens anew", permissions=["pair"])
    def reload_pages(self, request: HttpRequest, chosen: QuerySet[Device]) -> None:
        ids = list(chosen.values_list("pk", flat=True))
        count = reload_screens(ids)
        async_to_sync(nudge)(ids)
        self.message_user(request, f"{count} told; a screen that is away is told when it comes back.")

    @admin.action(description="Revoke the chosen screens", permissions=["pair"])
    def revoke(self, request: HttpRequest, chosen: QuerySet[Device]) -> None:
        ids = list(chosen.values_list("pk", flat=True))
        count = revoke_screens(ids, now=timezone.now())  # noqa: TID251  (views read the clock)
        async_to_sync(nudge)(ids)
        self.message_user(request, f"{count} revoked. They go dark within five seconds.", messages.WARNING)

    def save_model(self, request: HttpRequest, obj: Device, form: Any, change: bool) -> None:  # noqa: FBT001
        """Save through the service, and tell the screen."""
        change_screen(obj.pk, form.wishes())
        async_to_sync(nudge)([obj.pk])

    # --- who may

    def has_pair_permission(self, request: HttpRequest) -> bool:
        """What Django asks for the actions above."""
        return request.user.has_perm(MAY_PAIR)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Device | None = None) -> bool:
        return request.user.has_perm(MAY_PAIR)

    def has_delete_permission(self, request: HttpRequest, obj: Device | None = None) -> bool:
        return False
