"""Rule 23 of consistency: the same request twice is answered once."""

import asyncio
from collections.abc import Sequence
from contextlib import asynccontextmanager
from typing import Any
from unittest.mock import patch

import pytest

from bookings.api import BadRequest, BoxOffice, Held, IdempotencyMismatch, InProgress, SeatsUnavailable
from bookings.claim_store import store as claims
from bookings.models import Show
from bookings.services.idempotency import Idempotency
from tests.support.guards import unless, with_and_without_guard
from tests.support.witness import another_office, dies, halt_at, live_claims, rows


async def hold(
    office: BoxOffice, show: Show, *, key: str = "key", labels: Sequence[str] = ("A1",), holder: str = "holder"
) -> Held:
    return await office.hold(show_id=show.pk, holder=holder, labels=labels, idempotency_key=key)


async def nothing_stored(*_: object, **__: object) -> None:
    return None


class TestTheSameKey:
    @with_and_without_guard
    async def test_gets_the_stored_reply_and_holds_nothing_new(
        self, box_office: BoxOffice, show: Show, database: str, guarded: bool
    ) -> None:
        first = await hold(box_office, show)
        await box_office.release(show_id=show.pk, holder="holder")

        async with another_office() as office:
            with unless(guarded, patch.object(claims, "stored_reply", nothing_stored)):
                again = await hold(office, show)

        # Off: a retransmission that arrives late takes seats that were given back.
        assert (again == first) is guarded
        assert live_claims(database, show.pk) == ({} if guarded else {0: again.booking})

    async def test_with_another_body_is_a_mistake(self, box_office: BoxOffice, show: Show, database: str) -> None:
        first = await hold(box_office, show)

        with pytest.raises(IdempotencyMismatch):
            await hold(box_office, show, labels=["A2"])

        assert live_claims(database, show.pk) == {0: first.booking}

    async def test_with_the_seats_in_another_order_is_the_same_request(
        self, box_office: BoxOffice, show: Show
    ) -> None:
        first = await hold(box_office, show, labels=["A1", "A2"])

        assert await hold(box_office, show, labels=["A2", "A1"]) == first

    async def test_of_another_holder_or_operation_is_another_key(self, box_office: BoxOffice, show: Show) -> None:
        first = await hold(box_office, show)

        rivals = await hold(box_office, show, labels=["B1"], holder="rival")
        best = await box_office.hold_best(show_id=show.pk, holder="holder", count=1, idempotency_key="key")

        assert rivals.seats == ("B1",)
        assert best.booking == first.booking
        assert len(best.seats) == 2

    async def test_is_kept_for_a_day(self, box_office: BoxOffice, show: Show, database: str) -> None:
        first = await hold(box_office, show)
        await box_office.release(show_id=show.pk, holder="holder")
        age = "UPDATE bookings_idempotencyrecord SET created_at = created_at - interval '24 hours'"
        rows(database, age)

        again = await hold(box_office, show, labels=["A2"])

        assert again.booking != first.booking
        assert live_claims(database, show.pk) == {1: again.booking}

    @pytest.mark.parametrize("key", ["", "k" * 256, "a\x00b"])
    async def test_has_a_shape(self, box_office: BoxOffice, show: Show, database: str, key: str) -> None:
        with pytest.raises(BadRequest):
            await hold(box_office, show, key=key)

        assert live_claims(database, show.pk) == {}


class TestATwinInFlight:
    @with_and_without_guard
    async def test_is_told_so(self, box_office: BoxOffice, show: Show, guarded: bool) -> None:
        @asynccontextmanager
        async def unmarked(self: Idempotency, **request: Any) -> Any:
            self._in_flight.clear()
            async with whole(self, **request) as keyed:
                yield keyed

        whole = Idempotency.request
        with unless(guarded, patch.object(Idempotency, "request", unmarked)), halt_at("hold.acquired") as halt:
            first = asyncio.create_task(hold(box_office, show))
            await halt.reached()
            if guarded:
                with pytest.raises(InProgress) as refusal:
                    await hold(box_office, show)
                assert refusal.value.retryable
            else:
                # It hangs behind the first instead of being told to ask again.
                _, waiting = await asyncio.wait([asyncio.create_task(hold(box_office, show))], timeout=0.2)
                assert waiting
            halt.go_on()
            await first

    async def test_in_another_process_gets_the_same_booking(
        self, box_office: BoxOffice, show: Show, database: str
    ) -> None:
        async with another_office() as office:
            with halt_at("batch.written") as halt:
                first = asyncio.create_task(hold(box_office, show))
                await halt.reached()
                twin = asyncio.create_task(hold(office, show))
                await asyncio.wait([twin], timeout=0.1)
                halt.go_on()
                held, told = await asyncio.gather(first, twin)

        assert (told.booking, told.seats, told.expires_ms) == (held.booking, held.seats, held.expires_ms)
        assert live_claims(database, show.pk) == {0: held.booking}
        assert len(rows(database, "SELECT 1 FROM bookings_idempotencyrecord")) == 1


class TestAReply:
    async def test_is_stored_with_the_grant_or_not_at_all(
        self, box_office: BoxOffice, show: Show, database: str
    ) -> None:
        async with another_office() as office:
            with halt_at("batch.written") as halt:
                first = asyncio.create_task(hold(office, show))
                await halt.reached()
                busy = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction'"
                rows(database, busy)
                await dies(first)
        assert rows(database, "SELECT 1 FROM bookings_idempotencyrecord") == []

        held = await hold(box_office, show)

        assert live_claims(database, show.pk) == {0: held.booking}

    async def test_is_not_stored_for_a_refusal(self, box_office: BoxOffice, show: Show, database: str) -> None:
        await hold(box_office, show, holder="rival", key="another")
        with pytest.raises(SeatsUnavailable):
            await hold(box_office, show)

        await box_office.release(show_id=show.pk, holder="rival")

        held = await hold(box_office, show)
        assert live_claims(database, show.pk) == {0: held.booking}
