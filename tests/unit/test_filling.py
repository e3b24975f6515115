"""The words for how full a show is, at the edges where they change."""

import pytest

from bookings.domain.filling import fill_of


class TestFill:
    @pytest.mark.parametrize(
        ("available", "held", "total", "word"),
        [
            (0, 0, 100, "housefull"),
            (0, 1, 100, "last_few"),
            (1, 0, 100, "last_few"),
            (10, 0, 100, "last_few"),
            (11, 0, 100, "filling"),
            (50, 0, 100, "filling"),
            (51, 49, 100, "open"),
            (50, 0, 1000, "last_few"),
            (51, 0, 1000, "filling"),
            (500, 0, 1000, "filling"),
            (501, 0, 1000, "open"),
            (8, 0, 8, "last_few"),
        ],
    )
    def test_follows_the_boards_thresholds(self, available, held, total, word):
        assert fill_of(available=available, held=held, total=total) == word
