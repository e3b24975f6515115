"""Money: what people read and type, totals, and prices that fit a screen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookings.domain.pricing import (
    PRICE_PAISE_MAX,
    PRICE_PAISE_MIN,
    PriceMapInvalid,
    by_price,
    check_prices,
    format_inr,
    parse_inr,
    total_paise,
)


class TestFormatInr:
    @pytest.mark.parametrize(
        ("amount_paise", "text"),
        [
            (0, "₹0"),
            (5, "₹0.05"),
            (100, "₹1"),
            (9_950, "₹99.50"),
            (99_900, "₹999"),
            (125_000, "₹1,250"),
            (9_999_999, "₹99,999.99"),
            (10_000_000, "₹1,00,000"),
            (123_456_700, "₹12,34,567"),
            (1_234_567_800, "₹1,23,45,678"),
            (-125_000, "-₹1,250"),
        ],
    )
    def test_groups_like_india_and_hides_paise_that_are_zero(self, amount_paise, text):
        assert format_inr(amount_paise) == text

    @given(st.integers(0, 10**12))
    def test_is_read_back_as_the_same_amount(self, amount_paise):
        assert parse_inr(format_inr(amount_paise)) == amount_paise


class TestParseInr:
    @pytest.mark.parametrize(
        ("text", "amount_paise"), [("250", 25_000), (" ₹ 1,250 ", 125_000), ("99.50", 9_950), ("0.05", 5)]
    )
    def test_reads_what_people_type(self, text, amount_paise):
        assert parse_inr(text) == amount_paise

    @pytest.mark.parametrize("text", ["", "free", "-5", "1.5", "1.505", "1e3", ",5", "५0a"])
    def test_refuses_what_is_not_whole_paise(self, text):
        with pytest.raises(ValueError, match="is not an amount in rupees"):
            parse_inr(text)


class TestTotalPaise:
    def test_adds_one_price_for_each_seat(self):
        assert total_paise({"gold": 35_000, "silver": 20_050}, ["gold", "silver", "gold"]) == 90_050

    def test_of_no_seats_is_nothing(self):
        assert total_paise({"gold": 35_000}, []) == 0

    def test_refuses_a_seat_without_a_price(self):
        with pytest.raises(KeyError):
            total_paise({"gold": 35_000}, ["silver"])


class TestByPrice:
    def test_goes_from_cheap_to_dear_and_by_name_among_equals(self):
        prices = {"lounge": 48_000, "silver": 22_000, "gold": 29_000, "balcony": 22_000}

        assert list(by_price(prices).items()) == [
            ("balcony", 22_000),
            ("silver", 22_000),
            ("gold", 29_000),
            ("lounge", 48_000),
        ]


class TestCheckPrices:
    def test_accepts_one_price_in_range_for_each_category(self):
        check_prices({"gold": PRICE_PAISE_MIN, "silver": PRICE_PAISE_MAX}, ["gold", "gold", "silver"])

    def test_names_missing_and_unknown_categories_together(self):
        with pytest.raises(PriceMapInvalid) as refused:
            check_prices({"gold": 35_000, "platinum": 50_000}, ["gold", "silver", "lounge"])

        assert refused.value.missing == ("silver", "lounge")
        assert refused.value.unknown == ("platinum",)
        assert str(refused.value) == "no price for silver, lounge; this screen has no category platinum"

    @pytest.mark.parametrize("price", [PRICE_PAISE_MIN - 1, PRICE_PAISE_MAX + 1, 0, -100, 250.0, "25000", None, True])
    def test_refuses_an_amount_that_is_no_price(self, price):
        with pytest.raises(PriceMapInvalid) as refused:
            check_prices({"gold": price}, ["gold"])

        assert refused.value.out_of_range == ("gold",)
        assert "₹1 to ₹1,00,000" in str(refused.value)
