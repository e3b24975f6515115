"""Runs of the load tester's command: ended early, by several processes, played again, and never begun."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from bookings.models import Show
from tests.support.cinema import make_show
from tests.support.house import RunningHouse, running_house
from tests.support.loadtest_process import LoadTest, load_test, whole_run
from tests.support.processes import alive, family

LONG = "--scenario viewers --viewers 4 --grabbers 2 --rate 20 --duration 600"


@pytest.fixture
def result(tmp_path: Path) -> Path:
    return tmp_path / "result.json"


def its_processes(run: LoadTest) -> set[int]:
    return family(run.process.pid)


async def held_first(house: RunningHouse, folder: Path, *, seed: int, processes: int) -> list[str]:
    """The seat that a lone grabber holds first, in a new hall."""
    show = await sync_to_async(make_show)()
    arguments = f"--scenario viewers --viewers 3 --grabbers 1 --rate 4 --duration 1 --processes {processes}"
    status, run = await whole_run(house.url, arguments, result=folder / f"{show.pk}.json", show=show.pk, seed=seed)
    assert status == 0
    document = run.document
    assert document["about"]["processes"] == processes
    first: list[Any] = document["replay"]["changes"][0]
    return [document["replay"]["seats"][index]["label"] for index, _ in first[2]]


class TestControlC:
    async def test_ends_a_run_early_with_what_was_found(self, house: RunningHouse, show: Show, result: Path) -> None:
        async with load_test(house.url, LONG, result=result, show=show.pk) as run:
            await run.until_said("   2 s  ")
            processes = its_processes(run)
            run.process.send_signal(signal.SIGINT)
            status = await run.end()

        document = run.document
        assert (status, document["verdict"], document["about"]["interrupted"]) == (130, "incomplete", True)
        assert len(document["series"]["rows"]) >= 2
        assert document["outcomes"]["granted"] > 0
        # Everything was compared and given back all the same.
        assert [check["name"] for check in document["checks"] if check["breaches"] or not check["examined"]] == []
        assert "brought to rest" in run.said
        assert len(processes) == 2
        assert alive(processes) == set()

    async def test_a_second_time_ends_it_without_waiting(self, house: RunningHouse, show: Show, result: Path) -> None:
        """Even when a generator process does nothing any more."""
        async with load_test(house.url, LONG, result=result, show=show.pk) as run:
            await run.until_said("   1 s  ")
            processes = its_processes(run)
            for generator in processes - {run.process.pid}:
                os.kill(generator, signal.SIGSTOP)
            run.process.send_signal(signal.SIGINT)
            await run.until_said("Ctrl-C again ends at once")
            run.process.send_signal(signal.SIGINT)
            status = await run.end()

        assert status == 130
        assert "ended before anything was found" in run.said
        assert alive(processes) == set()


class TestARun:
    async def test_of_several_processes_is_one_run(self, house: RunningHouse, show: Show, result: Path) -> None:
        arguments = "--scenario viewers --viewers 5 --grabbers 3 --rate 20 --duration 2 --processes 2"

        status, run = await whole_run(house.url, arguments, result=result, show=show.pk)

        document = run.document
        assert (status, document["verdict"]) == (0, "passed")
        assert {row["sockets"] for row in document["series"]["rows"]} == {8}
        examined = {check["name"]: check["examined"] for check in document["checks"]}
        # Everybody's map was compared, whichever process he is of, and everybody came back.
        assert examined["http-agrees"] >= 8
        assert examined["refused-unchanged"] == 3

    async def test_of_a_seed_can_be_played_again_by_any_number_of_processes(
        self, house: RunningHouse, database: str, tmp_path: Path
    ) -> None:
        """One grabber alone: what he wants depends on nobody else."""
        alone = await held_first(house, tmp_path, seed=7, processes=1)

        assert await held_first(house, tmp_path, seed=7, processes=2) == alone
        assert await held_first(house, tmp_path, seed=8, processes=1) != alone

    async def test_may_have_more_processes_than_people(self, house: RunningHouse, show: Show, result: Path) -> None:
        arguments = "--scenario one-seat --viewers 1 --grabbers 1 --duration 1 --processes 2"

        status, run = await whole_run(house.url, arguments, result=result, show=show.pk)

        assert status == 0
        assert run.document["outcomes"]["granted"] == 1

    async def test_of_a_house_that_dies_is_judged_by_what_was_seen(
        self, database: str, show: Show, result: Path
    ) -> None:
        with running_house(LIMIT_PROFILE="bench") as house:
            house.start_web()
            async with load_test(house.url, LONG.replace("600", "4"), result=result, show=show.pk) as run:
                await run.until_said("   2 s  ")
                house.crash("web")
                status = await run.end()

        document = run.document
        assert (status, document["verdict"]) == (2, "incomplete")
        assert document["outcomes"]["granted"] > 0
        assert any("did not show its seats" in note for note in document["notes"])
        assert any("6 sockets could not be brought up to date" in note for note in document["notes"])
        # What needs no house any more was judged.
        assert {check["name"]: check["breaches"] for check in document["checks"] if check["breaches"]} == {}
        assert all(check["examined"] for check in document["checks"] if check["name"] == "one-holder")

    async def test_is_not_begun_when_the_house_lets_in_too_few(self, database: str, show: Show, result: Path) -> None:
        with running_house(LIMIT_SOCKETS_PER_IP="3") as house:
            house.start_web()
            status, run = await whole_run(house.url, LONG, result=result, show=show.pk)

        assert status == 2
        assert "too many sockets of this address" in run.said
        assert "LIMIT_PROFILE=bench" in run.said
        assert "--viewers" in run.said

    async def test_of_a_show_that_does_not_exist_says_where_they_are(
        self, house: RunningHouse, show: Show, result: Path
    ) -> None:
        status, run = await whole_run(house.url, "", result=result, show=show.pk + 1)

        assert status == 2
        assert "not_found" in run.said
        assert f"Shows and their ids are at {house.url}/api/v1/shows." in run.said
