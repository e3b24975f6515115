"""Letters and clean-up: they go when nobody needs them, half a year after the show."""

import time
from datetime import timedelta

import pytest

from bookings.api import find_addressee
from bookings.models import Booking, Show
from bookings.services.cleanup.run import clean_up
from frontend.letters.post import Wanted, write_down
from frontend.models import Letter
from tests.support.retention import ago
from tests.support.sales import make_cinema, sell

pytestmark = pytest.mark.usefixtures("database")


def letter_about(show: Show, *, seat: int = 0, **fields: object) -> int:
    booking = sell(show, at=show.starts_at - timedelta(days=1), seats=[seat])
    Booking.objects.filter(pk=booking.pk).update(buyer_email="asha@example.org")
    addressee = find_addressee(booking.pk)
    assert addressee is not None
    (number,) = write_down([Wanted(addressee, Letter.Kind.CONFIRMATION)])
    Letter.objects.filter(pk=number).update(**{"state": "failed", **fields})
    return number


def clean() -> int:
    return clean_up(asked_by="test", monotonic=time.monotonic).removed["letters"]


class TestCleanUp:
    def test_lets_letters_about_past_shows_go(self) -> None:
        letter_about(make_cinema(starts_at=ago(days=181)))
        young = letter_about(make_cinema(starts_at=ago(days=179)))

        assert clean() == 1
        assert list(Letter.objects.values_list("pk", flat=True)) == [young]

    @pytest.mark.parametrize("state", ["due", "sending"])
    def test_leaves_one_that_is_still_on_its_way(self, state: str) -> None:
        letter_about(make_cinema(starts_at=ago(days=400)), state=state)

        assert clean() == 0

    def test_leaves_those_of_a_buyer_whose_money_is_open(self) -> None:
        letter_about(make_cinema(starts_at=ago(days=400)))
        Booking.objects.update(refund="manual")

        assert clean() == 0
