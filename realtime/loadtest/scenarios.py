"""The scenarios, by name: what each is for, how big it is unless told otherwise, and who plays it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from realtime.loadtest import plays
from realtime.loadtest.stage import Stage


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario. `rate` is changes a second, where it has any; `findings` names its numbers: (title, unit)."""

    name: str
    about: str
    viewers: int
    grabbers: int
    duration_seconds: float
    play: Callable[[Stage], Awaitable[None]]
    rate: float = 0.0
    findings: dict[str, tuple[str, str]] | None = None
    # Only shows whose holds end within the run make sense.
    needs_short_holds: bool = False


SCENARIOS: Final = {
    scenario.name: scenario
    for scenario in (
        Scenario(
            "opening-night",
            "Sales open: people arrive in a rush, look, want one to six seats near the middle, pay or walk away.",
            viewers=100, grabbers=200, duration_seconds=30, play=plays.opening_night,
            findings={
                "parties seated": ("Parties who got seats", "parties"),
                "parties turned away": ("Parties who gave up", "parties"),
            },
        ),
        Scenario(
            "one-seat",
            "Everybody clicks the same seat at the same moment, again and again; the winner gives it back.",
            viewers=50, grabbers=200, duration_seconds=15, play=plays.one_seat,
            findings={
                "rounds": ("Rounds with a winner", "rounds"),
                "empty rounds": ("Rounds without one", "rounds"),
            },
        ),
        Scenario(
            "viewers",
            "Many watch while seats change at a steady rate: how long until a click is on every screen.",
            viewers=1000, grabbers=20, duration_seconds=20, play=plays.viewers, rate=10,
        ),
        Scenario(
            "churn",
            "Seats are held and left to expire, and held again as soon as they are back.",
            viewers=50, grabbers=100, duration_seconds=60, play=plays.churn, needs_short_holds=True,
            findings={"back after": ("From a hold's deadline to the seat being free on the map, p99", "ms")},
        ),
        Scenario(
            "best-together",
            "All at once want the best two together; as long as a pair is free, nobody may be refused.",
            viewers=20, grabbers=160, duration_seconds=10, play=plays.best_together,
            findings={
                "pairs": ("Parties of two seated", "parties"),
                "apart": ("of them not side by side", "parties"),
            },
        ),
        Scenario(
            "reconnect-storm",
            "Every viewer loses the connection at once and comes back at once, while seats go on changing.",
            viewers=1000, grabbers=20, duration_seconds=20, play=plays.reconnect_storm, rate=10,
            findings={
                "storm seconds": ("Until the last viewer was back and current", "s"),
                "storm sockets": ("Viewers who came back", "sockets"),
            },
        ),
        Scenario(
            "slow-readers",
            "A tenth of the viewers stop reading for a while; nobody else may notice, and they must catch up.",
            viewers=500, grabbers=100, duration_seconds=20, play=plays.slow_readers, rate=50,
            findings={
                "slow sockets": ("Viewers who stopped reading", "sockets"),
                "caught up seconds": ("Until the last of them was current again", "s"),
            },
        ),
        Scenario(
            "bots",
            "Opening night with hoarders, one in a hundred, who hold all they can and change identity for more.",
            viewers=50, grabbers=200, duration_seconds=30, play=plays.bots,
            findings={
                "seats of bots": ("Seats held by bots at the end", "seats"),
                "seats of people": ("Seats held or bought by people at the end", "seats"),
                "bot identities": ("Identities that bots used", "identities"),
            },
        ),
        Scenario(
            "mixed",
            "Everything at once: opening night, best seats together, slow readers, and viewers who come and go.",
            viewers=300, grabbers=200, duration_seconds=40, play=plays.mixed, rate=5,
            findings={
                "parties seated": ("Parties who got seats", "parties"),
                "parties turned away": ("Parties who gave up", "parties"),
                "storm sockets": ("Viewers who came back", "sockets"),
                "slow sockets": ("Viewers who stopped reading", "sockets"),
            },
        ),
    )
}  # fmt: skip
DEFAULT: Final = "opening-night"
