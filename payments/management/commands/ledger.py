"""`manage.py ledger check`: compare the money ledger with the gateway and within itself, report each difference."""

import json
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from bookings.api import BoxOffice, ClaimsUnavailable, NotReady, with_box_office
from payments.gateway import GatewayFailed
from payments.razorpay_gateway import gateway
from payments.services.ledger import LedgerReport, Period, check_ledger

EXIT_DIFFERS = 1
EXIT_UNKNOWN = 2


class Command(BaseCommand):
    help = (
        "Compare the money ledger with the gateway, payment by payment, and within itself; report each difference. "
        "With --repair, what the gateway knows and the house missed is taken in. Works while the house runs. "
        "Exit status: 0 everything agreed, 1 something differed, 2 it could not be compared."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", nargs="?", choices=["check"], default="check")
        parser.add_argument(
            "--from",
            dest="begin",
            type=_moment,
            metavar="WHEN",
            help="date or time, UTC (default: 4 days ago, for refunds 14)",
        )
        parser.add_argument(
            "--to", dest="end", type=_moment, metavar="WHEN", help="date or time, UTC (default: 10 minutes ago)"
        )
        parser.add_argument("--repair", action="store_true", help="take in what was missed")
        parser.add_argument("--json", action="store_true", help="print the report as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        if not settings.RAZORPAY_KEY_ID:
            raise CommandError("RAZORPAY_KEY_ID is not set: there is no gateway to compare with.", returncode=2)
        usual = Period.usual(time.time_ns() // 1_000_000_000)
        begin, end = options["begin"], options["end"]
        to_s = usual.to_s if end is None else end
        period = replace(usual, to_s=to_s) if begin is None else Period(begin, to_s)

        async def work(office: BoxOffice) -> LedgerReport:
            return await check_ledger(office.works, gateway, period=period, repair=options["repair"])

        try:
            report = with_box_office(work)
        except (GatewayFailed, ClaimsUnavailable, NotReady) as error:
            raise CommandError(
                f"Not compared: {error}. `manage.py doctor` says what is missing.", returncode=EXIT_UNKNOWN
            ) from error
        self.stdout.write(as_json(report) if options["json"] else as_table(report))
        if not report.is_clean:
            raise SystemExit(EXIT_DIFFERS)


def as_json(report: LedgerReport) -> str:
    """{ok, from, to, payments, refunds, differences, repaired, breaches, totals} on one line; money in paise."""
    return json.dumps(
        {
            "ok": report.is_clean,
            "from": _told(report.period.from_s),
            "to": _told(report.period.to_s),
            "payments": report.payments,
            "refunds": report.refunds,
            "differences": [asdict(difference) for difference in report.differences],
            "repaired": report.repaired,
            "breaches": [asdict(breach) for breach in report.reckoning.breaches],
            "totals_paise": asdict(report.reckoning.totals),
        }
    )


def as_table(report: LedgerReport) -> str:
    """A line each difference, the totals, and what to make of it."""
    lines = [f"{_told(report.period.from_s)} to {_told(report.period.to_s)}, money in paise"]
    if report.differences:
        rows = [
            (one.payment, one.what, one.here, one.there, "taken in" if one.payment in report.repaired else "")
            for one in report.differences
        ]
        lines += _table(("payment", "what", "here", "at the gateway", ""), rows)
    for breach in report.reckoning.breaches:
        lines.append(f"{breach.subject}: {breach.what} {breach.detail}".rstrip())
    totals = asdict(report.reckoning.totals)
    lines.append(", ".join(f"{name.replace('_', ' ')} {paise}" for name, paise in totals.items()))
    if not report.reckoning.totals.is_conserved:
        lines.append("the totals do not add up: captured − refunded must be the sum of the others")
    lines.append(
        f"{report.payments} payments and {report.refunds} refunds compared, {len(report.differences)} differences, "
        f"{len(report.reckoning.breaches)} contradictions"
    )
    return "\n".join(lines)


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in [heads, *rows]) for column in range(len(heads))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [heads, *rows]
    ]


def _moment(text: str) -> int:
    """Unix seconds of an ISO 8601 date or time; without a zone it is UTC. Raises ArgumentTypeError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is not a date like 2026-11-22 or a time like 2026-11-22T18:30") from error
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _told(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
