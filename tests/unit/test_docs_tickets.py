"""docs/tickets.md says what is so: its code is a true one, its words are the page's, its numbers the settings'."""

import re
from pathlib import Path
from uuid import UUID

from django.conf import settings

from bookings import door_errors
from bookings.domain.tickets import CODE_ALPHABET, SignedTicket, read_ticket, ticket_key, typed_code

PROJECT = Path(__file__).resolve().parents[2]
PAGE = (PROJECT / "docs" / "tickets.md").read_text(encoding="utf-8")
VERDICTS = (PROJECT / "frontend/static/frontend/js/door/model/verdicts.js").read_text(encoding="utf-8")


class TestTheGuide:
    def test_shows_a_code_that_a_house_has_signed(self) -> None:
        (text,) = re.findall(r"^HF1:\w+$", PAGE, re.MULTILINE)

        booking = UUID("019aa7c1-5f3a-7c21-9d64-2b1c8e90f7aa")
        assert read_ticket(text, keys=[ticket_key("a secret of this house")]) == SignedTicket(
            booking, 24, 77, bytes(range(10))
        )
        assert typed_code("K7MQ 3XPD") == "K7MQ3XPD"

    def test_lists_every_answer_of_a_door_with_the_word_of_the_page(self) -> None:
        listed = dict(re.findall(r"^\| `(\w+)` \| ([\w ]+) \|", PAGE, re.MULTILINE))

        words = dict(re.findall(r'^  (\w+): "([\w ]+)",$', VERDICTS, re.MULTILINE))
        refusals = {kind.code for kind in door_errors.DoorRefusal.__subclasses__()}
        assert listed == {"admitted": "Let in", **words}
        assert words.keys() == refusals

    def test_counts_as_the_code_does(self) -> None:
        assert f"eight of {len(CODE_ALPHABET)} letters" in PAGE
        assert f"`DOORS_OPEN_MINUTES` ({settings.DOORS_OPEN_MINUTES})" in PAGE
        guesses = len(CODE_ALPHABET) ** 8 / 300
        assert "three years" in PAGE
        assert 2.5 < guesses / 120 / 60 / 24 / 365 < 3.5

    def test_names_files_that_are_there(self) -> None:
        for path in re.findall(r"`((?:frontend|bookings)/[\w/]+\.\w+)`", PAGE):
            assert (PROJECT / path).is_file(), path
