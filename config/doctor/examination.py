"""Runs examinations: all at once, none longer than EXAMINATION_SECONDS, those of a dead server not at all.

Knows nothing of what is examined. A finding is ok, failed (with the remedy) or skipped (with the reason).
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

EXAMINATION_SECONDS: Final = 2.0

Outcome: TypeAlias = Literal["ok", "failed", "skipped"]


class Failed(Exception):
    """Something is wrong. `remedy` replaces the examination's own where it is more to the point."""

    def __init__(self, detail: str, *, remedy: str = "") -> None:
        super().__init__(detail)
        self.remedy = remedy


class Skipped(Exception):
    """There is nothing to examine here; the text says why."""


@dataclass(frozen=True, slots=True)
class Examination:
    """One line of the checklist. `needs` names examinations without which this one says nothing new."""

    name: str
    examine: Callable[[], str]
    remedy: str
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """What an examination found, and what to do where it failed."""

    name: str
    outcome: Outcome
    detail: str
    remedy: str
    took_ms: float


@dataclass(slots=True)
class _Running:
    examination: Examination
    seconds_max: float
    started: float = field(default_factory=time.perf_counter)
    finding: Finding | None = None

    def __post_init__(self) -> None:
        # A daemon: what hangs in a system call must not keep the command from ending.
        self.thread = threading.Thread(target=self._examine, name=self.examination.name, daemon=True)
        self.thread.start()

    thread: threading.Thread = field(init=False)

    def result(self) -> Finding:
        self.thread.join(max(0.0, self.started + self.seconds_max - time.perf_counter()))
        return self.finding or self._found("failed", f"no answer within {self.seconds_max:g} s")

    def _examine(self) -> None:
        try:
            self.finding = self._found("ok", self.examination.examine())
        except Skipped as reason:
            self.finding = self._found("skipped", str(reason))
        except Failed as failure:
            self.finding = self._found("failed", str(failure), failure.remedy)
        except Exception as error:
            # Whatever a broken house raises is a finding; the others are still to be made.
            self.finding = self._found("failed", " ".join(f"{type(error).__name__}: {error}".split()))

    def _found(self, outcome: Outcome, detail: str, remedy: str = "") -> Finding:
        return Finding(
            name=self.examination.name,
            outcome=outcome,
            detail=detail,
            remedy=(remedy or self.examination.remedy) if outcome == "failed" else "",
            took_ms=round((time.perf_counter() - self.started) * 1000, 1),
        )


def examine_all(examinations: Sequence[Examination], *, seconds_max: float = EXAMINATION_SECONDS) -> list[Finding]:
    """Make all examinations and return the findings in their order."""
    findings: dict[str, Finding] = {}
    waiting = list(examinations)
    while waiting:
        now = [e for e in waiting if all(need in findings for need in e.needs)]
        assert now, "an examination needs one that is not in the list"
        waiting = [e for e in waiting if e not in now]
        running = []
        for examination in now:
            ailing = [need for need in examination.needs if findings[need].outcome != "ok"]
            if ailing:
                findings[examination.name] = Finding(
                    name=examination.name,
                    outcome="skipped",
                    detail=f"needs: {', '.join(ailing)}",
                    remedy="",
                    took_ms=0.0,
                )
            else:
                running.append(_Running(examination, seconds_max))
        findings |= {one.examination.name: one.result() for one in running}
    return [findings[examination.name] for examination in examinations]
