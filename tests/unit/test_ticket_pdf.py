"""Tickets on paper: rendered, read by a scanner, their text copied out; the same facts, the same bytes."""

import pytest
import zxingcpp
from PIL.Image import Image

from frontend.tickets import fonts
from frontend.tickets.pdf import ticket_pdf
from tests.support.paper import pages_of, texts_of
from tests.support.ticket_facts import make_facts

LONG = "The Rather Improbable Homecoming of Mr. Venkataraman and His Seventeen Umbrellas"
FACTS = make_facts(seats=3)
BOX_OF_THE_POSTER = (98, 9.5, 136, 66.5)


def cut(page: Image, box: tuple[float, float, float, float], *, scale: float) -> Image:
    """A part of a page, in mm."""
    return page.crop(tuple(round(mm * scale * 72 / 25.4) for mm in box))  # type: ignore[arg-type]


def colours(page: Image) -> int:
    """How many colours there are where the poster belongs."""
    return len(cut(page, BOX_OF_THE_POSTER, scale=2).getcolors(maxcolors=1_000_000) or ())


@pytest.fixture(scope="module")
def pdf() -> bytes:
    return ticket_pdf(FACTS)


class TestTheTicketOnPaper:
    def test_has_a_code_for_each_seat_on_a_page_of_its_own(self, pdf: bytes) -> None:
        read = [[code.text for code in zxingcpp.read_barcodes(page)] for page in pages_of(pdf)]

        assert read == [[seat.qr] for seat in FACTS.seats]

    def test_says_all_that_a_ticket_says(self, pdf: bytes) -> None:
        for number, (text, seat) in enumerate(zip(texts_of(pdf), FACTS.seats, strict=True), start=1):
            lines = text.split("\n")
            for words in (
                *(
                    "चाँद का पता",
                    "UA 13+ · Hindi · 2 h 18 min",
                    "Sat 21 Nov",
                    "7:30 pm IST",
                    "Monsoon Talkies",
                    "Audi 1",
                ),
                *("14 Marine Lines, Churchgate, Mumbai", seat.label, "Recliner · ₹450", seat.code),
                *("8E90 F7AA", "₹1,350", f"{number} of 3", "Asha Rao"),
            ):
                assert words in lines, (words, lines)
            assert all(term in text.replace("\n", " ") for term in FACTS.terms)

    def test_shows_the_poster(self, pdf: bytes) -> None:
        with_it, without = pages_of(pdf)[0], pages_of(ticket_pdf(make_facts(poster="")))[0]

        assert colours(with_it) > 200
        assert colours(without) < 100

    def test_is_the_same_for_the_same_facts(self, pdf: bytes) -> None:
        assert ticket_pdf(FACTS) == pdf

    def test_is_printed_with_the_same_letters_by_every_process(self) -> None:
        cuts = [fonts._face.__wrapped__(*fonts._LATIN, frozenset("Neon Kaveri"), is_heavy=True) for _ in range(2)]

        assert cuts[0] != cuts[1]
        assert cuts[0].read_bytes() == cuts[1].read_bytes()

    def test_prints_a_title_of_any_length_within_its_place(self) -> None:
        for title in (LONG, "A", "Donaudampfschifffahrtsgesellschaftskapitaenswitwe", "चाँद का पता और " * 6):
            (page,) = pages_of(ticket_pdf(make_facts(seats=1, movie_title=title, poster="")))
            # Right of where it ends, the head is as dark as ever.
            edge = cut(page, (142, 12, 147, 64), scale=2)
            assert edge.getcolors() == [(edge.width * edge.height, (14, 16, 24))], title

    def test_prints_names_in_other_alphabets(self) -> None:
        facts = make_facts(seats=1, buyer_name="Ольга Δημητρίου Łukasz", movie_title="Amélie – “Ça va”")
        (text,) = texts_of(ticket_pdf(facts))

        assert "Ольга Δημητρίου Łukasz" in text
        assert "Amélie – “Ça va”" in text.replace("\n", " ")

    def test_keeps_a_poster_of_another_form_in_its_form(self) -> None:
        square = (
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9" fill="red"/></svg>'
        )
        (page,) = pages_of(ticket_pdf(make_facts(seats=1, poster_svg=square)))

        left, top, right, bottom = BOX_OF_THE_POSTER
        red = cut(page, BOX_OF_THE_POSTER, scale=2).convert("RGB").getcolors()
        assert red is not None
        share = sum(count for count, colour in red if colour == (255, 0, 0)) / sum(count for count, _ in red)
        assert share == pytest.approx((right - left) / (bottom - top), abs=0.02)

    @pytest.mark.parametrize(
        "poster",
        [
            "",
            "no drawing at all",
            "<svg",
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 6"><text y="4">தமிழ்</text></svg>',
            '<svg xmlns="http://www.w3.org/2000/svg"/>',
            '<svg xmlns="http://www.w3.org/2000/svg"><image href="/etc/passwd"/></svg>',
            '<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]><svg>&a;</svg>',
        ],
    )
    def test_is_made_whatever_staff_took_for_a_poster(self, poster: str) -> None:
        facts = make_facts(seats=1, poster_svg=poster)

        (page,) = pages_of(ticket_pdf(facts))

        assert [code.text for code in zxingcpp.read_barcodes(page)] == [facts.seats[0].qr]
