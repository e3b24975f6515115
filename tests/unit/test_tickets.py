"""The text of a QR code: made with the key or not at all. And the code that people type."""

import hmac
import random
import string
from hashlib import sha256
from uuid import UUID

import pytest

from bookings.domain.tickets import (
    ALPHABET,
    CODE_ALPHABET,
    MAC_BYTES,
    NONCE_BYTES,
    TEXT_LENGTH,
    VERSION,
    Flaw,
    NoTicket,
    SignedTicket,
    booking_reference,
    is_booking_reference,
    read_ticket,
    short_code,
    sign_ticket,
    spaced,
    ticket_key,
    typed_code,
)
from tests.support.forgeries import forged_tickets

KEY = ticket_key("a secret of this house")
TICKET = SignedTicket(
    booking=UUID("019aa7c1-5f3a-7c21-9d64-2b1c8e90f7aa"), show_id=24, seat_index=77, nonce=bytes(range(NONCE_BYTES))
)
TEXT = sign_ticket(TICKET, key=KEY)
# What may stand in a QR code of any kind, and what a keyboard or a careless program may make of ours.
LETTERS = string.ascii_letters + string.digits + " $%*+-./:_~=\n\0é।"


def flaw_of(text: str, *keys: bytes) -> Flaw | None:
    try:
        read_ticket(text, keys=keys or [KEY])
    except NoTicket as error:
        return error.flaw
    return None


class TestSigning:
    def test_says_which_seat_of_which_booking(self) -> None:
        assert read_ticket(TEXT, keys=[KEY]) == TICKET

    @pytest.mark.parametrize("show_id", [0, 1, 2**32, 2**48 - 1])
    @pytest.mark.parametrize("seat_index", [0, 1, 2**15 - 1])
    def test_carries_every_show_and_seat(self, show_id: int, seat_index: int) -> None:
        ticket = SignedTicket(TICKET.booking, show_id, seat_index, TICKET.nonce)

        assert read_ticket(sign_ticket(ticket, key=KEY), keys=[KEY]) == ticket

    def test_fits_the_denser_letters_of_qr_codes(self) -> None:
        assert len(TEXT) == TEXT_LENGTH
        assert set(TEXT) <= set(string.ascii_uppercase + string.digits + " $%*+-./:")

    def test_is_the_same_for_ever(self) -> None:
        # Tickets that were sold must open the door after an update: a change of this text needs a new version.
        assert TEXT == "HF1:06DAFGAZ79Y237B45CE8X47QN800000000C00K80041061050R3GG2F4QY1TBPZQFRYFGVEGVXEMHKY4"

    def test_says_something_else_for_every_part(self) -> None:
        others = [
            SignedTicket(UUID(int=TICKET.booking.int ^ 1), 24, 77, TICKET.nonce),
            SignedTicket(TICKET.booking, 25, 77, TICKET.nonce),
            SignedTicket(TICKET.booking, 24, 78, TICKET.nonce),
            SignedTicket(TICKET.booking, 24, 77, bytes(NONCE_BYTES)),
        ]

        assert len({TEXT, *(sign_ticket(other, key=KEY) for other in others)}) == 5


class TestReading:
    def test_refuses_every_change_of_one_letter(self) -> None:
        for place, letter in enumerate(TEXT):
            for other in sorted(set(LETTERS) - {letter}):
                assert flaw_of(TEXT[:place] + other + TEXT[place + 1 :]) is not None, (place, other)

    def test_calls_a_changed_letter_of_its_own_alphabet_forged(self) -> None:
        begin = len(VERSION) + 1
        for place in range(begin, TEXT_LENGTH):
            for other in sorted(set(ALPHABET) - {TEXT[place]}):
                assert flaw_of(TEXT[:place] + other + TEXT[place + 1 :]) == Flaw.FORGED

    def test_refuses_neighbours_in_the_wrong_order(self) -> None:
        for place in range(TEXT_LENGTH - 1):
            one, other = TEXT[place], TEXT[place + 1]
            if one != other:
                assert flaw_of(TEXT[:place] + other + one + TEXT[place + 2 :]) is not None

    def test_takes_no_second_spelling(self) -> None:
        spellings = [
            TEXT.lower(),
            f" {TEXT}",
            f"{TEXT}\n",
            f"{TEXT}=",
            TEXT.replace("0", "O", 1),
            TEXT[:-1],
            TEXT + "0",
        ]
        spellings += [TEXT.replace("0", "\uff10", 1), TEXT.replace("1", "\u0967", 1), TEXT[:8] + "_" + TEXT[8:]]

        assert [text for text in spellings if flaw_of(text) is None] == []

    @pytest.mark.parametrize(
        "text", ["", ":", "HF1", "HF1:", "https://a.org/?HF1:", "K7MQ3XPD", "\0" * 84, "9" * 5000]
    )
    def test_says_when_it_is_no_ticket_at_all(self, text: str) -> None:
        assert flaw_of(text) == Flaw.NOT_A_TICKET

    def test_says_when_it_is_of_a_later_version(self) -> None:
        assert flaw_of(TEXT.replace("HF1", "HF2")) == Flaw.UNKNOWN_VERSION

    def test_refuses_what_another_house_signed(self) -> None:
        assert flaw_of(sign_ticket(TICKET, key=ticket_key("another secret"))) == Flaw.FORGED

    def test_refuses_a_signature_made_with_the_secret_itself(self) -> None:
        assert flaw_of(sign_ticket(TICKET, key=b"a secret of this house")) == Flaw.FORGED

    def test_reads_what_an_older_secret_signed_while_it_is_listed(self) -> None:
        old = sign_ticket(TICKET, key=ticket_key("of last year"))

        assert flaw_of(old, KEY, ticket_key("of last year")) is None
        assert flaw_of(old, KEY) == Flaw.FORGED

    def test_has_128_bits_of_proof(self) -> None:
        body = TICKET.booking.bytes + (24).to_bytes(6, "big") + (77).to_bytes(2, "big") + TICKET.nonce
        made = hmac.digest(KEY, VERSION.encode() + body, sha256)[:16]

        value = int.from_bytes(body + made, "big")
        assert MAC_BYTES * 8 == 128
        assert "HF1:" + "".join(ALPHABET[value >> shift & 31] for shift in range(395, -1, -5)) == TEXT

    def test_refuses_twenty_thousand_random_ones(self) -> None:
        # A million: make bench ARGS="--only forgeries".
        assert {flaw_of(text) for text in forged_tickets(20_000, key=KEY, seed=random.randrange(2**32))} == {
            Flaw.FORGED
        }


class TestShortCodes:
    def test_have_no_letters_that_look_alike_and_spell_nothing(self) -> None:
        assert set("01258BDOISZLUAE") & set(CODE_ALPHABET) - {"D"} == set()
        assert len(CODE_ALPHABET) ** 8 > 5 * 10**10

    def test_use_every_letter_about_as_often(self) -> None:
        dice = random.Random(7)
        drawn = "".join(short_code(dice.randbytes(NONCE_BYTES)) for _ in range(4000))

        counts = [drawn.count(letter) for letter in CODE_ALPHABET]
        assert set(drawn) == set(CODE_ALPHABET)
        assert max(counts) < 1.15 * len(drawn) / len(CODE_ALPHABET)

    @pytest.mark.parametrize("typed", ["K7MQ3XPD", "k7mq 3xpd", " K7MQ-3XPD ", "k7 mq 3x pd", "K7MQ\u00a03XPD"])
    def test_are_read_in_any_case_and_with_any_gaps(self, typed: str) -> None:
        assert typed_code(typed) == "K7MQ3XPD"

    @pytest.mark.parametrize("typed", ["", "K7MQ3XP", "K7MQ3XPDD", "K7MQ3XP0", "K7MQ3XPA", "K7MQ_XPD", TEXT])
    def test_are_nothing_else(self, typed: str) -> None:
        assert typed_code(typed) is None

    def test_are_written_in_two_groups(self) -> None:
        assert spaced("K7MQ3XPD") == "K7MQ 3XPD"


class TestTheNameOfABooking:
    def test_is_the_end_of_its_id(self) -> None:
        assert booking_reference(TICKET.booking) == "8E90 F7AA"

    def test_is_told_from_other_words(self) -> None:
        assert is_booking_reference("8e90 f7aa")
        assert not is_booking_reference("K7MQ 3XPD")
