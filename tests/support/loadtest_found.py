"""What a run has found, for tests of what is said about it."""

from datetime import UTC, datetime
from typing import Any

from realtime.loadtest.checks import TITLES
from realtime.loadtest.evidence import Evidence, Result
from realtime.loadtest.found import Run, Server, Settings
from realtime.loadtest.orders import Done
from realtime.loadtest.progress import Progress
from realtime.loadtest.scenarios import SCENARIOS
from tests.support.loadtest import a_map, a_show

EXAMINED = dict.fromkeys(TITLES, 5)
NOW = datetime(2026, 1, 1, 19, 0, 2, tzinfo=UTC)


def a_run(*results: Result, scenario: str = "viewers", examined: dict[str, int] = EXAMINED, **facts: Any) -> Run:
    """A run that came to rest with every check made; `facts` are fields of Settings or Run."""
    asked = {
        "viewers": 4,
        "grabbers": 3,
        "duration_seconds": 2.0,
        "rate": 10.0,
        "seed": 7,
        "processes": 1,
        "allow_remote": False,
    }
    settings = Settings(
        url="http://127.0.0.1:8000",
        scenario=SCENARIOS[scenario],
        **{name: facts.pop(name, value) for name, value in asked.items()},
    )
    values: dict[str, Any] = {
        "show": a_show(),
        "server": Server("daphne", "0.1.0"),
        "began": NOW,
        "ended": NOW,
        "before": a_map(),
        "ceiling": None,
        "progress": Progress(settings.processes, lambda _: None),
        "evidence": Evidence(examined=dict(examined)),
        "results": [Done(result) for result in results],
        "hold_seconds": 600,
        "at_rest": True,
        **facts,
    }
    return Run(settings=settings, **values)
