"""200 clients take and give back overlapping sets of seats: nobody ever has what another one has.

Either guard alone must be enough. With none left the same harness sees seats given to two, so it can see it.
"""

from collections.abc import Iterator
from contextlib import nullcontext
from random import Random

import pytest

from bookings.models import Show
from tests.concurrency.churn import (
    CLIENTS,
    Crowd,
    Outcome,
    claims_of,
    double_grants,
    gathered,
    overlapping_claims,
)
from tests.support.cinema import hall_text, make_show
from tests.support.guards import without_index
from tests.support.witness import live_claims

TRIES_EACH = 20
TRIES_EACH_WITHOUT_GUARDS = 2
SEATS_ASKED_MAX = 6


@pytest.fixture(scope="module")
def crowd(django_db_setup: None) -> Iterator[Crowd]:
    with gathered() as processes:
        yield processes


def small_hall() -> tuple[Show, list[str]]:
    """A show and the labels of its 24 seats."""
    show = make_show(layout=hall_text(rows=4, columns=6))
    return show, [seat["label"] for seat in show.layout.seats]


def wishes(seed: str, labels: list[str], *, each: int) -> list[list[list[str]]]:
    chance = Random(seed)
    return [[chance.sample(labels, chance.randint(1, SEATS_ASKED_MAX)) for _ in range(each)] for _ in range(CLIENTS)]


def assert_rows_are_the_grants(database: str, show: Show, labels: list[str], outcome: Outcome) -> None:
    """Every grant is in PostgreSQL with all its seats, and nothing else is."""
    granted = {(labels.index(seat), g["booking"], g["holder"]) for g in outcome.grants for seat in g["seats"]}
    claimed = [(claim.seat, claim.booking, claim.holder) for claim in claims_of(database, show.pk)]
    assert len(claimed) == len(granted)
    assert set(claimed) == granted


class TestChurn:
    @pytest.mark.parametrize("guards", ["redis", "postgresql", "none"])
    def test_is_safe_with_either_guard_and_with_none_it_is_not(
        self, crowd: Crowd, database: str, guards: str
    ) -> None:
        show, labels = small_hall()
        tries = wishes(guards, labels, each=TRIES_EACH_WITHOUT_GUARDS)
        index = nullcontext() if guards == "postgresql" else without_index(database, "one_live_claim_per_seat")
        with index:
            outcome = crowd.churn(show.pk, tries, guards=[guards])
            overlapping = overlapping_claims(database, show.pk)

        assert outcome.tries == CLIENTS * TRIES_EACH_WITHOUT_GUARDS
        assert outcome.grants
        assert (double_grants(outcome) > 0) is (guards == "none")
        if guards != "postgresql":
            assert (overlapping > 0) is (guards == "none")

    def test_leaves_a_seat_with_one_at_a_time(self, crowd: Crowd, database: str) -> None:
        show, labels = small_hall()

        outcome = crowd.churn(show.pk, wishes("both", labels, each=TRIES_EACH))

        assert outcome.tries == CLIENTS * TRIES_EACH
        assert double_grants(outcome) == 0
        assert overlapping_claims(database, show.pk) == 0
        assert_rows_are_the_grants(database, show, labels, outcome)
        assert live_claims(database, show.pk) == {}
        by_name = [refusal for refusal in outcome.refusals if refusal["code"] == "seats_unavailable"]
        assert all(refusal["named"] and set(refusal["named"]) <= set(refusal["asked"]) for refusal in by_name)
        # On a machine that is too busy some are asked to come again; nobody gets any other answer.
        assert {refusal["code"] for refusal in outcome.refusals} <= {"seats_unavailable", "not_ready"}
        assert len(by_name) > len(outcome.refusals) / 2
