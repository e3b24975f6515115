"""The brief's scenario: the Celery task expires a booking and cleans up every Redis key of it.

Nobody looks at the show and no watcher runs, so only the task can have done it.
"""

import redis
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now
from pytest_django import Settings

from bookings.api import Held, with_box_office
from bookings.models import Booking, OutboxEvent, PicturePending, SeatClaim, Show
from bookings.tasks import release_expired_bookings
from tests.support.cinema import make_show
from tests.support.processes import wait_until

# What exists while seats are held, and must be gone after (design: contract section 4).
KEYS_OF_HOLDS = (
    "seat_lock:*",
    "seat_reservation:*",
    "reserved_seats:*",
    "hold_deadlines:*",
    "holds:*",
    "holders:*",
)


def hold(show: Show, *labels: str, holder: str = "holder") -> Held:
    return with_box_office(lambda office: office.hold(show_id=show.pk, holder=holder, labels=labels))


def states_of(show: Show) -> str:
    return with_box_office(lambda office: office.picture(show.pk)).states


def keys_of_holds(redis_client: redis.Redis) -> set[str]:
    return {key for pattern in KEYS_OF_HOLDS for key in redis_client.scan_iter(match=pattern)}


def let_deadline_pass(held: Held) -> None:
    """PostgreSQL's clock says that the booking is late, while every key in Redis still lives."""
    Booking.objects.filter(pk=held.booking).update(expires_at=Now() - (F("expires_at") - F("created_at")))


class TestCeleryExpiry:
    def test_cleans_all_redis_keys(self, show: Show, redis_client: redis.Redis) -> None:
        held = hold(show, "A1", "A2")
        tag = f"{{{show.pk}}}"
        assert {f"seat_lock:{tag}:A1", f"seat_lock:{tag}:A2", f"seat_reservation:{tag}:holder"} < keys_of_holds(
            redis_client
        )
        let_deadline_pass(held)

        release_expired_bookings()

        assert keys_of_holds(redis_client) == set()
        assert states_of(show)[:3] == "AAA"

    def test_expires_the_booking_and_frees_its_seats(self, show: Show) -> None:
        held = hold(show, "A1", "A2")
        let_deadline_pass(held)

        release_expired_bookings()

        booking = Booking.objects.get(pk=held.booking)
        assert (booking.status, booking.ended_at is not None) == ("expired", True)
        assert not SeatClaim.objects.filter(show=show, released_at=None).exists()
        # Its relay may be applying the picture at this moment.
        wait_until(lambda: not PicturePending.objects.exists(), what="the picture is ticked off")
        assert [event.payload["booking"] for event in OutboxEvent.objects.all()] == [held.booking]

    def test_cleans_up_when_the_deadline_really_passes(
        self, show: Show, redis_client: redis.Redis, settings: Settings
    ) -> None:
        settings.HOLD_SECONDS = 1
        held = hold(show, "A1")
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep_until(expires_at) FROM bookings_booking WHERE id = %s", [held.booking])

        release_expired_bookings()

        assert Booking.objects.get(pk=held.booking).status == "expired"
        assert keys_of_holds(redis_client) == set()
        assert states_of(show)[0] == "A"

    def test_leaves_holds_that_are_not_due(self, show: Show, redis_client: redis.Redis) -> None:
        late, early = hold(show, "A1", holder="late"), hold(show, "A2", holder="early")
        let_deadline_pass(late)

        release_expired_bookings()

        statuses = dict(Booking.objects.values_list("holder", "status"))
        assert statuses == {"late": "expired", "early": "pending"}
        assert redis_client.hkeys(f"reserved_seats:{{{show.pk}}}") == ["A2"]
        assert redis_client.zrange(f"hold_deadlines:{{{show.pk}}}", 0, -1) == [early.booking]

    def test_of_many_shows_cleans_them_all(self, database: str, redis_client: redis.Redis) -> None:
        late = [hold(make_show(), "A1", "B1", holder=f"holder-{number}") for number in range(3)]
        for held in late:
            let_deadline_pass(held)

        release_expired_bookings()

        assert Booking.objects.filter(status="expired").count() == len(late)
        assert keys_of_holds(redis_client) == set()

    def test_ends_a_hold_that_postgresql_let_go_and_redis_did_not(
        self, show: Show, redis_client: redis.Redis, settings: Settings
    ) -> None:
        settings.HOLD_SECONDS = 1
        held = hold(show, "A1")
        # Ended by somebody who died before he could show it, and whose row of what is unshown is lost too.
        SeatClaim.objects.filter(booking_id=held.booking).update(released_at=Now())
        Booking.objects.filter(pk=held.booking).update(status="cancelled", ended_at=Now())
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep_until(expires_at) FROM bookings_booking")

        release_expired_bookings()

        assert keys_of_holds(redis_client) == set()

    def test_twice_is_the_same_as_once(self, show: Show) -> None:
        held = hold(show, "A1")
        let_deadline_pass(held)
        release_expired_bookings()
        ended_at = Booking.objects.get(pk=held.booking).ended_at
        version = with_box_office(lambda office: office.picture(show.pk)).version

        release_expired_bookings()

        assert Booking.objects.get(pk=held.booking).ended_at == ended_at
        assert with_box_office(lambda office: office.picture(show.pk)).version == version
