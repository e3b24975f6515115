"""How doctor examines: nothing hangs it, nothing breaks it, and it does not ask the dead."""

import json
import threading
import time
from collections.abc import Callable

from config.doctor.checklist import CHECKLIST
from config.doctor.examination import Examination, Failed, Skipped, examine_all
from config.management.commands.doctor import as_json
from tests.support.patience import PATIENCE_SECONDS


class TestExaminations:
    def test_are_given_up_when_they_take_too_long(self) -> None:
        never = threading.Event()
        started = time.monotonic()

        findings = examine_all(
            [
                Examination("hangs", lambda: str(never.wait()), "wake it"),
                Examination("hangs too", lambda: str(never.wait()), "wake it"),
                Examination("is quick", lambda: "done", ""),
            ],
            seconds_max=0.2,
        )
        never.set()

        assert time.monotonic() - started < PATIENCE_SECONDS
        assert [f.outcome for f in findings] == ["failed", "failed", "ok"]
        assert (findings[0].detail, findings[0].remedy) == ("no answer within 0.2 s", "wake it")

    def test_end_in_a_finding_whatever_they_raise(self) -> None:
        def raises(error: Exception) -> Callable[[], str]:
            def examine() -> str:
                raise error

            return examine

        findings = examine_all(
            [
                Examination("one", raises(ZeroDivisionError("of\n  two lines")), "usual"),
                Examination("two", raises(Failed("broken", remedy="special")), "usual"),
                Examination("three", raises(Skipped("nothing there")), "usual"),
                Examination("four", lambda: "never asked", "usual", needs=("three",)),
            ]
        )

        assert [(f.outcome, f.detail, f.remedy) for f in findings] == [
            ("failed", "ZeroDivisionError: of two lines", "usual"),
            ("failed", "broken", "special"),
            ("skipped", "nothing there", ""),
            ("skipped", "needs: three", ""),
        ]

    def test_are_told_in_json(self) -> None:
        findings = examine_all([Examination("one", lambda: "fine", "")])

        told = json.loads(as_json(findings, took_ms=1.5))

        assert (told["ok"], told["took_ms"]) == (True, 1.5)
        assert set(told["findings"][0]) == {"name", "outcome", "detail", "remedy", "took_ms"}

    def test_each_have_a_remedy(self) -> None:
        assert all(examination.remedy for examination in CHECKLIST)
