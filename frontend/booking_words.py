"""What the page of a booking says: what happened, what it means for the seats and the money, what to do next.

Pure: values in, sentences out.
"""

from dataclasses import dataclass
from typing import Final

from bookings.api import BookingView, Status, format_inr

# Ended before it was paid for; money may still be under way, and then gets the seats or goes back.
UNPAID_ENDS: Final = frozenset({"", "refresh", "dismiss", "timer", "user", "released"})


@dataclass(frozen=True, slots=True)
class Story:
    """A heading, what happened, and where the money is."""

    title: str
    happened: str
    money: str


def story_of(booking: BookingView, *, returned_paise: int) -> Story:
    """The story of a booking that has ended, or whose deadline has passed. `returned_paise` is what goes back."""
    title, happened = _what_happened(booking)
    return Story(title, happened, _money(booking, returned_paise))


def refund_words(refund: str | None, paise: int) -> str:
    """Where the money is that goes back; nothing where none does."""
    amount = format_inr(paise)
    match refund:
        case "due":
            return f"{amount} goes back to you. We are handing it to the bank now."
        case "pending":
            return f"{amount} is on its way back to you. Banks take 5 to 7 working days."
        case "refunded":
            return f"{amount} was paid back. It shows on your account within 5 to 7 working days."
        case "manual":
            return f"{amount} is owed to you and could not be paid back by itself. The cinema is seeing to it."
        case _:
            return ""


def terms_words(*, paise: int, amount_paise: int) -> str:
    """What comes back when a confirmed booking is cancelled now."""
    if paise == 0:
        return "This close to the show, nothing is paid back."
    if paise >= amount_paise:
        return f"You get back {format_inr(paise)}, all that you paid."
    return f"You get back {format_inr(paise)} of the {format_inr(amount_paise)} that you paid."


def listed(seats: tuple[str, ...]) -> str:
    """F7 · F7 and F8 · F7, F8 and F9."""
    return f"{', '.join(seats[:-1])} and {seats[-1]}" if len(seats) > 1 else "".join(seats)


def _what_happened(booking: BookingView) -> tuple[str, str]:
    seats = listed(booking.seats) or "The seats"
    went_back = f"{seats} went back on sale."
    if booking.status != Status.CANCELLED or booking.cancel_reason == "timer":
        return "Your hold ended", f"The time to pay was over, and {went_back}"
    match booking.cancel_reason:
        case "refresh":
            return "Booking cancelled", f"The payment page was refreshed, which cancels a booking. {went_back}"
        case "dismiss":
            return "Booking cancelled", f"The payment window was closed, which cancels a booking. {went_back}"
        case "user" | "returned":
            return "Booking cancelled", f"You cancelled it, and {went_back}"
        case "released":
            return "Seats let go", f"You let them go, and {went_back}"
        case "changed":
            return "You went back to the seats", "Your seats are still held while their time lasts: see the map."
        case "refunded outside":
            return "Booking ended", f"The cinema paid your money back, and {went_back}"
        case _:
            return "Cancelled by the cinema", "We are sorry: the cinema had to cancel this booking."


def _money(booking: BookingView, returned_paise: int) -> str:
    if booking.refund is not None:
        late = booking.status == Status.EXPIRED or booking.cancel_reason in UNPAID_ENDS
        why = "Your payment came when the seats were gone already. " if late else ""
        return why + refund_words(booking.refund, returned_paise)
    if booking.cancel_reason == "returned":
        return "So close to the show, nothing is paid back."
    if not booking.has_checked_out:
        return "Nothing was charged."
    return (
        "Nothing was charged, as far as we know. If money was taken all the same, it comes back by itself, or your"
        " seats are confirmed if they are still free. This page shows it."
    )
