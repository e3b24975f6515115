"""The pages of a booking as Django answers them: whose they are, where they lead, what they say and do not say."""

import json
import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as house_settings
from django.contrib.auth import get_user_model
from django.test import Client
from pytest_django import Settings

from bookings.api import HOLDER_COOKIE, issue_holder, read_holder
from bookings.models import Booking, SeatClaim, Show
from payments.api import get_refund_terms, get_returned_paise
from payments.models import Payment, Refund, RefundPolicy
from tests.support.cinema import make_movie, make_show

pytestmark = pytest.mark.usefixtures("database")

Make = Callable[..., Booking]

EVIL = '"><script>alert(1)</script>'


@pytest.fixture(autouse=True)
def _collected(settings: Settings, tmp_path: Path) -> None:
    """A folder of static files, without which WhiteNoise warns outside DEBUG."""
    settings.STATIC_ROOT = tmp_path


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  (a test stands where an interface does)


class Visitor(Client):
    """Somebody with a holder's cookie."""

    def __init__(self) -> None:
        super().__init__()
        token = issue_holder()
        self.holder = read_holder(token) or ""
        self.cookies[HOLDER_COOKIE] = token


@pytest.fixture
def visitor() -> Visitor:
    return Visitor()


@pytest.fixture
def make(visitor: Visitor) -> Make:
    """Call it for a booking of the visitor's: two seats for ₹500, held for ten minutes unless said otherwise."""

    def booking(*, show: Show | None = None, holder: str | None = None, **fields: Any) -> Booking:
        show = show or make_show()
        values = {"status": "pending", "expires_at": now() + timedelta(minutes=10), **fields}
        if values["status"] in ("expired", "cancelled"):
            values.setdefault("ended_at", now())
        made = Booking.objects.create(id=uuid.uuid4(), show=show, holder=holder or visitor.holder, **values)
        SeatClaim.objects.bulk_create(
            SeatClaim(
                show=show, seat_index=seat, booking=made, price_paise=25_000, released_at=values.get("ended_at")
            )
            for seat in (0, 1)
        )
        return made

    return booking


def data_of(html: str, name: str) -> dict[str, Any]:
    """What the page hands its script."""
    found = re.search(rf'<script id="{name}" type="application/json">(.*?)</script>', html)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


class TestSomebodyElsesBooking:
    @pytest.mark.parametrize("status", ["pending", "confirmed", "expired", "cancelled"])
    @pytest.mark.parametrize("path", ["/bookings/{}/", "/bookings/{}/pay/"])
    def test_does_not_exist(self, make: Make, path: str, status: str) -> None:
        booking = make(status=status)

        for stranger in (Client(), Visitor()):
            reply = stranger.get(path.format(booking.pk))
            unknown = stranger.get(path.format(uuid.uuid4()))
            assert reply.status_code == unknown.status_code == 404
            assert str(booking.pk) not in reply.content.decode()

    def test_is_not_in_my_list(self, make: Make, visitor: Visitor) -> None:
        theirs = make(holder="somebody", status="confirmed")

        assert str(theirs.pk) not in visitor.get("/my/bookings/").content.decode()

    def test_is_no_better_for_who_is_signed_in(self, make: Make) -> None:
        booking = make(status="confirmed")
        manager = Visitor()
        manager.force_login(get_user_model().objects.create_superuser("manager", password="a-long-password"))

        assert manager.get(f"/bookings/{booking.pk}/").status_code == 404


class TestThePaymentPage:
    def test_shows_what_is_bought_until_when_and_for_how_much(self, make: Make, visitor: Visitor) -> None:
        booking = make()

        html = visitor.get(f"/bookings/{booking.pk}/pay/").content.decode()

        assert booking.show.movie.title in html
        assert booking.show.screen.theatre.name in html
        assert "A1 and A2" in html
        assert "Pay ₹500" in html
        data = data_of(html, "pay-data")
        assert data["expires_ms"] == round(booking.expires_at.timestamp() * 1000)
        assert data["refresh_policy"] == "cancel"

    def test_passes_the_houses_policy_on(self, make: Make, visitor: Visitor, settings: Settings) -> None:
        settings.REFRESH_POLICY = "resume"

        html = visitor.get(f"/bookings/{make().pk}/pay/").content.decode()

        assert data_of(html, "pay-data")["refresh_policy"] == "resume"

    @pytest.mark.parametrize(
        "fields",
        [
            {"status": "confirmed"},
            {"status": "expired"},
            {"status": "cancelled", "cancel_reason": "user"},
            {"expires_at": now() - timedelta(seconds=1)},
        ],
        ids=["confirmed", "expired", "cancelled", "past-its-time"],
    )
    def test_leads_on_when_there_is_nothing_to_pay(self, make: Make, visitor: Visitor, fields: Any) -> None:
        booking = make(**fields)

        reply = visitor.get(f"/bookings/{booking.pk}/pay/")

        assert (reply.status_code, reply["Location"]) == (302, f"/bookings/{booking.pk}/")
        assert visitor.get(reply["Location"]).status_code == 200

    def test_is_kept_nowhere_and_lets_banks_windows_report_back(self, make: Make, visitor: Visitor) -> None:
        reply = visitor.get(f"/bookings/{make().pk}/pay/")

        assert "no-store" in reply["Cache-Control"]
        assert reply["Cross-Origin-Opener-Policy"] == "same-origin-allow-popups"

    def test_knows_the_buyer_from_the_account(self, make: Make, visitor: Visitor) -> None:
        user = get_user_model().objects.create_user("asha", "asha@example.org", first_name="Asha", last_name="Rao")
        visitor.force_login(user)

        html = visitor.get(f"/bookings/{make().pk}/pay/").content.decode()

        assert 'value="Asha Rao"' in html
        assert 'value="asha@example.org"' in html

    def test_knows_the_buyer_from_an_attempt_before(self, make: Make, visitor: Visitor) -> None:
        booking = make(checkout_at=now(), buyer_name="Ravi", buyer_email="ravi@example.org", buyer_phone="9876543210")

        html = visitor.get(f"/bookings/{booking.pk}/pay/").content.decode()

        for known in ("Ravi", "ravi@example.org", "9876543210"):
            assert f'value="{known}"' in html


class TestEveryPageOfABooking:
    @pytest.fixture(params=["pending", "confirmed", "expired", "cancelled"])
    def pages(self, request: pytest.FixtureRequest, make: Make, visitor: Visitor) -> list[str]:
        """What the visitor sees of a booking, everywhere."""
        show = make_show(movie=make_movie(title=EVIL))
        booking = make(
            show=show, status=request.param, checkout_at=now(), buyer_name=EVIL, buyer_email=EVIL, cancel_reason=EVIL
        )
        paths = (f"/bookings/{booking.pk}/", f"/bookings/{booking.pk}/pay/", "/my/bookings/")
        return [visitor.get(path, follow=True).content.decode() for path in paths]

    def test_hides_what_is_secret(self, pages: list[str]) -> None:
        secrets = [house_settings.SECRET_KEY, house_settings.RAZORPAY_KEY_SECRET]

        for html in pages:
            for secret in (*secrets, *house_settings.RAZORPAY_WEBHOOK_SECRETS):
                assert secret
                assert secret not in html

    def test_runs_nothing_that_somebody_typed_and_nothing_inline(self, pages: list[str]) -> None:
        for html in pages:
            assert "<script>alert" not in html
            assert " style=" not in html
            assert " onclick=" not in html
            for script in html.split("<script")[1:]:
                tag = script.split(">")[0]
                assert "src=" in tag or 'type="application/json"' in tag, tag


class TestMyBookings:
    def test_lists_what_is_held_booked_or_was_nearly_paid(self, make: Make, visitor: Visitor) -> None:
        held, booked = make(), make(status="confirmed")
        nearly = make(status="cancelled", cancel_reason="dismiss", checkout_at=now())
        let_go, moved = make(status="expired"), make(status="cancelled", cancel_reason="changed", checkout_at=now())

        html = visitor.get("/my/bookings/").content.decode()

        assert f"/bookings/{held.pk}/pay/" in html
        assert f"/bookings/{booked.pk}/" in html
        assert f"/bookings/{nearly.pk}/" in html
        assert str(let_go.pk) not in html
        assert str(moved.pk) not in html

    def test_says_so_when_there_are_none(self, visitor: Visitor) -> None:
        assert "Nothing booked yet" in visitor.get("/my/bookings/").content.decode()


AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


class TestTheTermsOfARefund:
    @pytest.mark.parametrize(
        ("hours", "paise", "changes_at_hours"), [(48, 50_000, 24), (10, 25_000, 2), (1, 0, None), (-1, 0, None)]
    )
    def test_are_the_houses_unless_the_theatre_has_its_own(
        self, hours: int, paise: int, changes_at_hours: int | None
    ) -> None:
        starts = AT + timedelta(hours=hours)

        terms = get_refund_terms(theatre_slug="nowhere", amount_paise=50_000, starts_at=starts, now=AT)

        assert terms.paise == paise
        assert terms.until == (None if changes_at_hours is None else starts - timedelta(hours=changes_at_hours))

    def test_of_a_theatre_are_its_own(self) -> None:
        theatre = make_show().screen.theatre
        RefundPolicy.objects.create(theatre=theatre, full_until_hours=4, share_until_hours=1, share_percent=20)

        terms = get_refund_terms(
            theatre_slug=theatre.slug, amount_paise=50_000, starts_at=AT + timedelta(hours=3), now=AT
        )

        assert terms.paise == 10_000
        assert terms.until == AT + timedelta(hours=2)


class TestWhatGoesBack:
    def test_is_what_was_asked_for_and_not_what_failed(self, make: Make) -> None:
        booking = make(status="cancelled", cancel_reason="returned", refund="due")
        payment = Payment.objects.create(
            id="pay_IluGWxBm9U8zJ8", booking=booking, amount_paise=50_000, currency="INR", rank=3,
            resolution="refund_due",
        )  # fmt: skip
        assert get_returned_paise(str(booking.pk)) == 50_000

        for attempt, status in ((1, "failed"), (2, "pending")):
            Refund.objects.create(
                payment=payment, attempt=attempt, idempotency_key=f"key-{attempt}", amount_paise=20_000, status=status
            )

        assert get_returned_paise(str(booking.pk)) == 20_000

    def test_is_nothing_of_a_payment_that_the_cinema_keeps(self, make: Make) -> None:
        booking = make(status="confirmed")
        Payment.objects.create(
            id="pay_IluGWxBm9U8zJ8", booking=booking, amount_paise=50_000, currency="INR", rank=3,
            resolution="applied",
        )  # fmt: skip

        assert get_returned_paise(str(booking.pk)) == 0
