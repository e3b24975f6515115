"""What the load test's report gives its replay: seats that can be drawn, changes that can be played."""

from typing import Any

from realtime.loadtest.page import draw
from realtime.loadtest.page.replay import TINTS, replay_of
from tests.support.loadtest_sample import hall, sample, states_at, version_at, with_a_storm


def seat(label: str, x: int, y: int = 0, kind: str = "standard", category: str = "gold") -> dict[str, Any]:
    return {"label": label, "row": label[0], "x": x, "y": y, "kind": kind, "category": category}


def run(changes: list[Any], *, seats: list[dict[str, Any]] | None = None, start: str = "AAA") -> dict[str, Any]:
    """What is played of a run of two seconds."""
    seats = [seat("A1", 0), seat("A2", 1), seat("A3", 2)] if seats is None else seats
    return replay_of(
        {"about": {"duration_seconds": 2}, "replay": {"seats": seats, "start": start, "changes": changes}}
    )


class TestChanges:
    def test_are_played_as_they_were_recorded(self) -> None:
        changes = [[10, 5, [[0, "H"], [2, "B"]]], [10, 6, [[0, "A"]]], [1500, 9, [[1, "X"]]]]

        assert run(changes)["changes"] == changes

    def test_keep_their_order_where_clocks_disagree(self) -> None:
        played = run([[40, 1, [[0, "H"]]], [38, 2, [[0, "A"]]], [50, 3, [[1, "H"]]]])

        assert [change[0] for change in played["changes"]] == [40, 40, 50]
        assert [change[1] for change in played["changes"]] == [1, 2, 3]

    def test_of_seats_that_are_not_there_are_left_out(self) -> None:
        played = run([[1, 1, [[3, "H"], [-1, "H"], [True, "H"], ["0", "H"], [1, "B"]]], [2, 2, [[99, "A"]]]])

        assert played["changes"] == [[1, 1, [[1, "B"]]]]

    def test_to_no_state_there_is_are_unknown(self) -> None:
        assert run([[1, 1, [[0, "Q"], [1, None], [2, "AH"]]]])["changes"] == [[1, 1, [[0, "?"], [1, "?"], [2, "?"]]]]

    def test_that_were_left_out_are_confessed(self) -> None:
        result = sample(clicks=30)
        result["replay"]["left_out"] = 1_250

        assert "1,250 later changes were left out" in draw(result)


class TestTheStart:
    def test_has_a_state_for_each_seat(self) -> None:
        assert run([], start="BH")["start"] == "BH?"
        assert run([], start="BHXAAA")["start"] == "BHX"


class TestTheLength:
    def test_is_that_of_the_run(self) -> None:
        result = sample(seconds=30)
        assert replay_of(result)["length_ms"] == 30_000

        del result["series"]["rows"][12:]
        result["replay"]["changes"] = []
        assert replay_of(result)["length_ms"] == 12_000

    def test_reaches_to_the_last_change(self) -> None:
        assert run([[2600, 1, [[0, "H"]]]])["length_ms"] == 2600

    def test_is_as_long_as_was_asked_for_where_no_second_was_counted(self) -> None:
        assert run([])["length_ms"] == 2000


class TestSeats:
    def test_of_a_sofa_are_halves_in_pairs(self) -> None:
        sofas = [seat(f"A{x}", x, kind="sofa") for x in (0, 1, 2, 3, 5)]
        next_row = [seat("B1", 0, 1, kind="sofa"), seat("B2", 1, 1, kind="sofa")]

        kinds = [drawn[4] for drawn in run([], seats=sofas + next_row)["seats"]]

        left, right = "sofa-left", "sofa-right"
        assert kinds == [left, right, left, right, left, left, right]

    def test_of_a_kind_nobody_knows_are_drawn_plainly(self) -> None:
        assert run([], seats=[seat("A1", 0, kind="throne")])["seats"][0][4] == "standard"

    def test_are_tinted_by_category_from_the_screen_back(self) -> None:
        seats = [seat(f"{'ABCDEFG'[y]}1", 0, y, category=f"c{y}") for y in range(7)]

        tints = {drawn[6]: drawn[5] for drawn in run([], seats=seats[::-1])["seats"]}

        assert [tints[f"c{y}"] for y in range(7)] == [1, 2, 3, 4, 5, 1, 2]
        assert max(tints.values()) == TINTS

    def test_tell_their_category_in_words_as_well(self) -> None:
        page = draw(sample(clicks=20))

        assert "<bdi>silver</bdi>, rows A to D" in page
        assert "<bdi>lounge</bdi>, rows M to N" in page


class TestTheReference:
    """What the browser's replay is compared with must itself be right."""

    def test_says_the_states_and_the_version_of_a_moment(self) -> None:
        replay = {
            "start": "AAB",
            "changes": [[10, 4, [[0, "H"]]], [20, 6, [[0, "A"], [1, "H"]]], [20, 7, [[1, "B"]]]],
        }
        result = {"replay": replay}

        assert [states_at(result, ms) for ms in (0, 9, 10, 19, 20, 99)] == ["AAB", "AAB", "HAB", "HAB", "ABB", "ABB"]
        assert [version_at(result, ms) for ms in (0, 10, 20)] == [None, 4, 7]

    def test_is_a_run_that_could_have_been(self) -> None:
        result = sample()
        states = list(result["replay"]["start"])

        for _, _, changes in result["replay"]["changes"]:
            for index, state in changes:
                assert (states[index], state) in {("A", "H"), ("H", "A"), ("H", "B")}
                states[index] = state
        assert len(states) == len(hall()) == result["about"]["show"]["seats"]

    def test_storms_as_much_as_asked(self) -> None:
        stormy = with_a_storm(sample(clicks=20), 5_000)

        assert sum(len(seats) for _, _, seats in stormy["replay"]["changes"]) == 5_000
        assert replay_of(stormy)["changes"] == stormy["replay"]["changes"]
