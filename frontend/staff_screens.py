"""Pairing a screen: staff types the code that it shows, and says what it is. Needs `realtime.pair_screens`."""

from datetime import datetime
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from bookings import api as bookings
from realtime import api as realtime

MAY_PAIR: Final = "realtime.pair_screens"
LOBBY: Final = ""
PLACE_SEPARATOR: Final = "/"


def places() -> list[tuple[str, list[tuple[str, str]]]]:
    """Where a screen may hang, by theatre: its lobby, or the door of one of its screens."""
    return [
        (
            f"{theatre.name}, {theatre.city}",
            [
                (f"{theatre.slug}{PLACE_SEPARATOR}{LOBBY}", f"Lobby board, {theatre.name}"),
                *(
                    (f"{theatre.slug}{PLACE_SEPARATOR}{screen}", f"Door of {screen}, {theatre.name}")
                    for screen in bookings.list_screens(theatre.slug)
                ),
            ],
        )
        for theatre in bookings.list_theatres()
    ]


class PairForm(forms.Form):
    """The code, and what the screen is."""

    code = forms.CharField(
        max_length=16,
        label="Code on the screen",
        error_messages={"required": "Type the letters that the screen shows."},
        widget=forms.TextInput(attrs={"autocapitalize": "characters", "autocomplete": "off", "spellcheck": "false"}),
    )
    name = forms.CharField(max_length=80, error_messages={"required": "Give the screen a name."})
    place = forms.ChoiceField(label="Where it hangs")
    theme = forms.ChoiceField(choices=[("dark", "Dark"), ("light", "Light")], initial="dark")
    language = forms.ChoiceField(choices=[("en", "English"), ("hi", "हिन्दी (Hindi)")], initial="en")
    night_from = forms.TimeField(label="Night from", required=False, widget=forms.TimeInput(attrs={"type": "time"}))
    night_to = forms.TimeField(label="until", required=False, widget=forms.TimeInput(attrs={"type": "time"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        place: Any = self.fields["place"]
        place.choices = places()

    def of_the_screen(self) -> list[forms.BoundField]:
        """The fields that say which screen it is, and where."""
        return [self["code"], self["name"], self["place"]]

    def of_its_look(self) -> list[forms.BoundField]:
        """The fields that stand side by side."""
        return [self["theme"], self["language"], self["night_from"], self["night_to"]]

    def wishes(self) -> realtime.Wishes:
        """What staff says of the screen."""
        told = self.cleaned_data
        theatre, _, screen = told["place"].partition(PLACE_SEPARATOR)
        return realtime.Wishes(
            name=told["name"],
            kind="door" if screen else "board",
            theatre_slug=theatre,
            screen_name=screen,
            settings=realtime.ScreenSettings(
                theme=told["theme"],
                language=told["language"],
                night_from=_hh_mm(told["night_from"]),
                night_to=_hh_mm(told["night_to"]),
            ),
        )


@login_required
@permission_required(MAY_PAIR, raise_exception=True)
def pair_screen(request: HttpRequest) -> HttpResponse:
    """Ask, or pair. The screen that shows the code starts by itself."""
    form = PairForm(request.POST or None, initial={"code": request.GET.get("code", "")})
    if request.method == "POST" and form.is_valid():
        assert request.user.pk is not None, "who has a permission has an account"
        try:
            screen = realtime.pair_screen(form.cleaned_data["code"], form.wishes(), by=request.user.pk, now=_now())
        except realtime.UnknownCode:
            form.add_error("code", "No screen shows this code now. Look again: a code stands for ten minutes.")
        except bookings.BadRequest as refused:
            form.add_error(None, refused.detail)
        else:
            messages.success(request, f"{screen.name} is paired, and starts by itself.")
            return HttpResponseRedirect(reverse("frontend:pair-screen"))
    context = {"form": form, "code_length": realtime.CODE_LENGTH}
    return render(request, "frontend/staff/pair.html", context, status=200 if not form.errors else 422)


def _hh_mm(told: Any) -> str:
    return f"{told:%H:%M}" if told is not None else ""


def _now() -> datetime:
    return timezone.now()  # noqa: TID251  (views are where the clock is read)
