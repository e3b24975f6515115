"""The stylesheets and the layout limits have to agree: a seat without a column rule would stand at the left edge."""

import re
from pathlib import Path

from bookings.domain.layout import COLUMNS_MAX
from frontend.seating import DEPTH_MAX, TINTS

CSS = Path(__file__).parents[2] / "frontend" / "static" / "frontend" / "css"


class TestPlaces:
    def test_cover_the_widest_and_deepest_layout(self):
        rules = (CSS / "places.css").read_text()

        columns = {int(number) for number in re.findall(r"\.x(\d+) \{ --x: \1; \}", rules)}
        widths = {int(number) for number in re.findall(r"\.w(\d+) \{ --columns: \1; \}", rules)}
        depths = {int(number) for number in re.findall(r"\.d(\d+) \{ --depth: \1; \}", rules)}

        assert columns == set(range(COLUMNS_MAX))
        assert widths == set(range(1, COLUMNS_MAX + 1))
        assert depths == set(range(1, DEPTH_MAX + 1))

    def test_have_a_tint_for_each_category(self):
        rules = (CSS / "seat.css").read_text()

        assert {int(number) for number in re.findall(r"\.t(\d) \{", rules)} == set(range(1, TINTS + 1))
