"""`manage.py doctor`: what is well with the house and what is not, and the remedy beside it."""

import json
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from django.core.management.base import BaseCommand

from config.doctor.checklist import CHECKLIST
from config.doctor.examination import Finding, examine_all

MARKS: Final = {"ok": "✓", "failed": "✗", "skipped": "–"}


class Command(BaseCommand):
    help = (
        "Say what is well with the house and what is not, with the remedy beside each failure. "
        "Changes nothing, and ends in seconds whatever is down. Exit status 1 if anything failed."
    )
    # They are on the checklist; run by Django, their first failure would be all there is to see.
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the findings as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        started = time.perf_counter()
        findings = examine_all(CHECKLIST)
        took_ms = round((time.perf_counter() - started) * 1000, 1)
        if options["json"]:
            self.stdout.write(as_json(findings, took_ms=took_ms))
        else:
            self._print(findings, took_ms=took_ms)
        if any(finding.outcome == "failed" for finding in findings):
            raise SystemExit(1)

    def _print(self, findings: Sequence[Finding], *, took_ms: float) -> None:
        paint = {"ok": self.style.SUCCESS, "failed": self.style.ERROR, "skipped": self.style.WARNING}
        width = max(len(finding.name) for finding in findings)
        for finding in findings:
            line = f"{MARKS[finding.outcome]} {finding.name:<{width}}  {finding.detail}"
            took = f"  {finding.took_ms:.0f} ms" if finding.took_ms else ""
            self.stdout.write(paint[finding.outcome](line) + took)
            if finding.remedy:
                self.stdout.write(f"  {'':<{width}}  → {finding.remedy}")
        failed = sum(finding.outcome == "failed" for finding in findings)
        verdict = f"{failed} of {len(findings)} failed" if failed else "all is well"
        self.stdout.write(f"{verdict} ({took_ms / 1000:.1f} s)")


def as_json(findings: Sequence[Finding], *, took_ms: float) -> str:
    """{ok, took_ms, findings: [{name, outcome, detail, remedy, took_ms}]} on one line."""
    ok = all(finding.outcome != "failed" for finding in findings)
    return json.dumps({"ok": ok, "took_ms": took_ms, "findings": [asdict(finding) for finding in findings]})
