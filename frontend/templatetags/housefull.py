"""How pages write money, times and lengths. Times are always the theatre's, never the server's."""

import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from django import template
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from bookings.api import Fill, ShowSummary, format_inr
from frontend.seating import LEGEND_WORDS, Row

register = template.Library()

# What a title in another script is most likely written in, for voices and hyphens.
SCRIPT_LANGUAGES: Final = {
    "DEVANAGARI": "hi",
    "BENGALI": "bn",
    "GUJARATI": "gu",
    "GURMUKHI": "pa",
    "KANNADA": "kn",
    "MALAYALAM": "ml",
    "TAMIL": "ta",
    "TELUGU": "te",
}

FILL_WORDS: Final = {"filling": "Filling fast", "last_few": "Last few", "housefull": "Housefull"}


@register.simple_tag
def seats(row: Row) -> SafeString:
    """The buttons of a row, from left to right.

    Written by hand: a template loop over a thousand seats costs ten times as much. What a cinema typed (label and
    name) is escaped; the rest are numbers and words of our own.
    """
    return SafeString(
        "".join(
            f'<button type="button" class="seat n{seat.x} k-{seat.shape} t{seat.tint}" data-i="{seat.index}"'
            f' data-seat="{escape(seat.label)}" data-state="{seat.state}" aria-label="{escape(seat.name)}"'
            f' tabindex="-1">{seat.number}</button>'
            for seat in row.seats
        )
    )


@register.simple_tag
def lang(title: str, language: str = "") -> SafeString:
    """The lang attribute of a title in an Indian script; nothing for one in Latin letters."""
    for letter in title:
        code = SCRIPT_LANGUAGES.get(unicodedata.name(letter, "").split(" ")[0])
        if code is not None:
            return format_html(' lang="{}"', "mr" if (code, language) == ("hi", "Marathi") else code)
    return SafeString("")


@register.filter
def rupees(paise: int) -> str:
    """125000 → ₹1,250."""
    return format_inr(paise)


@register.filter
def clock(moment: datetime, time_zone: str) -> str:
    """The time of day at the theatre: 7:30 pm."""
    local = moment.astimezone(ZoneInfo(time_zone))
    return f"{local.hour % 12 or 12}:{local:%M} {'am' if local.hour < 12 else 'pm'}"


@register.filter
def clock24(moment: datetime, time_zone: str) -> str:
    """The time of day at the theatre as staff read it: 19:30."""
    return f"{moment.astimezone(ZoneInfo(time_zone)):%H:%M}"


@register.filter
def zone_name(moment: datetime, time_zone: str) -> str:
    """The short name of the theatre's zone at that moment: IST."""
    return moment.astimezone(ZoneInfo(time_zone)).tzname() or time_zone


@register.filter
def day(moment: datetime, time_zone: str) -> str:
    """The date at the theatre: Fri 21 Nov."""
    return calendar_day(moment.astimezone(ZoneInfo(time_zone)).date())


@register.filter
def calendar_day(on: date) -> str:
    """A date: Fri 21 Nov."""
    return f"{on:%a} {on.day} {on:%b}"


@register.filter
def kind_words(kind: str) -> str:
    """How the legend names a kind of seat: wheelchair → Wheelchair, restricted → Restricted view."""
    return LEGEND_WORDS[kind]


@register.filter
def from_price(show: ShowSummary) -> str:
    """Where the show is and what it costs at least: Audi 1 · from ₹220."""
    return f"{show.screen_name} · from {format_inr(min(show.prices_paise.values()))}"


@register.simple_tag
def fill(show: ShowSummary, fills: Mapping[int, Fill]) -> SafeString:
    """How full a show is, where that is worth a word."""
    known = fills.get(show.id)
    if known is None:
        return SafeString("")
    return format_html(' <span class="fill" data-fill="{}">{}</span>', known, FILL_WORDS[known])


@register.filter
def running_time(minutes: int) -> str:
    """138 → 2 h 18 min."""
    hours, rest = divmod(minutes, 60)
    parts = [f"{hours} h" if hours else "", f"{rest} min" if rest or not hours else ""]
    return " ".join(part for part in parts if part)
