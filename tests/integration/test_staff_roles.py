"""Roles × acts: the table of docs/admin.md, asked of the running pages cell by cell."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings
from unfold.admin import ModelAdmin

from bookings.models import Booking, Show
from bookings.services.roles import MANAGER, PROGRAMMER, ROLES, ROOMS, set_up_roles
from tests.support.cinema import make_show
from tests.support.roles import (
    ACTS,
    BY_PERMISSION,
    ROLE_NAMES,
    Places,
    browser_of,
    is_granted,
    may,
    somebody,
    table,
)
from tests.support.witness import insert_booking

pytestmark = pytest.mark.usefixtures("awake_cache")


@pytest.fixture
def places(database: str, settings: Settings, tmp_path: Path) -> Places:
    settings.STATIC_ROOT = tmp_path  # WhiteNoise warns where nothing was collected.
    show: Show = make_show()
    return Places(show=show, booking=insert_booking(database, show.pk, seats=[0, 1], status="confirmed"))


@pytest.fixture
def roles_again(database: str) -> Iterator[None]:
    """For a test that changes a role: afterwards all are as they were."""
    yield
    set_up_roles()


class TestTheTable:
    def test_names_every_role_and_every_act(self) -> None:
        told = table()

        assert sorted(told) == sorted([*ACTS, *BY_PERMISSION])
        assert {tuple(roles) for roles in told.values()} == {ROLE_NAMES}

    @pytest.mark.parametrize("role", ROLE_NAMES)
    def test_is_what_the_pages_do(self, role: str, places: Places) -> None:
        client = browser_of(somebody(role))

        found = {act: may(client, act, places) for act in ACTS}

        assert found == {act: allowed[role] for act, allowed in table().items() if act in ACTS}
        assert Booking.objects.get(pk=places.booking).status == "confirmed", "an empty form did something"

    def test_is_what_is_granted_for_the_pages_of_other_rooms(self, database: str) -> None:
        for act, permission in BY_PERMISSION.items():
            for role, told in table()[act].items():
                # A manager has every permission of the rooms.
                assert (role == MANAGER or permission in ROLES[role]) == told
                assert is_granted(role, permission) in (None, told)

    def test_is_seen_to_differ_when_a_role_loses_or_gains_a_permission(
        self, places: Places, roles_again: None
    ) -> None:
        group = Group.objects.get(name=PROGRAMMER)
        group.permissions.remove(Permission.objects.get(codename="add_show"))
        group.permissions.add(Permission.objects.get(codename="block_seats"))
        client = browser_of(somebody(PROGRAMMER))

        assert not may(client, "copy a programme", places)
        assert may(client, "take seats off sale and put them back", places)

    def test_leaves_staff_without_a_role_with_an_empty_desk(self, places: Places) -> None:
        client = browser_of(somebody(None))

        assert [act for act in ACTS if may(client, act, places)] == ["open Today"]
        assert "Welcome, nobody" in client.get("/admin/").content.decode()

    def test_is_for_staff_only(self, places: Places) -> None:
        buyer = somebody(MANAGER, name="buyer")
        buyer.is_staff = False
        buyer.save()

        for client in (browser_of(buyer), Client()):
            for path in ("/admin/", f"/admin/bookings/show/{places.show.pk}/seats/", "/admin/bookings/show/copy/"):
                assert client.get(path)["Location"].startswith("/admin/login/?next=")


class TestRoles:
    def test_are_as_written_again_after_every_migrate(self, roles_again: None) -> None:
        group = Group.objects.get(name="Usher")
        group.permissions.set(Permission.objects.filter(codename="cancel_show"))

        call_command("migrate", verbosity=0)

        granted = set(group.permissions.values_list("codename", flat=True))
        assert granted == {"check_in_tickets"}

    def test_give_a_manager_every_permission_of_the_rooms(self, database: str) -> None:
        theirs = Permission.objects.filter(content_type__app_label__in=ROOMS)

        group = Group.objects.get(name=MANAGER)

        assert not theirs.exclude(pk__in=group.permissions.all()).exists()
        assert not group.permissions.filter(codename__in=["delete_user", "change_group"]).exists()


class TestLogins:
    @pytest.fixture
    def manager(self, places: Places) -> Client:
        return browser_of(somebody(MANAGER))

    def test_are_made_with_a_role(self, manager: Client) -> None:
        usher = Group.objects.get(name="Usher")
        form: dict[str, Any] = {
            "username": "asha",
            "usable_password": "true",
            "password1": "a-long-evening",
            "password2": "a-long-evening",
            "is_staff": "on",
            "groups": [str(usher.pk)],
        }

        reply = manager.post("/admin/auth/user/add/", form)

        assert reply.status_code == 302, reply.content.decode()
        made = User.objects.get(username="asha")
        assert (made.is_staff, made.is_superuser, [group.name for group in made.groups.all()]) == (
            True,
            False,
            ["Usher"],
        )

    def test_of_somebody_mightier_are_out_of_reach(self, manager: Client) -> None:
        root = User.objects.create_superuser(username="root", password="a-long-evening")

        for path in ("change/", "password/"):
            reply = manager.post(f"/admin/auth/user/{root.pk}/{path}", {"password1": "x", "password2": "x"})
            assert reply.status_code in (302, 404)
        assert f"/user/{root.pk}/" not in manager.get("/admin/auth/user/").content.decode()
        root.refresh_from_db()
        assert root.check_password("a-long-evening")

    def test_are_not_given_what_the_giver_has_not(self, manager: Client) -> None:
        beyond = Group.objects.create(name="Beyond")
        beyond.permissions.add(Permission.objects.get(codename="delete_session"))
        other = somebody("Usher", name="other")
        form = {
            "username": "other",
            "is_staff": "on",
            "is_active": "on",
            "is_superuser": "on",
            "groups": [str(beyond.pk)],
        }
        try:
            reply = manager.post(f"/admin/auth/user/{other.pk}/change/", form)
            assert "is not one of the available choices" in reply.content.decode()
            form["groups"] = []
            assert manager.post(f"/admin/auth/user/{other.pk}/change/", form).status_code == 302
        finally:
            beyond.delete()
        other.refresh_from_db()
        assert not other.is_superuser

    def test_are_switched_off_and_never_deleted(self, manager: Client) -> None:
        other = somebody("Usher", name="other")

        assert manager.post(f"/admin/auth/user/{other.pk}/delete/", {"post": "yes"}).status_code == 403


class TestEveryPage:
    def test_is_the_themes(self) -> None:
        plain = [model.__name__ for model, page in admin.site._registry.items() if not isinstance(page, ModelAdmin)]

        assert plain == []
        assert len(admin.site._registry) > 15
