"""What reports add up: the same as plain sums over the rows, by the theatre's days, also when clocks change."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bookings.api import Scope
from bookings.domain.reports import SOLD
from bookings.models import Booking, SeatClaim, Show
from bookings.services.reports.sections import all_sections
from bookings.services.reports.snapshot import snapshot
from payments.models import LedgerEntry, Payment, Refund
from tests.support.cinema import make_theatre
from tests.support.guards import unless, with_and_without_guard
from tests.support.report_guards import report_sql_without
from tests.support.reporting import collect, report_of
from tests.support.sales import PRICES, book, hold, local, make_cinema, price_of, sell, sell_at_random

pytestmark = pytest.mark.usefixtures("database")

MIDNIGHT = datetime(2026, 11, 20, 18, 30, tzinfo=UTC)  # of the 21st, in India
MICROSECOND = timedelta(microseconds=1)


def lines(table: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of a table by the names of its columns."""
    return [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]


def seats_sold(day: date, theatre: str | None = None) -> int:
    total: int = report_of(day, theatre)["sales"]["total"]["seats"]
    return total


class TestADay:
    def test_is_the_theatres_from_midnight_to_midnight(self) -> None:
        show = make_cinema(starts_at=MIDNIGHT + timedelta(days=9))
        sell(show, at=MIDNIGHT - MICROSECOND, seats=[0])
        sell(show, at=MIDNIGHT, seats=[1, 2])
        sell(show, at=MIDNIGHT + timedelta(days=1) - MICROSECOND, seats=[3, 4, 5, 6])
        sell(show, at=MIDNIGHT + timedelta(days=1), seats=[7, 8, 9, 10, 11, 12, 13, 14])

        assert [seats_sold(date(2026, 11, day)) for day in (20, 21, 22)] == [1, 6, 8]

    @with_and_without_guard
    def test_is_another_one_elsewhere_at_the_same_moment(self, guarded: bool) -> None:
        """Without the theatre's zone both would be of UTC's day."""
        for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):  # UTC+14 and UTC-11
            sell(make_cinema(time_zone=zone, starts_at=MIDNIGHT + timedelta(days=9)), at=MIDNIGHT)
        theirs = "(b.confirmed_at AT TIME ZONE place.time_zone)::date END"
        ours = "(b.confirmed_at AT TIME ZONE 'UTC')::date END"

        with unless(guarded, report_sql_without("sales", theirs, ours)):
            found = [seats_sold(date(2026, 11, day)) for day in (20, 21)]

        assert found == ([1, 1] if guarded else [2, 0])

    @pytest.mark.parametrize(
        ("day", "hours"),
        [(date(2026, 3, 8), 23), (date(2026, 11, 1), 25)],
        ids=["clocks go forward", "clocks go back"],
    )
    def test_has_all_of_its_hours(self, day: date, hours: int) -> None:
        zone = "America/New_York"
        show = make_cinema(time_zone=zone, starts_at=datetime(2026, 12, 1, tzinfo=UTC))
        begin = local(zone, day.year, day.month, day.day)
        for hour in range(-1, hours + 1):
            hold(show, at=begin + timedelta(hours=hour), seats=[], status="expired", ended_at=begin)
            if 0 <= hour < 20:
                sell(show, at=begin + timedelta(hours=hour), seats=[hour])
        sell(show, at=begin + timedelta(hours=hours) - MICROSECOND, seats=[20])
        sell(show, at=begin - MICROSECOND, seats=[21])
        sell(show, at=begin + timedelta(hours=hours), seats=[22])

        report = report_of(day)

        assert report["sales"]["total"]["seats"] == 21
        assert report["settlement"]["total"]["captures"] == 21
        # One hold an hour that ran out, and those of the sales, made three minutes before each: all but the first.
        assert report["funnel"]["expired_before"] == hours

    def test_can_be_one_that_begins_at_one_o_clock(self) -> None:
        """Beirut's clocks skip midnight itself: the 29th of March begins at 01:00."""
        zone = "Asia/Beirut"
        show = make_cinema(time_zone=zone, starts_at=datetime(2026, 4, 9, tzinfo=UTC))
        begin = datetime(2026, 3, 28, 22, 0, tzinfo=UTC)
        assert f"{begin.astimezone(ZoneInfo(zone)):%d %H:%M}" == "29 01:00"
        sell(show, at=begin - MICROSECOND, seats=[0])
        sell(show, at=begin, seats=[1, 2])

        assert [seats_sold(date(2026, 3, day)) for day in (28, 29)] == [1, 2]


class TestSales:
    def test_of_seats_that_were_given_back_are_of_both_days(self) -> None:
        show = make_cinema(starts_at=MIDNIGHT + timedelta(days=9))
        sell(show, at=MIDNIGHT, seats=[0, 16], returned_at=MIDNIGHT + timedelta(days=1))

        sold, back = (report_of(date(2026, 11, day))["sales"]["total"] for day in (21, 22))

        assert sold == dict(zip(SOLD, (1, 2, 55_050, 0, 0, 0), strict=True))
        assert back == dict(zip(SOLD, (0, 0, 0, 1, 2, 55_050), strict=True))

    def test_count_the_seats_that_were_paid_for(self) -> None:
        """Seats that were let go before the payment, or at the end of the hold that late money revived."""
        show = make_cinema(starts_at=MIDNIGHT + timedelta(days=9))
        booking = sell(show, at=MIDNIGHT + timedelta(hours=1), seats=[0, 1])
        SeatClaim.objects.create(
            show=show,
            seat_index=2,
            booking=booking,
            price_paise=PRICES["stalls"],
            claimed_at=MIDNIGHT,
            released_at=MIDNIGHT + timedelta(minutes=5),
        )

        assert seats_sold(date(2026, 11, 21)) == 2

    def test_are_those_of_one_theatre_when_it_is_named(self) -> None:
        here, there = (make_theatre(name=name) for name in ("Here", "There"))
        sell(make_cinema(theatre=here, starts_at=MIDNIGHT + timedelta(days=9)), at=MIDNIGHT, seats=[0])
        sell(make_cinema(theatre=there, starts_at=MIDNIGHT + timedelta(days=9)), at=MIDNIGHT, seats=[0, 1, 2])

        report = report_of(date(2026, 11, 21), there.slug)

        assert report["sales"]["total"]["seats"] == 3
        assert (report["settlement"]["total"]["captures"], report["funnel"]["held"]) == (1, 0)
        assert [line["theatre"] for line in lines(report["sales"]["shows"])] == ["There"]
        assert seats_sold(date(2026, 11, 21)) == 4

    @pytest.mark.parametrize("seed", range(3))
    def test_equal_plain_sums_over_the_rows(self, seed: int) -> None:
        chance = Random(seed)
        zones = ("Asia/Kolkata", "America/New_York", "Europe/London")
        # The night in which clocks go back in London.
        around = datetime(2026, 10, 25, 1, 0, tzinfo=UTC)
        shows = [
            make_cinema(time_zone=zone, starts_at=around + timedelta(days=day, hours=chance.randrange(24)))
            for zone in zones
            for day in range(3)
        ]
        sell_at_random(chance, shows, count=60, around=around)
        scope = Scope(date(2026, 10, 24), date(2026, 10, 26))

        report = collect(scope)

        assert_equals_plain_sums(report, scope)


def day_of(moment: datetime, show: Show) -> date:
    return moment.astimezone(ZoneInfo(show.screen.theatre.time_zone)).date()


def assert_equals_plain_sums(report: Mapping[str, Any], scope: Scope) -> None:
    """Add everything up again, a row at a time, knowing nothing of how the report does it."""
    mine, sales = sales_by_hand(scope), report["sales"]
    for name, key in (("days", "day"), ("movies", "movie"), ("shows", "show"), ("categories", "category")):
        theirs = {line.pop(key): +Counter(sums_of(line)) for line in lines(sales[name])}
        assert {label: sums for label, sums in theirs.items() if sums} == mine[name], name
        for column in ("seats", "paise", "back_seats", "back_paise"):
            assert sum(sums[column] for sums in theirs.values()) == sales["total"][column], (name, column)
    assert +Counter(report["funnel"]) == funnel_by_hand(scope)
    settled, total = settled_by_hand(scope), report["settlement"]["total"]
    assert {name: total[name] for name in settled} == dict(settled)
    assert total["net_paise"] == settled["captured_paise"] - settled["refunded_paise"] - settled["fees_paise"]
    fates = lines(report["settlement"]["fates"])
    assert sum(line["captured_paise"] for line in fates) == total["captured_paise"]
    assert report["settlement"]["unearned_paise"] == 0


def sales_by_hand(scope: Scope) -> dict[str, dict[Any, Counter[str]]]:
    """Sums by table and label."""
    found = {name: defaultdict[Any, Counter[str]](Counter) for name in ("days", "movies", "shows", "categories")}
    for booking in Booking.objects.filter(confirmed_at__isnull=False).select_related("show__movie"):
        moves = {"": booking.confirmed_at, "back_": booking.ended_at if booking.status == "cancelled" else None}
        for prefix, moment in moves.items():
            if moment and scope.from_day <= (day := day_of(moment, booking.show)) <= scope.to_day:
                add_by_hand(found, booking, day, prefix)
    return {name: dict(sums) for name, sums in found.items()}


def add_by_hand(found: dict[str, defaultdict[Any, Counter[str]]], booking: Booking, day: date, prefix: str) -> None:
    seats = [claim.seat_index for claim in booking.claims.all()]
    labels = {"days": day.isoformat(), "movies": booking.show.movie.title, "shows": booking.show_id}
    for name, label in labels.items():
        found[name][label].update(
            {f"{prefix}bookings": 1, f"{prefix}seats": len(seats), f"{prefix}paise": sum(map(price_of, seats))}
        )
    for seat in seats:
        category = "balcony" if seat >= 16 else "stalls"
        found["categories"][category].update({f"{prefix}seats": 1, f"{prefix}paise": price_of(seat)})


def funnel_by_hand(scope: Scope) -> Counter[str]:
    """Holds by what became of them."""
    funnel = Counter[str]()
    for booking in Booking.objects.select_related("show__screen__theatre"):
        if scope.from_day <= day_of(booking.created_at, booking.show) <= scope.to_day:
            after = "after" if booking.checkout_at else "before"
            fate = "paid" if booking.confirmed_at else f"{booking.status.replace('cancelled', 'given_up')}_{after}"
            funnel.update(["held", fate, *(["checkout"] if booking.checkout_at else [])])
    return funnel


def settled_by_hand(scope: Scope) -> Counter[str]:
    """Sums of the ledger."""
    settled = Counter[str]()
    for entry in LedgerEntry.objects.select_related("booking__show__screen__theatre", "payment"):
        assert entry.booking is not None
        if scope.from_day <= day_of(entry.at, entry.booking.show) <= scope.to_day:
            settled[f"{entry.kind}_paise"] += abs(entry.amount_paise)
            settled["fees_paise"] += (entry.payment.fee_paise or 0) if entry.kind == "captured" else 0
    return settled


def sums_of(line: Mapping[str, Any]) -> dict[str, int]:
    return {name: line[name] for name in SOLD if name in line}


class TestOccupancy:
    def test_is_of_the_shows_that_start_in_the_period(self) -> None:
        tonight, cancelled = (make_cinema(starts_at=MIDNIGHT + timedelta(hours=20)) for _ in range(2))
        Show.objects.filter(pk=cancelled.pk).update(status="cancelled")
        tomorrow = make_cinema(starts_at=MIDNIGHT + timedelta(hours=24))
        sell(tonight, at=MIDNIGHT, seats=[0, 1, 2])
        sell(tomorrow, at=MIDNIGHT, seats=[0])
        hold(tonight, at=MIDNIGHT, seats=[5], status="pending")
        SeatClaim.objects.create(show=tonight, seat_index=9, kind="block")

        occupancy = report_of(date(2026, 11, 21))["occupancy"]

        assert occupancy["total"] == {"shows": 1, "seats": 24, "booked": 3, "blocked": 1}
        assert lines(occupancy["weekdays"]) == [
            {"weekday": "Saturday", "shows": 1, "seats": 24, "booked": 3, "blocked": 1}
        ]
        assert lines(occupancy["hours"])[0]["hour"] == "20:00"


class TestTheFunnel:
    def test_does_not_count_twice_who_changed_seats(self) -> None:
        show = make_cinema(starts_at=MIDNIGHT + timedelta(days=9))
        hold(show, at=MIDNIGHT, seats=[], status="cancelled", cancel_reason="changed", ended_at=MIDNIGHT)
        hold(show, at=MIDNIGHT + timedelta(minutes=1), seats=[0], status="pending")

        funnel = report_of(date(2026, 11, 21))["funnel"]

        assert (funnel["held"], funnel["open"]) == (1, 1)


class TestSettlement:
    @with_and_without_guard
    def test_tells_when_money_and_seats_do_not_agree(self, guarded: bool) -> None:
        show = make_cinema(starts_at=MIDNIGHT + timedelta(days=9))
        booking = sell(show, at=MIDNIGHT, seats=[0])
        if not guarded:
            SeatClaim.objects.filter(booking=booking).update(price_paise=19_900)

        settlement = report_of(date(2026, 11, 21))["settlement"]

        assert settlement["unearned_paise"] == (0 if guarded else 100)

    def test_has_money_of_no_booking_in_the_report_of_all_theatres(self) -> None:
        show = make_cinema(starts_at=MIDNIGHT + timedelta(days=9))
        payment = Payment.objects.create(
            id="pay_nobody", amount_paise=700, currency="INR", rank=3, resolution="manual"
        )
        book(payment, "captured", 700, MIDNIGHT)

        everywhere = report_of(date(2026, 11, 21))["settlement"]
        there = report_of(date(2026, 11, 21), show.screen.theatre.slug)["settlement"]

        assert (everywhere["total"]["captured_paise"], there["total"]["captured_paise"]) == (700, 0)
        assert lines(everywhere["fates"])[0]["fate"] == "Waits for a person"

    def test_lists_refunds_by_where_they_are(self) -> None:
        show = make_cinema(starts_at=MIDNIGHT + timedelta(days=9))
        sell(show, at=MIDNIGHT, seats=[0, 1], returned_at=MIDNIGHT + timedelta(hours=1))

        refunds = report_of(date(2026, 11, 21))["refunds"]

        assert refunds["total"] == {"refunds": 1, "paise": 40_000}
        assert lines(refunds["table"])[0]["status"] == "processed"

    @pytest.mark.parametrize(
        ("ours", "theirs", "counted"),
        [
            # Somebody was faster in the dashboard: ours ended without being made.
            ([("processed", None)], ["processed"], 1),
            # His failed, and ours made it good.
            ([("processed", "rfnd_ours")], ["failed"], 1),
            ([("processed", None), ("processed", "rfnd_ours")], ["failed"], 1),
            ([("failed", "rfnd_first"), ("failed", "rfnd_second")], [], 1),
            # It was said to have failed and went through after all, as did its successor.
            ([("processed", "rfnd_first"), ("processed", "rfnd_second")], [], 2),
        ],
    )
    def test_counts_money_that_goes_back_once(
        self, ours: list[tuple[str, str | None]], theirs: list[str], counted: int
    ) -> None:
        show = make_cinema(starts_at=MIDNIGHT + timedelta(days=9))
        sell(show, at=MIDNIGHT, seats=[0])
        payment = Payment.objects.get()
        common = {"payment": payment, "amount_paise": 20_000, "created_at": MIDNIGHT}
        for attempt, (status, name) in enumerate(ours, 1):
            Refund.objects.create(
                **common, attempt=attempt, idempotency_key=f"key-{attempt}", razorpay_id=name, status=status
            )
        for status in theirs:
            Refund.objects.create(**common, idempotency_key="rfnd_theirs", razorpay_id="rfnd_theirs", status=status)

        refunds = report_of(date(2026, 11, 21))["refunds"]

        assert refunds["total"] == {"refunds": counted, "paise": counted * 20_000}


class TestTheSnapshot:
    def test_sees_nothing_that_happens_meanwhile_and_changes_nothing(self) -> None:
        from django.db import InternalError

        show = make_cinema(starts_at=MIDNIGHT + timedelta(days=9))
        sell(show, at=MIDNIGHT, seats=[0])
        scope = Scope(date(2026, 11, 21), date(2026, 11, 21))
        sales = all_sections()[0]
        with snapshot() as moment, moment.cursor() as cursor:
            before = sales.collect(cursor, scope)
            sell(show, at=MIDNIGHT, seats=[1])
            assert sales.collect(cursor, scope) == before
            with moment.cursor() as another:
                assert sales.collect(another, scope) == before
            with pytest.raises(InternalError, match="read-only"):
                cursor.execute("DELETE FROM bookings_seatclaim")

        assert seats_sold(date(2026, 11, 21)) == 2
