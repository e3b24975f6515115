"""What the page of a booking says about its end and about its money."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bookings.api import BookingView, Status
from frontend.booking_words import listed, refund_words, story_of, terms_words

EXPIRED = BookingView(
    booking="0192f0c1-2345-7abc-8def-0123456789ab",
    show_id=24,
    status=Status.EXPIRED,
    refund=None,
    seats=("F7", "F8"),
    amount_paise=125_000,
    currency="INR",
    expires_ms=1_763_750_400_123,
    cancel_reason="",
    has_checked_out=False,
    buyer_name="",
    buyer_email="",
    buyer_phone="",
    created_at=datetime(2026, 11, 22, 14, 0, tzinfo=UTC),
    confirmed_at=None,
    ended_at=None,
)


def cancelled(reason: str, **changes: object) -> BookingView:
    return replace(EXPIRED, status=Status.CANCELLED, cancel_reason=reason, **changes)  # type: ignore[arg-type]


class TestTheEnd:
    @pytest.mark.parametrize(
        ("booking", "title", "words"),
        [
            (EXPIRED, "Your hold ended", "The time to pay was over"),
            (replace(EXPIRED, status=Status.PENDING), "Your hold ended", "The time to pay was over"),
            (cancelled("timer"), "Your hold ended", "The time to pay was over"),
            (cancelled("refresh"), "Booking cancelled", "was refreshed"),
            (cancelled("dismiss"), "Booking cancelled", "window was closed"),
            (cancelled("user"), "Booking cancelled", "You cancelled it"),
            (cancelled("returned"), "Booking cancelled", "You cancelled it"),
            (cancelled("released"), "Seats let go", "You let them go"),
            (cancelled("changed"), "You went back to the seats", "still held"),
            (cancelled("refunded outside"), "Booking ended", "paid your money back"),
            (cancelled("The projector broke."), "Cancelled by the cinema", "We are sorry"),
        ],
    )
    def test_says_what_happened(self, booking, title, words):
        story = story_of(booking, returned_paise=0)

        assert story.title == title
        assert words in story.happened

    def test_names_the_seats_that_are_free_again(self):
        assert "F7 and F8 went back on sale" in story_of(EXPIRED, returned_paise=0).happened

    def test_has_words_without_seats(self):
        assert "The seats went back" in story_of(replace(EXPIRED, seats=()), returned_paise=0).happened


class TestTheMoney:
    def test_of_a_hold_that_never_came_to_paying_is_untouched(self):
        assert story_of(EXPIRED, returned_paise=0).money == "Nothing was charged."

    def test_that_may_be_under_way_is_not_denied(self):
        story = story_of(cancelled("dismiss", has_checked_out=True), returned_paise=0)

        assert "as far as we know" in story.money
        assert "comes back by itself" in story.money
        assert "seats are confirmed" in story.money

    def test_that_came_too_late_says_why_it_goes_back(self):
        story = story_of(cancelled("timer", has_checked_out=True, refund="due"), returned_paise=125_000)

        assert story.money.startswith("Your payment came when the seats were gone already. ₹1,250 goes back")

    def test_of_a_booking_given_back_says_no_such_thing(self):
        story = story_of(cancelled("returned", has_checked_out=True, refund="due"), returned_paise=62_500)

        assert story.money.startswith("₹625 goes back to you")

    def test_that_the_policy_keeps_is_said(self):
        assert "nothing is paid back" in story_of(cancelled("returned", has_checked_out=True), returned_paise=0).money

    @pytest.mark.parametrize(
        ("refund", "words"),
        [("due", "goes back to you"), ("pending", "is on its way back"), ("refunded", "was paid back"),
         ("manual", "is owed to you")],
    )  # fmt: skip
    def test_has_words_for_each_place_it_can_be(self, refund, words):
        assert f"₹1,250 {words}" in refund_words(refund, 125_000)

    def test_has_none_where_nothing_goes_back(self):
        assert refund_words(None, 0) == ""


class TestTerms:
    @pytest.mark.parametrize(
        ("paise", "words"),
        [(125_000, "You get back ₹1,250, all that you paid."),
         (62_500, "You get back ₹625 of the ₹1,250 that you paid."),
         (0, "This close to the show, nothing is paid back.")],
    )  # fmt: skip
    def test_say_what_comes_back(self, paise, words):
        assert terms_words(paise=paise, amount_paise=125_000) == words


class TestSeats:
    @pytest.mark.parametrize(
        ("seats", "words"),
        [((), ""), (("F7",), "F7"), (("F7", "F8"), "F7 and F8"), (("F7", "F8", "F9"), "F7, F8 and F9")],
    )
    def test_are_listed_as_one_says_them(self, seats, words):
        assert listed(seats) == words
