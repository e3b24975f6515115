"""`manage.py reconcile` finds and repairs every kind of drift, says what it was, and how it went by its status."""

import json
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
import redis
from django.core.management import CommandError, call_command

from bookings.api import Held, with_box_office
from bookings.models import Show
from bookings.selectors.active_shows import get_active_shows
from bookings.services.upkeep import find_drift
from tests.support.cinema import make_show

if TYPE_CHECKING:
    from config.embedded import EmbeddedServers


@pytest.fixture
def show(database: str) -> Show:
    show = make_show()
    with_box_office(lambda office: office.picture(show.pk))
    return show


@pytest.fixture
def held(show: Show) -> Held:
    """A1 is held."""
    return with_box_office(lambda office: office.hold(show_id=show.pk, holder="holder", labels=["A1"]))


def reconcile(*arguments: str) -> tuple[int, str]:
    """Exit status and what was printed."""
    out = StringIO()
    try:
        call_command("reconcile", *arguments, stdout=out)
    except SystemExit as ended:
        return int(str(ended.code)), out.getvalue()
    return 0, out.getvalue()


def drift_of(show: Show) -> tuple[int, list[dict[str, Any]]]:
    """Exit status and the differences of this one show, from the JSON report."""
    status, text = reconcile("--show", str(show.pk), "--json")
    (report,) = json.loads(text)["shows"]
    assert report["show_id"] == show.pk
    return status, report["drift"]


class Drift:
    """The ways in which Redis can part from PostgreSQL, by hand."""

    def __init__(self, client: redis.Redis, show: Show, held: Held) -> None:
        self._client = client
        self._tag = f"{{{show.pk}}}"
        self._booking = held.booking

    def paint_sold(self) -> None:
        self._client.setrange(f"seat_states:{self._tag}", 1, "B")

    def free_the_held_seat(self) -> None:
        self._client.setrange(f"seat_states:{self._tag}", 0, "A")

    def give_to_another(self) -> None:
        expires_ms = str(self._client.hget(f"reserved_seats:{self._tag}", "A1")).split()[1]
        self._client.hset(f"reserved_seats:{self._tag}", "A1", f"00000000-0000-7000-8000-000000000000 {expires_ms}")

    def lose_the_lock_key(self) -> None:
        self._client.delete(f"seat_lock:{self._tag}:A1")

    def lose_the_deadline(self) -> None:
        self._client.zrem(f"hold_deadlines:{self._tag}", self._booking)

    def lose_the_hold(self) -> None:
        self._client.hdel(f"holds:{self._tag}", self._booking)


@pytest.fixture
def drift(redis_client: redis.Redis, show: Show, held: Held) -> Drift:
    return Drift(redis_client, show, held)


class TestReconcile:
    def test_finds_nothing_where_both_agree(self, show: Show, held: Held) -> None:
        assert drift_of(show) == (0, [])

    @pytest.mark.parametrize(
        ("part", "seat", "what"),
        [
            ("paint_sold", "A2", "state"),
            ("free_the_held_seat", "A1", "state"),
            ("give_to_another", "A1", "owner"),
            ("lose_the_lock_key", "A1", "lock key"),
            ("lose_the_deadline", "A1", "deadline"),
            ("lose_the_hold", "A1", "hold record"),
        ],
    )
    def test_repairs_and_reports_each_kind_of_drift(
        self, show: Show, held: Held, drift: Drift, part: str, seat: str, what: str
    ) -> None:
        getattr(drift, part)()

        status, differences = drift_of(show)

        assert status == 1
        assert [(one["seat"], one["what"]) for one in differences] == [(seat, what)]
        assert drift_of(show) == (0, [])
        picture = with_box_office(lambda office: office.picture(show.pk))
        assert picture.states[:3] == "HAA"
        assert [hold.booking for hold in picture.holds] == [held.booking]

    def test_prints_a_table_of_what_redis_showed(self, show: Show, drift: Drift) -> None:
        drift.paint_sold()

        status, text = reconcile()

        assert status == 1
        assert f"show {show.pk}" in text
        assert "seat A2" in text
        assert "Redis showed B, PostgreSQL has A" in text
        assert "1 differences repaired" in text

    def test_rebuilds_a_show_that_redis_lost(self, show: Show, held: Held, redis_client: redis.Redis) -> None:
        for key in redis_client.scan_iter(match=f"*{{{show.pk}}}*"):
            redis_client.delete(key)

        status, text = reconcile()

        assert status == 1
        assert f"show {show.pk}: was not in Redis, rebuilt from PostgreSQL" in text
        assert with_box_office(lambda office: office.picture(show.pk)).states[0] == "H"

    def test_looks_at_every_active_show_that_has_a_picture(self, show: Show, database: str) -> None:
        unseen = make_show()
        another = make_show()
        with_box_office(lambda office: office.picture(another.pk))

        status, text = reconcile("--json")

        assert status == 0
        assert {report["show_id"] for report in json.loads(text)["shows"]} == {show.pk, another.pk}
        assert unseen.pk in {active.show_id for active in get_active_shows()}

    def test_cannot_compare_a_show_that_is_not_there(self, database: str) -> None:
        status, text = reconcile("--show", "987654321")

        assert status == 2
        assert "could not be compared" in text

    def test_says_that_redis_is_away(self, show: Show, servers: "EmbeddedServers") -> None:
        servers.kill_redis()

        with pytest.raises(CommandError, match="doctor") as refusal:
            reconcile()

        assert refusal.value.returncode == 2


class TestFindDrift:
    def test_counts_seats_and_repairs_none(self, show: Show, drift: Drift) -> None:
        drift.paint_sold()
        agreeing = make_show()

        for _ in range(2):
            found = with_box_office(
                lambda office: find_drift(office, [show.pk, agreeing.pk], again_after_seconds=0.01)
            )
            assert found == {show.pk: 1}
