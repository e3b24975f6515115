"""Tickets that nobody has signed, as many as you like, the same for the same seed."""

import random
from collections.abc import Iterator
from uuid import UUID

from bookings.domain.tickets import ALPHABET, NONCE_BYTES, TEXT_LENGTH, VERSION, SignedTicket, sign_ticket

_LETTERS = TEXT_LENGTH - len(VERSION) - 1
_PAIRS = [first + second for first in ALPHABET for second in ALPHABET]


def forged_tickets(count: int, *, key: bytes, seed: int) -> Iterator[str]:
    """Texts in the form of a ticket, none signed with `key`: random ones, and a true one with some bits turned."""
    dice = random.Random(seed)
    ticket = SignedTicket(UUID(int=dice.getrandbits(128)), dice.randrange(2**48), 7, dice.randbytes(NONCE_BYTES))
    true = sign_ticket(ticket, key=key)
    number = int(true[len(VERSION) + 1 :].translate(str.maketrans(ALPHABET, "0123456789abcdefghijklmnopqrstuv")), 32)
    for place in range(count):
        value = dice.getrandbits(_LETTERS * 5)
        if place % 2:
            # One to three bits of the true one.
            value = number
            for bit in dice.sample(range(_LETTERS * 5), dice.randint(1, 3)):
                value ^= 1 << bit
        yield f"{VERSION}:{_letters(value)}"


def _letters(value: int) -> str:
    """Two letters at a time, or a million of them would take longer to make than to refuse."""
    return "".join([_PAIRS[value >> shift & 1023] for shift in range(_LETTERS * 5 - 10, -1, -10)])
