"""manage.py seed_demo on real PostgreSQL: a cinema worth showing, once, and a week ahead for ever."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.contrib.auth import authenticate, get_user_model
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.db.models import Count, F, Q
from django.test.utils import CaptureQueriesContext

from bookings.api import with_box_office
from bookings.domain.layout import SeatKind
from bookings.models import Booking, Layout, Movie, Screen, SeatClaim, Show, Theatre
from bookings.selectors import catalogue
from bookings.services.catalogue import import_layout
from bookings.services.demo_cinema import Seeded, seed_demo
from frontend.letters.reminders import write_reminders_down
from frontend.models import Letter
from payments.services.ledger import reckon_up
from tests.support.cinema import hall_text
from tests.support.staff import EVER

pytestmark = pytest.mark.usefixtures("database")

# An afternoon in India, with shows on the screens.
NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def claims_of(show: Show) -> list[tuple[int, str, int]]:
    claims = show.claims.filter(released_at=None).order_by("seat_index")
    return list(claims.values_list("seat_index", "kind", "price_paise"))


class TestFirstRun:
    def test_makes_a_cinema_with_a_week_of_shows_partly_sold(self):
        seeded = seed_demo(now=NOW)

        assert (seeded.theatres, seeded.movies) == (3, 12)
        assert Screen.objects.count() == 8
        assert seeded.shows == Show.objects.count() > 250
        assert seeded.bookings == Booking.objects.filter(status="confirmed").count() > 1000
        assert not Show.objects.filter(ends_at__lte=NOW).exists()
        assert Show.objects.filter(starts_at__lte=NOW, ends_at__gt=NOW).exists()
        days = {show.local_date for show in catalogue.list_shows(now=NOW)}
        assert len(days) == 8
        shows = Show.objects.annotate(taken=Count("claims", filter=Q(claims__released_at=None))).select_related(
            "layout"
        )
        left = {show.pk: len(show.layout.seats) - show.taken for show in shows}
        assert sum(seats == 0 for seats in left.values()) >= 7
        assert sum(seats == 3 for seats in left.values()) >= 7
        assert sum(show.taken < len(show.layout.seats) * 0.2 for show in shows) >= 30

    def test_claims_seats_as_if_they_had_been_booked_and_blocked(self):
        seed_demo(now=NOW)

        show = Show.objects.select_related("layout").filter(screen__name="Grand Hall").first()
        assert show is not None
        house = {seat["index"] for seat in show.layout.seats if seat["kind"] == SeatKind.HOUSE}
        blocked = dict(show.claims.filter(kind="block").values_list("seat_index", "reason"))
        assert house <= set(blocked)
        assert all(blocked.values())
        for index, kind, price_paise in claims_of(show):
            expected = show.prices[show.layout.seats[index]["category"]] if kind == "booking" else 0
            assert price_paise == expected
        assert not Booking.objects.filter(created_at__gt=NOW).exists()
        assert not Booking.objects.exclude(expires_at__gt=F("created_at")).exists()
        assert not Booking.objects.exclude(confirmed_at__gt=F("created_at"), ended_at=None).exists()
        assert not Booking.objects.filter(claims=None).exists()
        assert not SeatClaim.objects.exclude(Q(kind="block") | Q(booking__show=F("show"))).exists()
        booking = Booking.objects.first()
        assert booking is not None
        assert booking.id.version == 7


class TestAnAudienceThatPaidAtTheCounter:
    @pytest.mark.parametrize("paid_online", [False, True], ids=["guarded", "unguarded"])
    def test_owes_the_books_nothing(self, paid_online: bool):
        """The ledger's daily check alerts staff of every checkout that was confirmed without a payment."""
        seed_demo(now=NOW)
        if paid_online:
            Booking.objects.update(checkout_at=NOW)

        reckoning = with_box_office(lambda office: reckon_up(office.works, EVER))

        assert (reckoning.breaches == []) is not paid_online

    def test_is_not_written_to(self):
        """Nobody left an address; letters that nobody can send would be listed as failures."""
        seed_demo(now=NOW)
        coming = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
        assert Booking.objects.filter(show__starts_at__gt=coming, confirmed_at__lt=NOW).exists()

        write_reminders_down(now=coming)

        assert not Letter.objects.exists()


class TestNextRuns:
    def test_add_only_the_day_that_came_into_reach_and_ask_little(self):
        seed_demo(now=NOW)
        with CaptureQueriesContext(connection) as queries:
            again = seed_demo(now=NOW + timedelta(hours=2))

        assert again == Seeded()
        assert len(queries) <= 12

        before = set(Show.objects.values_list("pk", flat=True))

        seeded = seed_demo(now=NOW + timedelta(days=1))

        added = Show.objects.exclude(pk__in=before)
        assert seeded.shows == added.count()
        assert (seeded.theatres, seeded.movies) == (0, 0)
        listed = {show.id: show for show in catalogue.list_shows(now=NOW, date=(NOW + timedelta(days=8)).date())}
        assert set(added.values_list("pk", flat=True)) == set(listed)

    def test_leave_alone_what_a_manager_changed(self):
        seed_demo(now=NOW)
        Movie.objects.filter(slug="neon-kaveri").update(title="Neon Kaveri (director’s cut)")
        Theatre.objects.filter(slug="lantern-house").update(name="Lantern House Heritage")
        snug = Screen.objects.get(name="The Snug")
        import_layout(snug, hall_text())
        untouched = SeatClaim.objects.count()

        seed_demo(now=NOW)

        assert Movie.objects.get(slug="neon-kaveri").title == "Neon Kaveri (director’s cut)"
        assert Theatre.objects.get(slug="lantern-house").name == "Lantern House Heritage"
        assert Layout.objects.filter(screen=snug).count() == 2
        assert SeatClaim.objects.count() == untouched

        # His drawing has other categories than our prices, so the screen's further days are his too.
        seed_demo(now=NOW + timedelta(days=1))

        assert not Show.objects.filter(screen=snug, starts_at__gt=NOW + timedelta(days=8)).exists()

    def test_sell_the_same_seats_in_every_database(self):
        seed_demo(now=NOW)
        first = {str(show): claims_of(show) for show in Show.objects.filter(screen__name="Audi 2")}
        SeatClaim.objects.all().delete()
        Booking.objects.all().delete()
        Show.objects.all().delete()

        seed_demo(now=NOW)

        assert {str(show): claims_of(show) for show in Show.objects.filter(screen__name="Audi 2")} == first


class TestCommand:
    def test_makes_the_demo_login_in_development_or_on_request_and_never_resets_it(self, settings):
        users = get_user_model().objects

        settings.DEBUG = False
        assert seeding_says().startswith("Added 3 theatres, 12 movies, ")
        assert not users.exists()

        assert "manager, boxoffice, accountant, usher, programmer / housefull-demo" in seeding_says(
            "--with-demo-logins"
        )
        roles = {user.username: [group.name for group in user.groups.all()] for user in users.all()}
        assert roles == {
            "manager": ["Manager"],
            "boxoffice": ["Box office"],
            "accountant": ["Accountant"],
            "usher": ["Usher"],
            "programmer": ["Programmer"],
        }
        manager = authenticate(username="manager", password="housefull-demo")
        assert isinstance(manager, User)
        assert manager.is_staff
        assert not manager.is_superuser

        manager.set_password("changed")
        manager.save()
        assert seeding_says("--with-demo-logins") == "The demo cinema is complete; nothing to add.\n"
        assert authenticate(username="manager", password="changed") is not None

        users.all().delete()
        settings.DEBUG = True
        assert "Admin logins: manager, " in seeding_says()


def seeding_says(*arguments: str) -> str:
    said = StringIO()
    call_command("seed_demo", *arguments, stdout=said)
    return said.getvalue()
