"""How seats are laid out on the page: pure, so small houses say it all."""

from dataclasses import dataclass

import pytest

from frontend.seating import TINTS, categories_of, plan_of


@dataclass(frozen=True)
class Seat:
    index: int
    label: str
    row: str
    number: int
    x: int
    y: int
    kind: str
    category: str
    price_paise: int


PRICES = {"silver": 22_000, "gold": 32_000, "lounge sofa": 55_000}


def house(*rows: str, category: str = "gold") -> list[Seat]:
    """Rows of places: s standard, ( ) sofa, w wheelchair, a dot an aisle; an empty row is a cross aisle."""
    kinds = {"s": "standard", "(": "sofa", ")": "sofa", "w": "wheelchair", "r": "recliner"}
    seats: list[Seat] = []
    for y, places in enumerate(rows):
        number = 0
        for x, place in enumerate(places):
            if place == ".":
                continue
            number += 1
            row = "ABCDEFGH"[y]
            seats.append(
                Seat(len(seats), f"{row}{number}", row, number, x, y, kinds[place], category, PRICES[category])
            )
    return seats


class TestPlan:
    def test_draws_each_seat_once_in_its_row(self):
        plan = plan_of(house("s.ss", "ssss"), states="A" * 7)

        rows = plan.sections[0].rows
        assert [[seat.label for seat in row.seats] for row in rows] == [
            ["A1", "A2", "A3"],
            ["B1", "B2", "B3", "B4"],
        ]
        assert [seat.x for seat in rows[0].seats] == [0, 2, 3]
        assert plan.columns == 4

    def test_keeps_a_cross_aisle_as_a_gap(self):
        plan = plan_of(house("ss", "", "ss"), states="AAAA")

        assert [row.gap_rows for row in plan.sections[0].rows] == [0, 1]

    def test_says_what_each_state_means(self):
        plan = plan_of(house("ssss"), states="AHBX")

        names = [seat.name for seat in plan.sections[0].rows[0].seats]
        assert names == [
            "A1, Gold, ₹320, available",
            "A2, Gold, ₹320, held by someone",
            "A3, Gold, ₹320, booked",
            "A4, Gold, ₹320, not for sale",
        ]

    def test_shows_my_seats_as_mine_whatever_the_map_says(self):
        plan = plan_of(house("sss"), states="AHH", mine=["A2"])

        assert [seat.state for seat in plan.sections[0].rows[0].seats] == ["available", "mine", "held"]

    def test_knows_nothing_without_a_picture(self):
        plan = plan_of(house("ss"), states=None)

        assert {seat.state for seat in plan.sections[0].rows[0].seats} == {"unknown"}
        assert not plan.has_blocked

    def test_joins_the_halves_of_a_sofa(self):
        plan = plan_of(house("()s()()"), states="A" * 7)

        shapes = [seat.shape for seat in plan.sections[0].rows[0].seats]
        assert shapes == [
            "sofa-left",
            "sofa-right",
            "standard",
            "sofa-left",
            "sofa-right",
            "sofa-left",
            "sofa-right",
        ]

    def test_opens_a_section_where_the_price_changes(self):
        front = house("ss", category="silver")
        back = [
            Seat(2 + seat.index, f"B{seat.number}", "B", seat.number, seat.x, 1, "recliner", "gold", 32_000)
            for seat in house("ss")
        ]

        plan = plan_of([*front, *back], states="AAAA")

        assert [(section.category.key, len(section.rows)) for section in plan.sections] == [
            ("silver", 1),
            ("gold", 1),
        ]

    def test_gives_a_legend_line_only_to_kinds_no_category_is_made_of(self):
        recliners = house("rr", category="lounge sofa")
        mixed = [
            Seat(2 + seat.index, f"B{seat.number}", "B", seat.number, seat.x, 1, seat.kind, "gold", 32_000)
            for seat in house("wss")
        ]

        plan = plan_of([*recliners, *mixed], states="AAAAA")

        assert plan.extra_kinds == ["wheelchair"]

    @pytest.mark.parametrize("rows", [1, 10, 60])
    def test_is_deeper_with_more_rows(self, rows):
        seats = [Seat(y, f"A{y}", "A", y, 0, y, "standard", "gold", 100) for y in range(rows)]

        depth = plan_of(seats, states="A" * rows).depth

        assert rows < depth <= rows + 4


class TestCategories:
    def test_go_from_the_screen_back_as_on_the_map_whatever_they_cost(self):
        rows = [("silver", 2), ("lounge sofa", 0), ("gold", 1)]
        seats = [Seat(y, f"A{y}", "A", 1, 0, y, "standard", key, PRICES[key]) for key, y in rows]

        assert [(each.name, each.tint) for each in categories_of(seats)] == [
            ("Lounge sofa", 1),
            ("Gold", 2),
            ("Silver", 3),
        ]
        sections = plan_of(seats, states="AAA").sections
        assert [section.category for section in sections] == categories_of(seats)

    def test_begin_again_at_the_first_tint_when_there_are_many(self):
        seats = [Seat(at, f"A{at}", "A", at, at, 0, "standard", f"c{at:02d}", 100 + at) for at in range(TINTS + 1)]

        assert [each.tint for each in categories_of(seats)] == [1, 2, 3, 4, 5, 1]

    def test_look_like_most_of_their_seats(self):
        assert [each.kind for each in categories_of(house("()()s"))] == ["sofa"]
        assert [each.kind for each in categories_of(house("sss()"))] == ["standard"]
