"""What the page of a report is made of, from the sums that its row keeps: figures first, charts, and every table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.utils.safestring import SafeString

from bookings.api import ReportView, format_inr, list_theatres
from frontend.reports.bins import Bin, axis_top, binned
from frontend.reports.charts import Bar, Column, bar, columns_svg, share_of
from frontend.reports.words import (
    REFUND_REASON_WORDS,
    REFUND_STATUS_WORDS,
    RUPEE,
    TableView,
    day_words,
    period_words,
    share_words,
    short_inr,
    table_view,
)

# More of them would be read by nobody on a page; the files have all.
LINES_MAX: Final = 50
BARS_MAX: Final = 10
# Of a show, for people; its file has more.
SHOW_COLUMNS: Final = ("starts", "movie", "theatre", "screen", "booked", "capacity", "seats", "paise", "back_paise")


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that is read first."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class ColumnChart:
    """Columns with the letters around them."""

    drawing: SafeString
    top: str
    half: str
    labels: tuple[str, ...]
    by: str
    # Of the axis, 0 to 1.
    heights: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the page: a heading, a sentence, a chart, and its tables. `file` names its CSV."""

    name: str
    title: str
    words: str
    file: str
    table: TableView
    rows_count: int
    columns: ColumnChart | None = None
    bars: tuple[Bar, ...] = ()
    alarm: str = ""

    @property
    def is_cut(self) -> bool:
        """Whether the table has more lines than are shown."""
        return self.rows_count > len(self.table.lines)


def report_context(report: ReportView) -> dict[str, Any]:
    """The template's context of a report that is done."""
    assert report.result is not None, "a report that is done has a result"
    result = report.result
    return {
        "report": report,
        "period": period_words(report.scope),
        "where": where_words(report),
        "figures": _figures(result),
        "days": _by_day(result),
        # Side by side, where there is room.
        "pool": [_by_movie(result), _by_category(result), _funnel(result), *_occupancy(result), _refunds(result)],
        "settlement": _settlement(result),
        "shows": _shows(result),
    }


def parts_of(context: Mapping[str, Any]) -> list[Part]:
    """Every part of a context, in the order of the page."""
    return [context["days"], *context["pool"], context["settlement"], context["shows"]]


def where_words(report: ReportView) -> str:
    """The theatre of a report, by name."""
    if report.scope.theatre is None:
        return "All theatres"
    names = {theatre.slug: f"{theatre.name}, {theatre.city}" for theatre in list_theatres()}
    return names.get(report.scope.theatre, report.scope.theatre)


def lines_of(table: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of a table by the names of its columns."""
    return [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]


def _figures(result: Mapping[str, Any]) -> list[Figure]:
    sold, full, funnel = result["sales"]["total"], result["occupancy"]["total"], result["funnel"]
    money = result["settlement"]["total"]
    return [
        Figure("Sold", format_inr(sold["paise"]), f"{sold['seats']:,} seats in {sold['bookings']:,} bookings"),
        Figure("Seats back", f"{sold['back_seats']:,}", f"sold for {format_inr(sold['back_paise'])}"),
        Figure(
            "Seats filled",
            share_words(full["booked"], full["seats"] - full["blocked"]),
            f"{full['booked']:,} of {full['seats'] - full['blocked']:,} in {full['shows']:,} shows",
        ),
        Figure("Holds that were paid", share_words(funnel["paid"], funnel["held"]), f"{funnel['held']:,} holds"),
        Figure("To settle", format_inr(money["net_paise"]), "captured, less refunds and fees"),
    ]


def _by_day(result: Mapping[str, Any]) -> Part:
    table = result["sales"]["days"]
    if not any(any(row[1:]) for row in table["rows"]):
        table = {**table, "rows": []}
    return Part(
        name="days",
        title="Sales by day",
        words="What was paid on each day, whatever became of it since; what was given back is of its own day.",
        file="days",
        table=table_view(table, most=LINES_MAX),
        rows_count=len(table["rows"]),
        columns=_columns(lines_of(table)),
    )


def _columns(lines: Sequence[Mapping[str, Any]]) -> ColumnChart | None:
    if not lines:
        return None
    by, bins = binned([(date.fromisoformat(line["day"]), (line["paise"], line["seats"])) for line in lines])
    top = axis_top(max(RUPEE, *(its.values[0] for its in bins)))
    columns = [
        Column(
            f"{its.first.day} {its.first:%b}",
            its.values[0],
            f"{_span(its)}: {format_inr(its.values[0])}, {its.values[1]:,} seats",
        )
        for its in bins
    ]
    return ColumnChart(
        drawing=columns_svg(columns, top=top, words=f"Sales by {by}, from {columns[0].words} to {columns[-1].words}"),
        top=short_inr(top),
        half=short_inr(top // 2),
        labels=_some([column.label for column in columns]),
        by=by,
        heights=tuple(share_of(column.value, top) for column in columns),
    )


def _span(its: Bin) -> str:
    return day_words(its.first) if its.first == its.last else f"{day_words(its.first)} to {day_words(its.last)}"


def _some(labels: Sequence[str]) -> tuple[str, ...]:
    """The first, the middle and the last: as many as a phone has room for."""
    if len(labels) < 3:
        return tuple(labels)
    return labels[0], labels[len(labels) // 2], labels[-1]


def _by_movie(result: Mapping[str, Any]) -> Part:
    table = result["sales"]["movies"]
    return Part(
        name="movies",
        title="Movies",
        words="By what they sold.",
        file="movies",
        table=table_view(table, most=LINES_MAX),
        rows_count=len(table["rows"]),
        bars=_money_bars(lines_of(table), "movie"),
    )


def _by_category(result: Mapping[str, Any]) -> Part:
    table = result["sales"]["categories"]
    return Part(
        name="categories",
        title="Categories of seats",
        words="By what they sold.",
        file="categories",
        table=table_view(table, most=LINES_MAX),
        rows_count=len(table["rows"]),
        bars=_money_bars(lines_of(table), "category"),
    )


def _money_bars(lines: Sequence[Mapping[str, Any]], label: str) -> tuple[Bar, ...]:
    longest = max((line["paise"] for line in lines), default=0)
    return tuple(
        bar(
            line[label],
            format_inr(line["paise"]),
            value=line["paise"],
            longest=longest,
            note=f"{line['seats']:,} seats",
        )
        for line in lines[:BARS_MAX]
    )


FUNNEL_WORDS: Final = (
    ("held", "Held", "value"),
    ("checkout", "Came to the payment page", "value"),
    ("paid", "Paid", "live"),
    ("expired_before", "Ran out before paying began", "quiet"),
    ("expired_after", "Ran out on the payment page", "quiet"),
    ("given_up_before", "Given up before paying began", "quiet"),
    ("given_up_after", "Given up on the payment page", "quiet"),
    ("open", "Still open", "quiet"),
)


def _funnel(result: Mapping[str, Any]) -> Part:
    funnel = result["funnel"]
    lines = tuple(
        (words, f"{funnel[name]:,}", share_words(funnel[name], funnel["held"])) for name, words, _ in FUNNEL_WORDS
    )
    return Part(
        name="funnel",
        title="From hold to ticket",
        words="What became of the holds that began in these days.",
        file="funnel",
        table=TableView(("Holds", "How many", "Of all"), (False, True, True), lines),
        rows_count=len(lines),
        bars=tuple(
            bar(
                words,
                f"{funnel[name]:,}",
                value=funnel[name],
                longest=funnel["held"],
                note=share_words(funnel[name], funnel["held"]),
                tint=tint,
            )
            for name, words, tint in FUNNEL_WORDS
        ),
    )


def _occupancy(result: Mapping[str, Any]) -> list[Part]:
    return [
        _filled(
            result,
            table="weekdays",
            label="weekday",
            title="How full, by weekday",
            words="Shows that start in these days and were not cancelled, with the seats that are booked by now.",
        ),
        _filled(result, table="hours", label="hour", title="How full, by hour", words="By when the show starts."),
        _filled(result, table="screens", label="screen", title="How full, by screen", words=""),
    ]


def _filled(result: Mapping[str, Any], *, table: str, label: str, title: str, words: str) -> Part:
    its = result["occupancy"][table]
    return Part(
        name=f"occupancy-{table}",
        title=title,
        words=words,
        file=f"occupancy-{table}",
        table=table_view(its, most=LINES_MAX),
        rows_count=len(its["rows"]),
        bars=tuple(
            bar(
                line[label],
                share_words(line["booked"], line["seats"] - line["blocked"]),
                value=line["booked"],
                longest=line["seats"] - line["blocked"],
                note=f"{line['booked']:,} of {line['seats'] - line['blocked']:,}",
            )
            for line in lines_of(its)[: BARS_MAX + 2]
        ),
    )


def _settlement(result: Mapping[str, Any]) -> Part:
    settlement = result["settlement"]
    total, lines = settlement["total"], lines_of(settlement["fates"])
    unearned = settlement["unearned_paise"]
    return Part(
        name="settlement",
        title="Settling with the ledger",
        words=(
            f"Captured {format_inr(total['captured_paise'])} in {total['captures']:,} payments, refunded "
            f"{format_inr(total['refunded_paise'])}, fees {format_inr(total['fees_paise'])}"
            + (f" ({total['unknown_fees']:,} payments have told none yet)" if total["unknown_fees"] else "")
            + f": {format_inr(total['net_paise'])} to settle."
        ),
        alarm=(
            f"Money that pays for bookings and the price of their seats differ by {format_inr(unearned)}. "
            "manage.py ledger says of which payments."
            if unearned
            else ""
        ),
        file="settlement",
        table=table_view(settlement["days"], most=LINES_MAX),
        rows_count=len(settlement["days"]["rows"]),
        bars=tuple(
            bar(
                line["fate"],
                format_inr(line["captured_paise"]),
                value=line["captured_paise"],
                longest=total["captured_paise"],
                note=f"{line['payments']:,} payments",
            )
            for line in lines
        ),
    )


def told_refunds(table: Mapping[str, Any]) -> dict[str, Any]:
    """Refunds with their status and reason in words."""
    rows = [
        [REFUND_STATUS_WORDS.get(status, status), REFUND_REASON_WORDS.get(reason, reason.replace("_", " ")), *rest]
        for status, reason, *rest in table["rows"]
    ]
    return {"columns": ["status", "reason", "refunds", "refunded_paise"], "rows": rows}


def _refunds(result: Mapping[str, Any]) -> Part:
    table, total = told_refunds(result["refunds"]["table"]), result["refunds"]["total"]
    return Part(
        name="refunds",
        title="Refunds",
        words=f"{total['refunds']:,} decided in these days, {format_inr(total['paise'])} in all.",
        file="refunds",
        table=table_view(table, most=LINES_MAX),
        rows_count=len(table["rows"]),
    )


def _shows(result: Mapping[str, Any]) -> Part:
    whole = result["sales"]["shows"]
    places = [whole["columns"].index(column) for column in SHOW_COLUMNS]
    rows = [[row[place] for place in places] for row in whole["rows"]]
    table = {"columns": SHOW_COLUMNS, "rows": rows}
    return Part(
        name="shows",
        title="Shows",
        words="Shows that start in these days, and others of which something was sold or given back in them.",
        file="shows",
        table=table_view(table, most=LINES_MAX),
        rows_count=len(table["rows"]),
    )
