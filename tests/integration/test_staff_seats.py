"""Seats taken off sale and put back by staff: all or none, with a reason, never somebody's, written down."""

from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

from bookings.api import BoxOffice, SeatsUnavailable, StaffMember
from bookings.models import Show
from bookings.services import blocks
from tests.support.roles import somebody
from tests.support.staff import Browser
from tests.support.witness import another_office, halt_at, holding, insert_booking, live_claims, rows


@pytest.fixture
def clerk(database: str, settings: Settings, tmp_path: Path) -> Browser:
    settings.STATIC_ROOT = tmp_path  # WhiteNoise warns where nothing was collected.
    return Browser(somebody("Box office", name="clerk"))


def acts(database: str) -> list[tuple[object, ...]]:
    return rows(
        database,
        "SELECT u.username, a.action, a.show_id, a.subject, a.reason FROM bookings_staffact AS a "
        "JOIN auth_user AS u ON u.id = a.user_id ORDER BY a.id",
    )


def seats_of(show: Show) -> str:
    return f"/admin/bookings/show/{show.pk}/seats/"


class TestTheBoxOffice:
    async def test_takes_seats_off_sale_and_puts_them_back(
        self, clerk: Browser, show: Show, database: str, office: BoxOffice
    ) -> None:
        off = await clerk.post(seats_of(show), seats="a1, A2;a1", reason="a broken armrest", block="yes")
        assert off.status_code == 302
        assert (await office.picture(show.pk)).states[:3] == "XXA"
        page = await clerk.reads(seats_of(show))
        assert "Off sale: A1, A2." in page
        assert "a broken armrest" in page
        with pytest.raises(SeatsUnavailable):
            await office.hold(show_id=show.pk, holder="buyer", labels=["A1"])

        await clerk.post(seats_of(show), seats="A1, A2, A3", unblock="yes")

        assert (await office.picture(show.pk)).states[:3] == "AAA"
        assert "Back on sale: A1, A2. Left as they were: A3." in await clerk.reads(seats_of(show))
        assert acts(database) == [
            ("clerk", "block", show.pk, "A1, A2", "a broken armrest"),
            ("clerk", "unblock", show.pk, "A1, A2", ""),
        ]

    async def test_is_refused_by_the_name_of_seats_that_are_somebodys(
        self, clerk: Browser, show: Show, database: str, office: BoxOffice
    ) -> None:
        await office.hold(show_id=show.pk, holder="buyer", labels=["A2"])
        insert_booking(database, show.pk, seats=[2], status="confirmed")
        await office.block_seats(show_id=show.pk, labels=["A4"], reason="camera")
        await office.reconcile(show.pk)

        reply = await clerk.post(seats_of(show), seats="A1, A2, A3, A4", reason="why not", block="yes")

        said = reply.content.decode()
        assert "Nothing was changed: A2 is held by a buyer, A3 is sold, A4 is off sale already." in said
        assert (await office.picture(show.pk)).states[:4] == "AHBX"
        assert (sorted(live_claims(database, show.pk)), acts(database)) == ([1, 2, 3], [])

    async def test_is_told_what_is_missing(
        self, clerk: Browser, show: Show, database: str, office: BoxOffice
    ) -> None:
        wrong: list[tuple[dict[str, str], str]] = [
            ({"seats": "A1", "block": "yes"}, "Say why"),
            ({"seats": "", "reason": "x", "block": "yes"}, "This field is required"),
            ({"seats": "A1, Z99", "reason": "x", "block": "yes"}, "This screen has no seat Z99."),
            ({"seats": "A1", "reason": "x"}, "Choose what to do with the seats."),
            ({"seats": "A1", "reason": "x" * 121, "block": "yes"}, "at most 120 characters"),
        ]
        for form, said in wrong:
            reply = await clerk.post(seats_of(show), **form)
            assert (reply.status_code, said in reply.content.decode()) == (200, True), said

        assert (live_claims(database, show.pk), acts(database)) == ({}, [])

    async def test_finds_no_show_that_is_not_there(self, clerk: Browser, office: BoxOffice) -> None:
        assert (await clerk.get("/admin/bookings/show/999999/seats/")).status_code == 404


class TestABlock:
    async def test_of_a_seat_that_is_being_held_leaves_it_to_one_of_the_two(
        self, show: Show, database: str, box_office: BoxOffice
    ) -> None:
        """The buyer has A1 in Redis and not yet in PostgreSQL, which decides: the block is first there."""
        by = StaffMember((await sync_to_async(somebody)("Manager")).pk, "a broken armrest")
        async with another_office() as desk:
            with halt_at("hold.acquired") as halt:
                hold = holding(box_office, show.pk, "A1", "A2")
                await halt.reached()
                await desk.block_seats(show_id=show.pk, labels=["A1"], reason=by.reason, by=by)
                halt.go_on()
                with pytest.raises(SeatsUnavailable):
                    await hold

            assert (await desk.picture(show.pk)).states[:2] == "XA"
        assert live_claims(database, show.pk) == {0: "block"}

    async def test_that_comes_a_moment_later_is_refused(
        self, show: Show, database: str, box_office: BoxOffice
    ) -> None:
        by = StaffMember((await sync_to_async(somebody)("Manager")).pk, "a broken armrest")
        async with another_office() as desk:
            with halt_at("batch.committed") as halt:
                hold = holding(box_office, show.pk, "A1")
                await halt.reached()
                with pytest.raises(SeatsUnavailable):
                    await desk.block_seats(show_id=show.pk, labels=["A1"], reason=by.reason, by=by)
                halt.go_on()
                booking = (await hold).booking

            assert (await desk.picture(show.pk)).states[0] == "H"
        assert (live_claims(database, show.pk), acts(database)) == ({0: booking}, [])

    async def test_is_written_down_or_not_made(
        self, show: Show, database: str, box_office: BoxOffice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        by = StaffMember((await sync_to_async(somebody)("Manager")).pk, "a broken armrest")

        async def fails(*_: object, **__: object) -> None:
            raise RuntimeError("no ink")

        monkeypatch.setattr(blocks, "write_down", fails)
        with pytest.raises(RuntimeError, match="no ink"):
            await box_office.block_seats(show_id=show.pk, labels=["A1"], reason=by.reason, by=by)

        assert live_claims(database, show.pk) == {}
