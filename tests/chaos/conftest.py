"""Options of the fault suite and the house that it breaks."""

import logging
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.chaos.faults import FAULTS, WEBS
from tests.chaos.run import Plan
from tests.support.house import RunningHouse, running_house

if TYPE_CHECKING:
    from config.embedded import EmbeddedServers

MINUTES = 10.0
HOLD_SECONDS = 8
SEEDS = 10**6


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("chaos", "the fault suite")
    group.addoption("--chaos-minutes", type=float, default=MINUTES, help=f"how long it breaks things ({MINUTES:.0f})")
    group.addoption(
        "--chaos-seed", type=int, default=None, help="the same faults again (default: a new one, printed)"
    )
    group.addoption("--chaos-faults", default="", help=f"only these, with commas between; of {', '.join(FAULTS)}")
    group.addoption("--chaos-reports", type=Path, default=Path("reports"), help="the folder of the reports (reports)")


@pytest.fixture(autouse=True)
def _few_log_lines() -> None:
    """Thousands of requests would bury what a failure says."""
    logging.getLogger("httpx").setLevel(logging.WARNING)


@pytest.fixture
def plan(pytestconfig: pytest.Config) -> Plan:
    """What the command line asks for."""
    seed = pytestconfig.getoption("chaos_seed", None)
    named = [name for name in pytestconfig.getoption("chaos_faults", "").split(",") if name]
    unknown = set(named) - set(FAULTS)
    assert not unknown, f"no such faults: {', '.join(sorted(unknown))}"
    return Plan(
        seed=random.SystemRandom().randrange(SEEDS) if seed is None else seed,
        seconds=60 * pytestconfig.getoption("chaos_minutes", MINUTES),
        faults=named or tuple(FAULTS),
    )


@pytest.fixture
def reports(pytestconfig: pytest.Config) -> Path:
    """Where the reports go."""
    folder: Path = pytestconfig.getoption("chaos_reports", Path("reports"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Prints at once, past pytest's capture: nobody waits ten minutes for a sign of life."""

    def line(text: str) -> None:
        with capsys.disabled():
            print(text, flush=True)

    return line


@pytest.fixture
def chaos_house(database: str, servers: "EmbeddedServers") -> Iterator[RunningHouse]:
    """Two web processes, the watcher, a worker with Beat; holds last eight seconds."""
    with running_house(HOLD_SECONDS=str(HOLD_SECONDS), LIMIT_PROFILE="bench", LOG_LEVEL="INFO") as house:
        for name in WEBS:
            house.start_web(name)
        house.start_watcher()
        house.start_worker()
        yield house
