"""What a letter says, whichever kind it is: the same words for the HTML and the plain text. Pure.

Sentences about what happened and where the money is are those of the booking's page (booking_words.py).
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from bookings.api import BookingView, Status, format_inr
from frontend.booking_words import Story, listed, refund_words, story_of
from frontend.templatetags.housefull import clock, day
from frontend.tickets.facts import TicketFacts

# From when on people say tonight.
EVENING_HOUR: Final = 17
# A name in a subject line that is longer is not read.
SUBJECT_TITLE_MAX: Final = 60
LABEL_WIDTH: Final = 10


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a table: Where, Lantern Talkies, and in a smaller voice its street."""

    label: str
    value: str
    more: str = ""

    @property
    def padded_label(self) -> str:
        """For plain text, where the values stand below one another."""
        return f"{self.label}:".ljust(LABEL_WIDTH)

    @property
    def indent(self) -> str:
        """As wide as a label."""
        return " " * LABEL_WIDTH


@dataclass(frozen=True, slots=True)
class Button:
    """Where the letter leads."""

    label: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A letter. `preheader` is what an inbox shows beside the subject, `why` says why one gets it."""

    subject: str
    preheader: str
    title: str
    paragraphs: tuple[str, ...]
    money: str = ""
    facts: tuple[Fact, ...]
    button: Button | None = None
    after: tuple[str, ...] = ()
    why: str = "You get this letter because this address was given with the booking."

    @property
    def underline(self) -> str:
        """Below a title in plain text."""
        return "=" * len(self.title)


def words_of(kind: str, facts: TicketFacts, booking: BookingView, *, returned_paise: int, today: date) -> Words:
    """The words of a letter of this kind. `returned_paise` goes back, `today` is by the theatre's calendar."""
    match kind:
        case "confirmation":
            return _confirmation(facts)
        case "cancellation":
            return _cancellation(facts, booking, returned_paise)
        case "refund":
            return _refund(facts, booking, returned_paise)
        case "reminder":
            return _reminder(facts, today)
    raise ValueError(f"there is no letter of the kind {kind}")


def greeting(name: str) -> str:
    """Hello Asha, or Hello."""
    return f"Hello {first_name(name)}," if first_name(name) else "Hello,"


def first_name(name: str) -> str:
    """Of the name that somebody typed, what he is called by; '' where that is none."""
    first = one_line(name).split(" ")[0]
    return first if any(letter.isalpha() for letter in first) else ""


def one_line(text: str) -> str:
    """A text without line breaks and other control characters, as headers want it."""
    return " ".join("".join(c if c.isprintable() or c in "‌‍" else " " for c in text).split())


def _confirmation(facts: TicketFacts) -> Words:
    seats = listed(facts.seat_labels)
    one = len(facts.seat_labels) == 1
    return Words(
        subject=f"Booked: {_title(facts)}, {_day(facts)} at {_clock(facts)}",
        preheader=f"{'Seat' if one else 'Seats'} {seats} at {one_line(facts.theatre_name)}. Your ticket is attached.",
        title="You're booked",
        paragraphs=(
            greeting(facts.buyer_name),
            f"{seats} {'is' if one else 'are'} yours for {one_line(facts.movie_title)}. See you there.",
        ),
        facts=(*_show_facts(facts), _seat_fact(facts), _booking_fact(facts), Fact("Paid", _money(facts))),
        button=Button("Open your ticket", facts.url),
        after=(
            "Show the ticket at the entrance, on your phone or printed: it is attached as a PDF. The other file puts"
            " the show into your calendar.",
            *facts.terms,
        ),
    )


def _cancellation(facts: TicketFacts, booking: BookingView, returned_paise: int) -> Words:
    story = story_of(booking, returned_paise=returned_paise)
    money = story.money if booking.refund is not None else "Nothing is paid back for this booking."
    return Words(
        subject=f"Cancelled: {_title(facts)}, {_day(facts)} at {_clock(facts)}",
        preheader=money,
        title=story.title,
        paragraphs=(
            greeting(facts.buyer_name),
            _how_it_ended(facts, booking, story),
            "Your ticket is not valid any more.",
        ),
        money=money,
        facts=(*_show_facts(facts), _seat_fact(facts), _booking_fact(facts)),
        after=("The attached file takes the show out of your calendar.",),
    )


def _how_it_ended(facts: TicketFacts, booking: BookingView, story: Story) -> str:
    movie, seats = one_line(facts.movie_title), listed(facts.seat_labels)
    if booking.cancel_reason in {"returned", "user"}:
        return f"You cancelled your booking for {movie}, and {seats} went back on sale."
    return f"Your booking for {movie} is cancelled. {story.happened}"


def _refund(facts: TicketFacts, booking: BookingView, returned_paise: int) -> Words:
    amount = format_inr(returned_paise)
    titles = {
        "pending": f"{amount} is on its way back",
        "refunded": f"{amount} was paid back",
        "manual": f"We owe you {amount}",
    }
    title = titles.get(booking.refund or "", f"{amount} goes back to you")
    return Words(
        subject=f"{title}: {_title(facts)}",
        preheader=refund_words(booking.refund, returned_paise),
        title=title,
        paragraphs=(greeting(facts.buyer_name), _why_money_returns(facts, booking)),
        money=refund_words(booking.refund, returned_paise),
        facts=(*_show_facts(facts), *([_seat_fact(facts)] if facts.seat_labels else []), _booking_fact(facts)),
        after=(_which_way(booking.refund),),
    )


def _which_way(refund: str | None) -> str:
    if refund == "manual":
        return "You need to do nothing. If you want to ask, answer this letter."
    verb = "went" if refund == "refunded" else "goes"
    return f"It {verb} back the way you paid: to the same card, account or UPI address."


def _why_money_returns(facts: TicketFacts, booking: BookingView) -> str:
    movie = one_line(facts.movie_title)
    if booking.status == Status.CONFIRMED:
        return f"You paid twice for {movie}, and one payment goes back. Your seats stay yours."
    story = story_of(booking, returned_paise=0)
    if booking.refund and story.money.startswith("Your payment came"):
        return f"Your payment for {movie} came when the seats were gone already."
    return _how_it_ended(facts, booking, story)


def _reminder(facts: TicketFacts, today: date) -> Words:
    when = _soon(facts.starts_local, today)
    doors = f"Doors open {facts.doors_open_minutes} minutes before." if facts.doors_open_minutes else ""
    seats = listed(facts.seat_labels)
    return Words(
        subject=f"{when} at {_clock(facts)}: {_title(facts)}",
        preheader=f"{one_line(facts.theatre_name)}, {one_line(facts.screen_name)}, {seats}. {doors}".strip(),
        title=f"{when} at {_clock(facts)}",
        paragraphs=(
            greeting(facts.buyer_name),
            f"{one_line(facts.movie_title)} is {when.lower()}. {doors}".strip(),
        ),
        facts=(*_show_facts(facts), _seat_fact(facts), _booking_fact(facts)),
        button=Button("Open your ticket", facts.url),
        after=("Your ticket is attached too, for when there is no signal.",),
    )


def _soon(starts: datetime, today: date) -> str:
    is_evening = starts.hour >= EVENING_HOUR or starts.date() > today
    return "Tonight" if is_evening else "Today"


def _show_facts(facts: TicketFacts) -> tuple[Fact, ...]:
    return (
        Fact("Movie", one_line(facts.movie_title), ", ".join(filter(None, [facts.certificate, facts.language]))),
        Fact("When", f"{_day(facts)}, {_clock(facts)}", _zone_words(facts)),
        Fact("Where", one_line(facts.theatre_name), ", ".join(filter(None, [facts.address, facts.city]))),
        Fact("Screen", one_line(facts.screen_name)),
    )


def _zone_words(facts: TicketFacts) -> str:
    """The theatre's time, named: a letter may be read anywhere."""
    return f"{one_line(facts.city)} time"


def _seat_fact(facts: TicketFacts) -> Fact:
    return Fact("Seat" if len(facts.seat_labels) == 1 else "Seats", listed(facts.seat_labels))


def _booking_fact(facts: TicketFacts) -> Fact:
    return Fact("Booking", facts.reference)


def _money(facts: TicketFacts) -> str:
    return format_inr(facts.amount_paise)


def _day(facts: TicketFacts) -> str:
    return day(facts.starts_at, facts.time_zone)


def _clock(facts: TicketFacts) -> str:
    return clock(facts.starts_at, facts.time_zone)


def _title(facts: TicketFacts) -> str:
    title = one_line(facts.movie_title)
    return title if len(title) <= SUBJECT_TITLE_MAX else f"{title[: SUBJECT_TITLE_MAX - 1].rstrip()}…"
