"""The stylesheets and the layout limits have to agree: a seat without a column rule would stand at the left edge."""

import re
from pathlib import Path

from bookings.domain.layout import COLUMNS_MAX
from frontend.seating import DEPTH_MAX, TINTS

CSS = Path(__file__).parents[2] / "frontend" / "static" / "frontend" / "css"


class TestNumbers:
    def test_reach_as_far_as_the_widest_and_deepest_layout(self):
        rules = (CSS / "numbers.css").read_text()

        numbers = {int(number) for number in re.findall(r"\.n(\d+)\{--n:\1\}", rules)}

        assert numbers >= set(range(max(COLUMNS_MAX, DEPTH_MAX) + 1))

    def test_come_with_a_tint_for_each_category(self):
        rules = (CSS / "seat.css").read_text()

        assert {int(number) for number in re.findall(r"\.t(\d) \{", rules)} == set(range(1, TINTS + 1))
