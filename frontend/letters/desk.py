"""What staff see of letters outside their own list: those of a booking on its page, and on Today such as failed."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.urls import reverse
from django.utils.html import format_html

from bookings.api import Card, MayDo, Panel, at_theatre, find_addressee, offer_card, offer_panel
from frontend.models import Letter

MAY_LOOK: Final = "frontend.view_letter"
# Further back is the list's business.
SHOWN_MAX: Final = 20


def register() -> None:
    """Offer both to whoever may look at letters."""
    offer_panel(MAY_LOOK, letters_panel, order=20)
    offer_card(MAY_LOOK, failed_card, order=20)


def letters_panel(booking: UUID, may: MayDo) -> Panel:
    """One line for each letter, newest first."""
    addressee = find_addressee(booking)
    zone = addressee.time_zone if addressee is not None else "UTC"
    return Panel(
        title="Letters",
        heads=("Letter", "To", "What became of it", "When"),
        rows=[
            (_link(letter), letter.to, _outcome(letter), at_theatre(letter.sent_at or letter.created_at, zone))
            for letter in Letter.objects.filter(booking=booking)[:SHOWN_MAX]
        ],
        nothing="None: a booking is written about once it is confirmed.",
    )


def failed_card(now: datetime) -> Card | None:
    """How many letters were given up; nothing where none was."""
    failed = Letter.objects.filter(state=Letter.State.FAILED).count()
    if not failed:
        return None
    return Card(
        title="Letters that failed",
        figure=str(failed),
        words="Look why, and send them again.",
        link=f"{reverse('admin:frontend_letter_changelist')}?state__exact={Letter.State.FAILED}",
        tone="warning",
    )


def _link(letter: Letter) -> str:
    return format_html(
        '<a href="{}">{}</a>', reverse("admin:frontend_letter_change", args=[letter.pk]), letter.get_kind_display()
    )


def _outcome(letter: Letter) -> str:
    why = f": {letter.last_error}" if letter.last_error and letter.state != Letter.State.SENT else ""
    return f"{letter.get_state_display().lower()}{why}"
