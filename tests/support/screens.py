"""Screens and the staff that pairs them, as each meets the house: over HTTP, with a code between them."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client

PAIR = "/staff/screens/pair/"
BEGIN = "/kiosk/screen/pairing/"
STATE = "/kiosk/screen/state/"


class UnpairedScreen:
    """A screen that asked for a code, from its address."""

    def __init__(self, address: str = "127.0.0.1") -> None:
        self._client = Client(REMOTE_ADDR=address)
        told = self._client.post(BEGIN)
        assert told.status_code == 201, told.content
        self.code: str = told.json()["code"]
        self.secret: str = told.json()["secret"]
        self.expires_ms: int = told.json()["expires_ms"]

    def look(self) -> tuple[int, dict[str, Any]]:
        """What has become of it."""
        return state_of(self.secret)


def state_of(secret: str) -> tuple[int, dict[str, Any]]:
    """What the house says to the bearer of a secret."""
    reply = Client().get(STATE, headers={"Authorization": f"Bearer {secret}"})
    return reply.status_code, reply.json()


def staff(*permissions: str, name: str = "manager") -> Client:
    """The browser of somebody of the staff with these permissions."""
    user = get_user_model().objects.create_user(username=name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def form(code: str, place: str, **changes: str) -> dict[str, str]:
    """What staff fills in: a lobby board `slug/`, or a door `slug/Audi 1`."""
    return {
        "code": code,
        "name": "Left of the stairs",
        "place": place,
        "theme": "dark",
        "language": "en",
        "night_from": "",
        "night_to": "",
        **changes,
    }


def pair(place: str, **changes: str) -> UnpairedScreen:
    """A paired screen, through the staff's page; `secret` is its token from now on."""
    screen = UnpairedScreen()
    manager = staff("pair_screens", name=f"manager-{screen.code}")
    reply = manager.post(PAIR, form(screen.code, place, **changes))
    assert reply.status_code == 302, reply.content.decode()
    return screen
