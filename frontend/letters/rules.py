"""When a letter is tried again, when it is given up, and when what it was to say is no longer so. Pure."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bookings.api import Addressee, Status

# The first wait after a letter was not taken (contract: 5 minutes); each further one is twice as long.
RETRY_SECONDS_MIN: Final = 300
RETRY_SECONDS_MAX: Final = 4 * 3600
# A dead server costs a worker seconds a rest. One that is back is found after a rest at most, with all its letters:
# within five minutes, with the try that was under way and the sweep that comes every 10 s.
REST_SECONDS_MIN: Final = 60
REST_SECONDS_MAX: Final = 240
GIVE_UP_AFTER: Final = timedelta(hours=24)
# So many tries may end without anybody knowing how: one copy may be too many. Then a person looks.
UNCLEAR_MAX: Final = 2


class Outcome(StrEnum):
    """How handing a letter over ended.

    UNREACHABLE: no line to the server could be opened. AWAY: it answered, and is in trouble or the house is. LATER is
    this letter's own. UNCLEAR: it fell silent when it had the whole letter.
    """

    SENT = "sent"
    REFUSED = "refused"
    LATER = "later"
    UNREACHABLE = "unreachable"
    AWAY = "away"
    UNCLEAR = "unclear"


# Such a letter is due as soon as the server is there again, however long its own wait has become.
WAITS_FOR_SERVER: Final = frozenset({Outcome.UNREACHABLE, Outcome.AWAY})
# After such an end nobody asks the server for a while.
IN_TROUBLE: Final = WAITS_FOR_SERVER | {Outcome.UNCLEAR}


def wait_seconds(tries: int, outcome: Outcome) -> int:
    """How long a letter waits for its next try, having been tried so often: each time longer.

    But not one that may have arrived. Its last try is not to come while the server still hangs up, nor hours later
    because the server was away before.
    """
    return (
        RETRY_SECONDS_MIN
        if outcome is Outcome.UNCLEAR
        else min(RETRY_SECONDS_MIN << min(tries - 1, 16), RETRY_SECONDS_MAX)
    )


def rest_seconds(failures: int) -> int:
    """How long nobody asks a server that failed so often in a row: soon enough, and not for ever."""
    return min(REST_SECONDS_MIN << min(failures - 1, 16), REST_SECONDS_MAX)


def overtaken_by(kind: str, reference: str, addressee: Addressee, *, now: datetime) -> str:
    """Why the letter is not to be sent any more; '' when it is."""
    is_confirmed = addressee.status == Status.CONFIRMED
    match kind:
        case "confirmation" if not is_confirmed:
            return f"the booking is {addressee.status}"
        case "cancellation" if is_confirmed:
            return "the booking is confirmed again"
        case "refund" if addressee.refund != reference.split(" ")[0]:
            return f"the refund is {addressee.refund or 'not due'} by now"
        case "reminder" if not is_confirmed:
            return f"the booking is {addressee.status}"
        case "reminder" if now >= addressee.starts_at:
            return "the show has begun"
        case _:
            return ""
