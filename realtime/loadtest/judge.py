"""All evidence of a run before all checks. What could not be had is not judged; the rest is, whatever happened."""

from collections.abc import Iterable, Iterator
from itertools import chain

from realtime.loadtest import checks, together
from realtime.loadtest.evidence import Breach
from realtime.loadtest.found import Look, Rest, Run


def judge(found: Run, rest: Rest | None, after: Look | None) -> None:
    """Note every breach. `rest`: the show at rest; `after`: when all was given back; None: HTTP did not show it."""
    found_breaches: list[Iterable[Breach]] = [_of_answers(found)]
    if rest is not None:
        found_breaches.append(_at_rest(found, rest))
    if after is not None:
        labels = [seat.label for seat in found.show.seats]
        found_breaches.append(
            checks.check_nothing_left(found.evidence, found.clock, found.before, after.seat_map, after.at_ms, labels)
        )
    for breach in chain.from_iterable(found_breaches):
        found.evidence.note(breach)


def _of_answers(found: Run) -> Iterator[Breach]:
    evidence, clock = found.evidence, found.clock
    yield from checks.check_one_holder(evidence, clock)
    yield from checks.check_all_or_none(evidence, clock)
    yield from checks.check_deadlines_of_grants(evidence, clock)
    yield from checks.check_mine(evidence, clock)
    yield from checks.check_versions_of_grants(evidence, clock)
    yield from checks.check_pictures(evidence)


def _at_rest(found: Run, rest: Rest) -> Iterator[Breach]:
    evidence, clock, seats = found.evidence, found.clock, found.show.seats
    final, at_ms, text = rest.after
    index_of = {seat.label: index for index, seat in enumerate(seats)}
    yield from checks.check_final_maps(evidence, rest.before, final, text, at_ms, seats)
    yield from checks.check_kept_at_rest(evidence, clock, final, at_ms, index_of)
    if found.settings.scenario.name == checks.BEST_TOGETHER:
        yield from together.check_best_together(evidence, clock, found.before, final, seats)
