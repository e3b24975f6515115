"""Pairing screens and what staff does with them: rows in PostgreSQL, which every process looks at (line.py).

A screen's secret is made here once, handed to the screen, and kept as a hash: it is the pairing's secret first and
the device's token after, so nothing secret travels when staff enters the code. The clock is an argument.
"""

import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from django.db import IntegrityError, transaction
from django.db.models import F, Window
from django.db.models.functions import RowNumber

from bookings.api import BadRequest, RateLimited, list_screens, list_theatres
from realtime.models import Device, Pairing

Theme = Literal["dark", "light"]
Language = Literal["en", "hi"]

# Without I, O, B, S, Z, G, Q, U and V: they look like 1, 0, 8, 5, 2, 6, O and each other from six metres.
CODE_LETTERS: Final = "ACDEFHJKLMNPRTWXY"
CODE_LENGTH: Final = 6
CODE_SECONDS: Final = 600
# Of 24 million codes; a mistyped one then meets a stranger's screen once in 50,000 times.
PAIRINGS_MAX: Final = 500
CODE_TRIES_MAX: Final = 5
TOKEN_BYTES: Final = 32
TOKEN_CHARS_MAX: Final = 128
VERSION_CHARS_MAX: Final = 32
HOUSEHOLD_CHARS_MAX: Final = 64
# "Last seen" is for people: once in so long is enough.
SEEN_EVERY: Final = timedelta(seconds=30)
_TIME: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


class UnknownCode(Exception):
    """No screen shows this code now: it was mistyped, has run out, or is paired already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenSettings:
    """How a screen looks. Night hours are HH:MM by the theatre's clock; both empty: it is never dimmed."""

    theme: Theme = "dark"
    language: Language = "en"
    night_from: str = ""
    night_to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What staff says of a screen."""

    name: str
    kind: Literal["board", "door"]
    theatre_slug: str
    screen_name: str = ""
    settings: ScreenSettings = ScreenSettings()

    def check(self) -> None:
        """Raises BadRequest, in words for staff."""
        if not self.name.strip():
            raise BadRequest("Give the screen a name.")
        if self.theatre_slug not in {theatre.slug for theatre in list_theatres()}:
            raise BadRequest("There is no such theatre.")
        if self.kind == "door" and self.screen_name not in list_screens(self.theatre_slug):
            raise BadRequest("A door display hangs at a screen of its theatre: choose one.")
        night = (self.settings.night_from, self.settings.night_to)
        if any(night) and not (all(map(_TIME.fullmatch, night)) and night[0] != night[1]):
            raise BadRequest("Night hours are two times of day, such as 23:30 and 07:00, or none.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """A paired screen as it is now."""

    id: int
    name: str
    kind: Literal["board", "door"]
    theatre_slug: str
    screen_name: str
    settings: ScreenSettings
    reloads: int
    revoked: bool


@dataclass(frozen=True, slots=True)
class NewPairing:
    """What a screen is given to be paired: a code to show, a secret to keep."""

    code: str
    secret: str
    expires_ms: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """A screen whose code has not been entered yet."""

    expires_ms: int


# --- a screen that is not paired


def begin_pairing(*, household: str, now: datetime) -> NewPairing:
    """A code that stands for ten minutes, for a screen at this household's address.

    When too many wait, the oldest code goes of whoever has the most: nobody can keep a screen elsewhere from being
    paired. A screen whose code has gone asks for another.
    """
    Pairing.objects.filter(expires_at__lte=now).delete()
    secret = secrets.token_urlsafe(TOKEN_BYTES)
    expires_at = now + timedelta(seconds=CODE_SECONDS)
    for _ in range(CODE_TRIES_MAX):
        code = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
        try:
            with transaction.atomic():
                Pairing.objects.create(
                    code=code,
                    secret_hash=_hash(secret),
                    household=household[:HOUSEHOLD_CHARS_MAX],
                    expires_at=expires_at,
                )
        except IntegrityError:
            continue  # somebody shows this code already
        _drop_too_many()
        return NewPairing(code, secret, round(expires_at.timestamp() * 1000))
    raise RateLimited("No code could be found. Try again.", retry_after_ms=1000)


def _drop_too_many() -> None:
    nth_newest = Window(RowNumber(), partition_by="household", order_by=["-expires_at", "-pk"])
    fairest_first = Pairing.objects.annotate(nth=nth_newest).order_by("nth", "-expires_at", "-pk")
    Pairing.objects.filter(pk__in=list(fairest_first.values_list("pk", flat=True)[PAIRINGS_MAX:])).delete()


def look_up(token: str, *, now: datetime) -> Screen | Waiting | None:
    """Where the bearer of this secret stands: paired (perhaps revoked), waiting, or unknown here."""
    if screen := screen_of(token):
        return screen
    pairing = Pairing.objects.filter(secret_hash=_hash(token), expires_at__gt=now).first()
    return Waiting(round(pairing.expires_at.timestamp() * 1000)) if pairing else None


def pair_screen(code: str, wishes: Wishes, *, by: int, now: datetime) -> Screen:
    """The screen that shows this code becomes a device; `by` is the id of who entered it.

    Raises BadRequest, UnknownCode.
    """
    wishes.check()
    with transaction.atomic():
        waiting = Pairing.objects.select_for_update().filter(code=_letters(code), expires_at__gt=now).first()
        if waiting is None:
            raise UnknownCode(code)
        device = Device.objects.create(
            **_columns(wishes), token_hash=waiting.secret_hash, paired_at=now, paired_by_id=by
        )
        waiting.delete()
    return _screen(device)


# --- a paired screen


def screen_of(token: str) -> Screen | None:
    """The screen that has this token, revoked ones too."""
    if not token or len(token) > TOKEN_CHARS_MAX:
        return None
    device = Device.objects.filter(token_hash=_hash(token)).first()
    return _screen(device) if device else None


def screens_by_id(ids: Iterable[int]) -> dict[int, Screen]:
    """These screens as they are now, in one statement; one that was deleted is missing."""
    return {device.pk: _screen(device) for device in Device.objects.filter(pk__in=list(ids))}


def note_seen(ids: Iterable[int], *, now: datetime) -> None:
    """These screens are connected."""
    Device.objects.filter(pk__in=list(ids)).exclude(last_seen_at__gt=now - SEEN_EVERY).update(last_seen_at=now)


def note_arrival(device_id: int, *, version: str, now: datetime) -> None:
    """A screen has connected, with this version of its page."""
    Device.objects.filter(pk=device_id).update(last_seen_at=now, version=version[:VERSION_CHARS_MAX])


# --- what staff does. Whoever calls tells the line afterwards (line.nudge), which makes it quick, not true


def change_screen(device_id: int, wishes: Wishes) -> None:
    """Another name, place or look. Raises BadRequest."""
    wishes.check()
    Device.objects.filter(pk=device_id).update(**_columns(wishes))


def reload_screens(ids: Iterable[int]) -> int:
    """Their pages load anew, now or when they come back. Returns how many there are."""
    return Device.objects.filter(pk__in=list(ids), revoked_at=None).update(reloads=F("reloads") + 1)


def revoke_screens(ids: Iterable[int], *, now: datetime) -> int:
    """Their tokens are worth nothing any more. Returns how many were worth something."""
    return Device.objects.filter(pk__in=list(ids), revoked_at=None).update(revoked_at=now)


def settings_of(device: Device) -> ScreenSettings:
    """How a stored screen looks; what an older release did not store is as usual."""
    known = {name: device.settings[name] for name in ScreenSettings.__slots__ if name in device.settings}
    return ScreenSettings(**known)


def _columns(wishes: Wishes) -> dict[str, Any]:
    return {
        "name": wishes.name.strip(),
        "kind": wishes.kind,
        "theatre_slug": wishes.theatre_slug,
        "screen_name": wishes.screen_name if wishes.kind == "door" else "",
        "settings": asdict(wishes.settings),
    }


def _screen(device: Device) -> Screen:
    kind: Literal["board", "door"] = "door" if device.kind == Device.Kind.DOOR else "board"
    return Screen(
        id=device.pk,
        name=device.name,
        kind=kind,
        theatre_slug=device.theatre_slug,
        screen_name=device.screen_name,
        settings=settings_of(device),
        reloads=device.reloads,
        revoked=device.revoked_at is not None,
    )


def _letters(code: str) -> str:
    return re.sub(r"[^A-Z]", "", code.upper())


def _hash(token: str) -> str:
    # A token of 256 random bits needs no salt and no slow hash: there is nothing to guess.
    return hashlib.sha256(token.encode()).hexdigest()
