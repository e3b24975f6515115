"""A hold stands in both authorities before its holder is told yes; a refusal changes nothing."""

import pytest

from bookings.api import (
    BoxOffice,
    DuplicateSeats,
    IdempotencyMismatch,
    SalesClosed,
    SeatsUnavailable,
    TooManySeats,
    UnknownSeat,
)
from bookings.models import Booking, SeatClaim, Show


class TestHold:
    async def test_stands_in_redis_and_postgresql(self, box_office: BoxOffice, show: Show) -> None:
        held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A2", "A1"])

        picture = await box_office.picture(show.pk)
        booking = await Booking.objects.aget(pk=held.booking)
        claimed = [
            claim.seat_index async for claim in SeatClaim.objects.filter(booking=booking).order_by("seat_index")
        ]
        assert held.seats == ("A1", "A2")
        assert picture.states[:3] == "HHA"
        assert booking.status == "pending"
        assert claimed == [0, 1]
        assert held.amount_paise == 2 * 25_000

    async def test_refuses_all_when_one_is_taken(self, box_office: BoxOffice, show: Show) -> None:
        await box_office.hold(show_id=show.pk, holder="rival", labels=["A2"])
        before = await box_office.picture(show.pk)

        with pytest.raises(SeatsUnavailable) as refusal:
            await box_office.hold(show_id=show.pk, holder="holder", labels=["A1", "A2"])

        after = await box_office.picture(show.pk)
        assert refusal.value.fields["seats"] == ["A2"]
        assert (after.version, after.states) == (before.version, before.states)
        assert await Booking.objects.filter(holder="holder").acount() == 0

    async def test_adds_seats_without_moving_the_deadline(self, box_office: BoxOffice, show: Show) -> None:
        first = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])

        second = await box_office.hold(show_id=show.pk, holder="holder", labels=["B1"])

        assert second.booking == first.booking
        assert second.expires_ms == first.expires_ms
        assert second.seats == ("A1", "B1")

    async def test_repeats_without_a_version_step(self, box_office: BoxOffice, show: Show) -> None:
        first = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])

        second = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])

        assert second == first

    @pytest.mark.parametrize(
        ("labels", "error"),
        [
            (["Z99"], UnknownSeat),
            (["A1", "A1"], DuplicateSeats),
            ([f"A{n}" for n in range(1, 12)], TooManySeats),
        ],
    )
    async def test_refuses_bad_requests(
        self, box_office: BoxOffice, show: Show, labels: list[str], error: type[Exception]
    ) -> None:
        with pytest.raises(error):
            await box_office.hold(show_id=show.pk, holder="holder", labels=labels)

        assert "H" not in (await box_office.picture(show.pk)).states


class TestRelease:
    async def test_gives_single_seats_back(self, box_office: BoxOffice, show: Show) -> None:
        await box_office.hold(show_id=show.pk, holder="holder", labels=["A1", "A2"])

        released = await box_office.release(show_id=show.pk, holder="holder", labels=["A1"])

        assert released.seats == ("A1",)
        assert (await box_office.picture(show.pk)).states[:2] == "AH"

    async def test_of_the_last_seat_ends_the_booking(self, box_office: BoxOffice, show: Show) -> None:
        held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])

        await box_office.release(show_id=show.pk, holder="holder")

        booking = await Booking.objects.aget(pk=held.booking)
        assert booking.status == "cancelled"
        assert (await box_office.picture(show.pk)).states[0] == "A"

    async def test_again_with_its_key_leaves_a_newer_hold_alone(self, box_office: BoxOffice, show: Show) -> None:
        await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])
        first = await box_office.release(show_id=show.pk, holder="holder", idempotency_key="once")
        await box_office.hold(show_id=show.pk, holder="holder", labels=["A4"])

        late_copy = await box_office.release(show_id=show.pk, holder="holder", idempotency_key="once")

        assert late_copy.seats == first.seats == ("A1",)
        assert (await box_office.picture(show.pk)).states[:4] == "AAAH"
        with pytest.raises(IdempotencyMismatch):
            await box_office.release(show_id=show.pk, holder="holder", labels=["A4"], idempotency_key="once")

    async def test_of_nothing_changes_nothing(self, box_office: BoxOffice, show: Show) -> None:
        released = await box_office.release(show_id=show.pk, holder="holder")

        assert released.seats == ()


class TestBlock:
    async def test_takes_seats_off_sale_and_back(self, box_office: BoxOffice, show: Show) -> None:
        await box_office.block_seats(show_id=show.pk, labels=["A1", "A2"], reason="broken")
        blocked = (await box_office.picture(show.pk)).states[:3]

        freed = await box_office.unblock_seats(show_id=show.pk, labels=["A1", "A3"])

        assert blocked == "XXA"
        assert freed == ("A1",)
        assert (await box_office.picture(show.pk)).states[:3] == "AXA"

    async def test_refuses_a_seat_that_somebody_holds(self, box_office: BoxOffice, show: Show) -> None:
        await box_office.hold(show_id=show.pk, holder="holder", labels=["A2"])

        with pytest.raises(SeatsUnavailable) as refusal:
            await box_office.block_seats(show_id=show.pk, labels=["A1", "A2"], reason="broken")

        assert refusal.value.fields["seats"] == ["A2"]
        assert (await box_office.picture(show.pk)).states[:2] == "AH"


class TestCancelShow:
    async def test_frees_every_seat_and_closes_the_sale(self, box_office: BoxOffice, show: Show) -> None:
        held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])

        cancelled = await box_office.cancel_show(show_id=show.pk)

        assert cancelled == 1
        assert (await Booking.objects.aget(pk=held.booking)).status == "cancelled"
        assert set((await box_office.picture(show.pk)).states) == {"A"}
        with pytest.raises(SalesClosed):
            await box_office.hold(show_id=show.pk, holder="rival", labels=["A1"])
