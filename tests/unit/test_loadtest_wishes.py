"""What people want, and when: chance that can be played again, the same for any number of processes."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime.loadtest.scenarios import SCENARIOS
from realtime.loadtest.wishes import PARTY_SIZES, Popularity, arrivals, party_size, spread, think_seconds
from realtime.loadtest.world import World
from tests.support.loadtest import LABELS, a_show

seeds = st.integers(0, 2**32)


def world_of(seed: str) -> World:
    return World(url="http://127.0.0.1:8000", show=a_show(), seed=seed)


def wishes_of(world: World, client: str) -> list[object]:
    """All that one client decides for himself."""
    random, popularity = world.random(client), Popularity(world.show.seats)
    size = party_size(random)
    return [size, think_seconds(random, 1.5), popularity.party(random, range(len(LABELS)), size, world.show.seats)]


class TestAClient:
    def test_wants_the_same_again_for_the_same_seed(self) -> None:
        assert wishes_of(world_of("7/viewers"), "g3") == wishes_of(world_of("7/viewers"), "g3")

    def test_wants_something_else_for_another_seed_scenario_or_name(self) -> None:
        whole = [
            [wishes_of(world_of(seed), f"{letter}{number}") for number in range(20)]
            for seed, letter in (("7/viewers", "g"), ("8/viewers", "g"), ("7/churn", "g"), ("7/viewers", "v"))
        ]

        assert all(one != other for place, one in enumerate(whole) for other in whole[:place])

    @settings(deadline=None)
    @given(st.integers(0, 200), st.integers(1, 8))
    def test_is_in_exactly_one_process_under_the_same_name(self, count: int, parts: int) -> None:
        dealt = [number for part in range(parts) for number in spread(count, parts, part)]

        assert sorted(dealt) == list(range(count))

    @settings(deadline=None)
    @given(st.integers(1, 200), st.integers(1, 8))
    def test_has_as_many_neighbours_in_every_process(self, count: int, parts: int) -> None:
        sizes = [len(spread(count, parts, part)) for part in range(parts)]

        assert max(sizes) - min(sizes) <= 1

    @pytest.mark.parametrize("parts", [1, 2, 3])
    def test_wants_the_same_however_many_processes_there_are(self, parts: int) -> None:
        whole = {number: wishes_of(world_of("7/viewers"), f"g{number}") for number in range(12)}
        worlds = [world_of("7/viewers") for _ in range(parts)]

        dealt = {
            number: wishes_of(worlds[part], f"g{number}")
            for part in range(parts)
            for number in spread(12, parts, part)
        }

        assert dealt == whole


class TestArrivals:
    @settings(deadline=None)
    @given(seeds, st.integers(0, 300), st.floats(0.1, 3600))
    def test_are_as_many_as_asked_for_within_the_time_and_in_order(
        self, seed: int, count: int, seconds: float
    ) -> None:
        found = arrivals(Random(seed), count, seconds)

        assert len(found) == count
        assert found == sorted(found)
        assert all(0 <= at < seconds for at in found)

    def test_are_a_rush_that_ebbs_away(self) -> None:
        found = arrivals(Random(7), 10_000, 100)

        assert 0.45 < sum(at < 20 for at in found) / len(found) < 0.55


class TestAParty:
    def test_has_one_to_six_and_mostly_two(self) -> None:
        random = Random(7)
        sizes = [party_size(random) for _ in range(5_000)]

        assert set(sizes) == set(PARTY_SIZES) == set(range(1, 7))
        assert max(PARTY_SIZES, key=sizes.count) == 2

    @settings(deadline=None)
    @given(seeds, st.sets(st.integers(0, 5), min_size=1), st.integers(1, 6))
    def test_sits_in_one_row_on_free_seats(self, seed: int, free: set[int], size: int) -> None:
        seats = a_show().seats

        party = Popularity(seats).party(Random(seed), sorted(free), size, seats)

        assert set(party) <= free
        assert 1 <= len(party) <= size
        (row,) = {seats[index].row for index in party}
        assert len(party) == min(size, sum(seats[index].row == row for index in free))

    def test_likes_good_seats_more(self) -> None:
        popularity, random = Popularity(a_show().seats), Random(7)
        chosen = [popularity.choose(random, range(6)) for _ in range(6_000)]

        by_liking = sorted(range(6), key=chosen.count, reverse=True)
        # Zipf over six: the best is wanted six times as often as the worst.
        assert 4 < chosen.count(by_liking[0]) / chosen.count(by_liking[-1]) < 9
        assert LABELS[by_liking[0]] == "B2"

    def test_finds_nothing_in_a_full_house(self) -> None:
        with pytest.raises(ValueError, match="no seat is free"):
            Popularity(a_show().seats).choose(Random(7), [])


@settings(deadline=None)
@given(seeds, st.floats(0.01, 60))
def test_nobody_thinks_longer_than_five_times_the_mean(seed: int, mean: float) -> None:
    assert 0 < think_seconds(Random(seed), mean) <= 5 * mean


def test_every_scenario_says_what_it_is_for_and_how_big_it_is() -> None:
    for name, scenario in SCENARIOS.items():
        assert scenario.name == name
        assert scenario.about.endswith(".")
        assert scenario.grabbers > 0
