"""The history of a seat: it writes itself whoever changes what, nothing rewrites it, and it says who had it when."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from asgiref.sync import sync_to_async
from psycopg import errors
from pytest_django import Settings

from bookings.api import BoxOffice, NotFound, SeatsUnavailable, UnknownSeat
from bookings.models import Show
from bookings.selectors.seat_history import SeatHistory, get_seat_history
from tests.support.api import serving_office
from tests.support.buyer import Buyer, new_buyer
from tests.support.cinema import PRICE_PAISE
from tests.support.guards import redis_clock_ahead, unless, with_and_without_guard
from tests.support.razorpay import Razorpay
from tests.support.relay import relay
from tests.support.seat_events import without_trigger
from tests.support.staff import buy
from tests.support.witness import HOLD_MS, eventually, halt_at, holding, live_claims, rows

MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
async def office(settings: Settings, tmp_path: Path, show: Show) -> AsyncIterator[BoxOffice]:
    async with serving_office(settings, tmp_path) as office:
        yield office


@pytest.fixture
async def buyer(office: BoxOffice, razorpay: Razorpay) -> AsyncIterator[Buyer]:
    async with new_buyer(razorpay) as buyer:
        yield buyer


async def history_of(show: Show, label: str) -> SeatHistory:
    return await sync_to_async(get_seat_history)(show.pk, label)


async def happened(show: Show, label: str) -> list[str]:
    return [event.kind.value for event in (await history_of(show, label)).events]


def make_late(database: str, booking: str) -> None:
    rows(
        database,
        "UPDATE bookings_booking SET expires_at = clock_timestamp() - interval '2 seconds' WHERE id = %s",
        booking,
    )


class TestItTells:
    async def test_of_a_hold_what_was_added_and_what_was_let_go(self, office: BoxOffice, show: Show) -> None:
        held = await office.hold(show_id=show.pk, holder="asha", labels=["A1", "A2"])
        await office.hold(show_id=show.pk, holder="asha", labels=["A3"])
        await office.release(show_id=show.pk, holder="asha", labels=["A2"])
        await office.release(show_id=show.pk, holder="asha")

        assert await happened(show, "A1") == ["held", "released"]
        assert await happened(show, "A2") == ["held", "released"]
        assert await happened(show, "A3") == ["added", "released"]
        assert await happened(show, "A4") == []
        first = (await history_of(show, "A1")).events[0]
        assert (first.booking, first.holder, first.price_paise) == (held.booking, "asha", PRICE_PAISE)

    async def test_of_a_hold_that_ran_out_and_who_took_it_over(
        self, office: BoxOffice, show: Show, database: str
    ) -> None:
        late = await office.hold(show_id=show.pk, holder="asha", labels=["A1"])
        make_late(database, late.booking)
        await office.expire_due()
        await office.hold(show_id=show.pk, holder="vikram", labels=["A1"])

        told = (await history_of(show, "A1")).events
        assert [(event.kind.value, event.holder) for event in told] == [
            ("held", "asha"),
            ("expired", "asha"),
            ("held", "vikram"),
        ]

    async def test_of_money_from_the_checkout_to_the_refund(
        self, office: BoxOffice, buyer: Buyer, database: str
    ) -> None:
        show, _ = await buy(buyer, "A1", "A2", starts_in=timedelta(days=3))
        await buyer.cancel("user")
        await relay(database, rounds=4)

        assert await happened(show, "A2") == [
            "held",
            "checkout",
            "confirmed",
            "cancelled",
            "refund due",
            "refund refunded",
        ]
        told = (await history_of(show, "A2")).events
        assert {event.booking for event in told} == {buyer.booking}
        assert "given back by its buyer" in told[3].words

    async def test_of_seats_changed_on_the_payment_page(self, office: BoxOffice, show: Show, buyer: Buyer) -> None:
        await buyer.begin(show, "A1")
        reply = await buyer.api.ask("POST", f"bookings/{buyer.booking}/change_seats")
        assert reply.status_code == 200, reply.text

        history = await history_of(show, "A1")
        assert await happened(show, "A1") == ["held", "checkout", "moved"]
        assert history.events[-1].booking == reply.json()["booking"] != buyer.booking
        assert history.at(history.events[-1].at).state == "held"

    async def test_of_money_that_came_late(self, office: BoxOffice, show: Show, buyer: Buyer, database: str) -> None:
        await buyer.begin(show, "A1")
        paid = buyer.pay()
        await buyer.cancel("dismiss")
        await buyer.verify(paid)

        assert await happened(show, "A1") == ["held", "checkout", "cancelled", "reclaimed", "confirmed"]

    async def test_of_blocks_with_their_reason(self, office: BoxOffice, show: Show) -> None:
        await office.block_seats(show_id=show.pk, labels=["A1"], reason="a broken seat")
        await office.unblock_seats(show_id=show.pk, labels=["A1"])

        told = (await history_of(show, "A1")).events
        assert [(event.kind.value, event.reason, event.booking) for event in told] == [
            ("blocked", "a broken seat", ""),
            ("unblocked", "a broken seat", ""),
        ]

    async def test_of_a_cancelled_show(self, office: BoxOffice, show: Show) -> None:
        await office.hold(show_id=show.pk, holder="asha", labels=["A1"])
        await office.cancel_show(show_id=show.pk)

        told = (await history_of(show, "A1")).events
        assert [event.words for event in told] == ["Held", "Cancelled: with its show"]

    async def test_of_a_hold_that_could_not_have_all_of_its_seats(
        self, office: BoxOffice, show: Show, database: str
    ) -> None:
        await office.hold(show_id=show.pk, holder="asha", labels=["A1"])
        # PostgreSQL has a claim that Redis does not know, so the batch begins and is undone.
        rows(database, "INSERT INTO bookings_seatclaim (show_id, seat_index, kind) VALUES (%s, 2, 'block')", show.pk)

        with pytest.raises(SeatsUnavailable):
            await office.hold(show_id=show.pk, holder="vikram", labels=["A2", "A3"])

        history = await history_of(show, "A2")
        assert await happened(show, "A2") in (["held", "undone"], ["held", "undone", "held", "undone"], [])
        assert history.at(history.show.ends_at).state == "free"
        assert live_claims(database, show.pk).keys() == {0, 2}

    async def test_nothing_of_what_was_rolled_back(self, office: BoxOffice, show: Show) -> None:
        with halt_at("batch.written") as written:
            hold = holding(office, show.pk, "A1")
            await written.reached()
            assert await happened(show, "A1") == []
            written.go_on()
            await hold

        assert await happened(show, "A1") == ["held"]


class TestNobodyForgets:
    @with_and_without_guard
    async def test_to_tell_of_rows_that_were_changed_by_hand(
        self, office: BoxOffice, show: Show, database: str, guarded: bool
    ) -> None:
        held = await office.hold(show_id=show.pk, holder="asha", labels=["A1"])
        with unless(guarded, without_trigger(database, "seat_history_changed", "bookings_seatclaim")):
            rows(database, "UPDATE bookings_seatclaim SET released_at = now() WHERE booking_id = %s", held.booking)

        assert await happened(show, "A1") == (["held", "released"] if guarded else ["held"])

    @with_and_without_guard
    @pytest.mark.parametrize(
        "act", ["UPDATE bookings_seatevent SET holder = 'nobody'", "DELETE FROM bookings_seatevent"]
    )
    async def test_and_nobody_rewrites(
        self, office: BoxOffice, show: Show, database: str, guarded: bool, act: str
    ) -> None:
        await office.hold(show_id=show.pk, holder="asha", labels=["A1"])

        def rewrite() -> None:
            with psycopg.connect(database, autocommit=True) as connection:
                # Whoever takes the name of clean-up may not have what is younger than a month either.
                connection.execute("SET housefull.cleanup = 'seat history'")
                connection.execute(act.encode())

        if guarded:
            with pytest.raises(errors.RestrictViolation):
                rewrite()
            assert await happened(show, "A1") == ["held"]
        else:
            with without_trigger(database, "append_only", "bookings_seatevent"):
                rewrite()
            assert [event.holder for event in (await history_of(show, "A1")).events] != ["asha"]


class TestWhoHadIt:
    async def test_is_exact_at_the_boundaries(self, office: BoxOffice, show: Show, buyer: Buyer) -> None:
        await buyer.begin(show, "A1")
        await buyer.verify(buyer.pay())
        await buyer.cancel("user")

        history = await history_of(show, "A1")
        at = {event.kind.value: event.at for event in history.events}

        def state(kind: str, offset: timedelta = timedelta(0)) -> str:
            return history.at(at[kind] + offset).state

        assert (state("held", -MICROSECOND), state("held")) == ("free", "held")
        assert (state("confirmed", -MICROSECOND), state("confirmed")) == ("held", "booked")
        assert (state("cancelled", -MICROSECOND), state("cancelled")) == ("booked", "free")
        assert history.at(at["confirmed"]).booking == buyer.booking

    async def test_is_never_two_people(self, office: BoxOffice, show: Show, database: str) -> None:
        """The next holder waits for the end of the first one's hold; he had it only after that was over."""
        late = await office.hold(show_id=show.pk, holder="asha", labels=["A1"])
        make_late(database, late.booking)
        with psycopg.connect(database) as sweeper:
            # Whoever expires the booking stands between its statements and COMMIT while the rival asks.
            sweeper.execute("SELECT 1 FROM bookings_booking WHERE id = %s FOR NO KEY UPDATE", (late.booking,))
            with redis_clock_ahead(HOLD_MS + 1_000):
                rival = holding(office, show.pk, "A1", holder="vikram")
                await waits_for_lock(database)
            sweeper.execute(
                "UPDATE bookings_booking SET status = 'expired', ended_at = clock_timestamp() WHERE id = %s",
                (late.booking,),
            )
            sweeper.execute(
                "UPDATE bookings_seatclaim SET released_at = clock_timestamp() WHERE booking_id = %s", (late.booking,)
            )
            sweeper.commit()
            await rival

        told = (await history_of(show, "A1")).events
        assert [(event.kind.value, event.holder) for event in told] == [
            ("held", "asha"),
            ("expired", "asha"),
            ("held", "vikram"),
        ]
        assert sorted(event.at for event in told) == [event.at for event in told]

    async def test_is_asked_of_seats_and_shows_that_exist(self, office: BoxOffice, show: Show) -> None:
        with pytest.raises(UnknownSeat):
            await history_of(show, "Z99")
        with pytest.raises(NotFound):
            await sync_to_async(get_seat_history)(0, "A1")


async def waits_for_lock(database: str) -> None:
    await eventually(lambda: bool(rows(database, "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'")))
