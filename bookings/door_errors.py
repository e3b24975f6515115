"""Refusals at the door: why somebody is not let in, in words an usher can read out.

Each carries `admitted` and `expected` of the show, so that the count is right even where no socket is.
"""

from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from bookings.errors import BookingError


class DoorRefusal(BookingError):
    """Somebody was not let in."""

    http_status: ClassVar[int] = 409


class AlreadyAdmitted(DoorRefusal):
    """Somebody has come in with this ticket before."""

    code = "already_admitted"

    def __init__(self, *, seat: str, at: datetime, gate: str, time_zone: str) -> None:
        detail = f"{seat} was let in at {_clock(at, time_zone)}, gate {gate}. Each ticket lets one person in."
        super().__init__(detail, seat=seat, admitted_ms=_ms(at), gate=gate)


class WrongShow(DoorRefusal):
    """A good ticket, for another show."""

    code = "wrong_show"

    def __init__(self, *, show: int, movie: str, screen: str, starts_at: datetime, time_zone: str) -> None:
        local = starts_at.astimezone(ZoneInfo(time_zone))
        when = f"{local:%a} {local.day} {local:%b}, {_clock(starts_at, time_zone)}"
        super().__init__(
            f"This ticket is for {movie}, {screen}, {when}.",
            ticket_show=show,
            movie=movie,
            screen=screen,
            starts_ms=_ms(starts_at),
        )


class TicketCancelled(DoorRefusal):
    """The booking was cancelled, or its show."""

    code = "cancelled"

    def __init__(self, *, seat: str, is_show: bool) -> None:
        what = "This show was cancelled." if is_show else "This booking was cancelled."
        super().__init__(f"{what} {seat} is not theirs any more.", seat=seat)


class TicketRefunded(DoorRefusal):
    """The booking was cancelled and its money goes back, or went."""

    code = "refunded"

    def __init__(self, *, seat: str) -> None:
        super().__init__(
            f"This booking was cancelled and the money goes back. {seat} is not theirs any more.", seat=seat
        )


class TicketReplaced(DoorRefusal):
    """The cinema gave out another ticket in its place, or another seat."""

    code = "replaced"

    def __init__(self, *, seat: str) -> None:
        super().__init__(
            f"There is a newer ticket in place of this one for {seat}. Ask for the newest mail or page.", seat=seat
        )


class TooEarly(DoorRefusal):
    """The doors of this show are not open yet."""

    code = "too_early"
    retryable = True

    def __init__(self, *, seat: str, opens_at: datetime, time_zone: str) -> None:
        local = opens_at.astimezone(ZoneInfo(time_zone))
        detail = f"Too early: the doors open on {local:%a} {local.day} {local:%b} at {_clock(opens_at, time_zone)}."
        super().__init__(detail, seat=seat, opens_ms=_ms(opens_at))


class ShowOver(DoorRefusal):
    """The show has ended."""

    code = "show_over"

    def __init__(self, *, seat: str) -> None:
        super().__init__("This show is over.", seat=seat)


class Forged(DoorRefusal):
    """A QR code in the form of a ticket that this house has not signed, or not like this."""

    code = "forged"

    def __init__(self) -> None:
        super().__init__("This is not a ticket of ours: somebody made or changed the code.")


class NoSuchTicket(DoorRefusal):
    """A code that no ticket of this show has, or something else that was scanned."""

    code = "not_found"
    http_status = 404


class TicketUsed(BookingError):
    """Somebody has come in with a ticket of this booking, so its buyer can no longer give it back."""

    code = "ticket_used"
    http_status = 409

    def __init__(self) -> None:
        super().__init__("Somebody has come in with this booking already, so it can no longer be cancelled.")


class SignInRequired(BookingError):
    """Nobody of the staff is signed in."""

    code = "identity_required"
    http_status = 401

    def __init__(self) -> None:
        super().__init__("Sign in as staff, then ask again.")


class NotYourTask(BookingError):
    """Signed in, but without the permission for this."""

    code = "forbidden"
    http_status = 403

    def __init__(self) -> None:
        super().__init__("Your account may not let people in. A manager can give it the role Usher.")


def _clock(at: datetime, time_zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(time_zone)):%H:%M}"


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
