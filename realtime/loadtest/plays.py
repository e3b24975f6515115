"""How each scenario is played by the people of one process. What it is for is said in scenarios.py."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from realtime.loadtest.api import NotServed
from realtime.loadtest.checks import ORDINARY_KINDS
from realtime.loadtest.frames import AVAILABLE
from realtime.loadtest.grabbers import Grabber
from realtime.loadtest.histogram import Histogram
from realtime.loadtest.sockets import Socket
from realtime.loadtest.stage import Stage
from realtime.loadtest.together import TRIES_MAX as TRIES_TOGETHER_MAX
from realtime.loadtest.together import side_by_side
from realtime.loadtest.wishes import arrivals, party_size, think_seconds

THINK_SECONDS: Final = 1.5
TRIES_MAX: Final = 6
PAYING_SHARE: Final = 0.6
# Of those who do not pay: give the seats back, or simply leave them to their deadline.
RELEASING_SHARE: Final = 0.5
ROUND_SECONDS: Final = 1.0
KEEP_SECONDS: Final = 0.3
SLOW_EVERY: Final = 10
BOT_EVERY: Final = 100
BOT_IDENTITIES_MAX: Final = 10
SEATS_OF_BOT: Final = 10
# A hold is waited for at most so much longer than its deadline; the checks say what they think of that.
EXPIRY_SECONDS_MAX: Final = 10.0
# A change that is later than this when the run is over is not made any more, and counted.
LATE_SECONDS_MAX: Final = 5.0


async def opening_night(stage: Stage) -> None:
    """Everyone comes in his time; each is a party of one to six."""
    await stage.seat()
    await stage.ready()
    await _parties(stage)
    await stage.everybody_done()


async def one_seat(stage: Stage) -> None:
    """Once a second everybody wants the same seat."""
    await stage.seat()
    # A process without people has not seen the show.
    label = wanted_by_all(stage) if stage.grabbers else ""
    await stage.ready()

    async def click(grabber: Grabber, due: float) -> None:
        if not await grabber.hold([label], due):
            return
        stage.found("rounds", 1)
        await stage.until(due + KEEP_SECONDS)
        await grabber.release(due + KEEP_SECONDS)

    async def everyone(_turn: int, due: float) -> None:
        await asyncio.gather(*(click(grabber, due) for grabber in stage.grabbers))

    rounds = int(stage.duration_seconds / ROUND_SECONDS)
    await stage.every(ROUND_SECONDS, everyone, turns=range(rounds))
    if stage.part == 0:
        stage.found("empty rounds", float(rounds))


async def viewers(stage: Stage) -> None:
    """Grabbers take turns in holding a seat and giving it back, so that seats change at the rate."""
    await stage.seat()
    await stage.ready()
    await _steady_changes(stage)


async def churn(stage: Stage) -> None:
    """Hold, let it run out, hold again."""
    await stage.seat()
    await stage.ready()
    back = Histogram()

    async def hold_again(grabber: Grabber) -> None:
        due = stage.start_at + grabber.random.random()
        while await stage.until(due) and not stage.over:
            wish = _wish(stage, grabber, 1 + grabber.random.randrange(2))
            if wish and await grabber.hold(wish, due):
                await _let_expire(stage, grabber, wish, back)
            due = time.monotonic() + think_seconds(grabber.random, 0.3)

    for grabber in stage.grabbers:
        stage.go(hold_again(grabber))
    await stage.everybody_done()
    if back.count:
        stage.found("back after", back.percentile(0.99) / 1000)


async def best_together(stage: Stage) -> None:
    """Everybody asks at the start, again if he is told to, and keeps what he gets."""
    await stage.seat()
    await stage.ready()

    async def ask(grabber: Grabber) -> None:
        due = stage.start_at
        for _ in range(TRIES_TOGETHER_MAX):
            if not await stage.until(due):
                return
            if await grabber.hold_best(2, due):
                stage.found("pairs", 1)
                seats = [stage.world.show.seats[stage.world.index_of[label]] for label in grabber.holding]
                stage.found("apart", float(len(seats) != 2 or not side_by_side(*seats)))
                return
            if grabber.ask_again_seconds is None:
                return
            due = time.monotonic() + grabber.ask_again_seconds * (0.5 + grabber.random.random())

    await stage.until(stage.start_at)
    for grabber in stage.grabbers:
        stage.go(ask(grabber))
    await stage.everybody_done()


async def reconnect_storm(stage: Stage) -> None:
    """In the middle of steady changes all viewers vanish; each comes back without waiting."""
    await stage.seat()
    await stage.ready()

    async def storm() -> None:
        if await stage.until(stage.start_at + stage.duration_seconds / 2):
            await _all_come_back(stage, stage.viewers)

    stage.go(storm())
    await _steady_changes(stage)


async def slow_readers(stage: Stage) -> None:
    """Every tenth viewer stops reading for the middle half of the run."""
    await stage.seat()
    await stage.ready()
    stage.go(_stop_reading(stage, stage.every_viewer(SLOW_EVERY)))
    await _steady_changes(stage)


async def bots(stage: Stage) -> None:
    """Opening night with one hoarder to every hundred people, at least one."""
    await stage.seat()
    count = max(1, stage.grabbers_total // BOT_EVERY)
    await stage.ready()
    hoards: list[Grabber] = []
    for number in range(stage.part, count, stage.parts):
        stage.go(_hoard(stage, number, hoards))
    await _parties(stage)
    await stage.everybody_done()
    stage.found("seats of bots", float(sum(len(bot.holding) for bot in hoards)))
    sold = sum(len(sale.seats) for sale in stage.world.evidence.sold)
    stage.found("seats of people", float(sold + sum(len(grabber.holding) for grabber in stage.grabbers)))
    stage.found("bot identities", float(len(hoards)))
    stage.grabbers += hoards


async def mixed(stage: Stage) -> None:
    """Two thirds of the grabbers are parties, a sixth want the best seats, the rest make steady changes."""
    await stage.seat()
    await stage.ready()
    sixth = max(1, stage.grabbers_total // 6)

    async def ask_for_best(grabber: Grabber) -> None:
        due = stage.start_at + grabber.random.random() * stage.duration_seconds
        if await stage.until(due):
            await grabber.hold_best(2 + grabber.random.randrange(3), due)

    async def leave_and_return() -> None:
        if await stage.until(stage.start_at + stage.duration_seconds / 2):
            await _all_come_back(stage, stage.every_viewer(3, first=1))

    for number in range(sixth, min(2 * sixth, stage.grabbers_total)):
        if grabber := stage.grabber(number):
            stage.go(ask_for_best(grabber))
    stage.go(_stop_reading(stage, stage.every_viewer(SLOW_EVERY)))
    stage.go(leave_and_return())
    await _parties(stage, first=2 * sixth)
    await _steady_changes(stage, changers=sixth)


def wanted_by_all(stage: Stage) -> str:
    """F7 where it is free, else the first ordinary seat that is; the same in every process."""
    world = stage.world
    states = world.start_states
    free = [
        label
        for index, label in enumerate(world.labels)
        if states[index] == AVAILABLE and world.show.seats[index].kind in ORDINARY_KINDS
    ]
    if not free:
        raise NotServed(409, "no_free_seat", "no seat of this show is free; name another with --show")
    return "F7" if "F7" in free else free[0]


# --- parts of plays


async def _parties(stage: Stage, *, first: int = 0) -> None:
    """Let these arrive in their time, each acting on his own. Who comes when is the same in every process."""
    numbers = range(first, stage.grabbers_total)
    due_seconds = arrivals(stage.world.random("arrivals"), len(numbers), stage.duration_seconds)
    for number, after_seconds in zip(numbers, due_seconds, strict=True):
        if grabber := stage.grabber(number):
            stage.go(_party(stage, grabber, stage.start_at + after_seconds))


async def _party(stage: Stage, grabber: Grabber, arrives_at: float) -> None:
    """Look, click, be refused and click again; then pay, give back or leave."""
    random = grabber.random
    size = party_size(random)
    due = arrives_at + think_seconds(random, THINK_SECONDS)
    for _ in range(TRIES_MAX):
        if not await stage.until(due) or stage.over:
            return
        wish = _wish(stage, grabber, size)
        if wish and await grabber.hold(wish, due):
            stage.found("parties seated", 1)
            await _decide(stage, grabber)
            return
        due = max(time.monotonic(), due) + think_seconds(random, THINK_SECONDS / 2)
    stage.found("parties turned away", 1)


async def _decide(stage: Stage, grabber: Grabber) -> None:
    """What becomes of a hold."""
    random = grabber.random
    pays, releases = random.random() < PAYING_SHARE, random.random() < RELEASING_SHARE
    due = time.monotonic() + think_seconds(random, THINK_SECONDS)
    if not await stage.until(due) or stage.over:
        return
    if pays and stage.may_pay:
        await grabber.buy(due)
    elif releases:
        stage.world.tally.counters["abandoned"] += 1
        await grabber.release(due)
    else:
        stage.world.tally.counters["abandoned"] += 1


def _wish(stage: Stage, grabber: Grabber, size: int) -> list[str]:
    """Seats that look free to him, near to one he likes; none when the house looks full."""
    free = [index for index in grabber.free_seats() if stage.world.show.seats[index].kind in ORDINARY_KINDS]
    if not free:
        return []
    party = stage.popularity.party(grabber.random, free, size, stage.world.show.seats)
    return [stage.world.labels[index] for index in party]


async def _steady_changes(stage: Stage, *, changers: int | None = None) -> None:
    """Changes at the rate of the run: each grabber in turn holds a seat, or gives his up.

    A change waits for the last one of its grabber, and its latency with it: a slow house gets no fewer changes.
    """
    total = stage.grabbers_total if changers is None else changers
    turns = [turn for turn in range(int(stage.rate * stage.duration_seconds)) if stage.grabber(turn % total)]
    in_turn: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def change(turn: int, due: float) -> None:
        grabber = stage.grabber(turn % total)
        assert grabber is not None
        async with in_turn[grabber.client]:
            if stage.over and time.monotonic() > due + LATE_SECONDS_MAX:
                # The run is over, and waiting for what the house still owes would take as long again.
                stage.world.tally.counters["changes left out"] += 1
            elif grabber.holding:
                await grabber.release(due)
            elif wish := _wish(stage, grabber, 1):
                await grabber.hold(wish, due)

    if turns:
        await stage.every(1 / stage.rate, change, turns=turns)
    await stage.everybody_done()


async def _let_expire(stage: Stage, grabber: Grabber, labels: Sequence[str], back: Histogram) -> None:
    """Wait for the deadline and for the map to show the seats free again."""
    deadline_at = stage.world.clock.at(min(grabber.holding.values()))
    if deadline_at - time.monotonic() > stage.duration_seconds:
        # Nobody will see a hold end, however long all wait.
        stage.world.tally.counters["holds that outlast the run"] += 1
        stage.stop()
        return
    if not await stage.until(deadline_at):
        return
    index, deadline_ms = stage.world.index_of[labels[0]], grabber.holding[labels[0]]
    grabber.forget_expired()
    # Free, or already somebody else's.
    if await stage.world.shown(lambda seen: seen.holds.get(index) != deadline_ms, within_seconds=EXPIRY_SECONDS_MAX):
        back.record_seconds(time.monotonic() - deadline_at)
        stage.world.tally.late("expiry", time.monotonic() - deadline_at)


async def _all_come_back(stage: Stage, sockets: Sequence[Socket]) -> None:
    """Cut all of these off at once; each comes back at once, and is current."""
    began = time.monotonic()
    for socket in sockets:
        socket.returns = False
        socket.drop()

    async def come_back(socket: Socket) -> None:
        await socket.gone()
        if await socket.connect_patiently(stage.world.random(f"{socket.client}/storm")):
            socket.returns = True
            stage.world.tally.late("return", time.monotonic() - began)
            stage.found("storm sockets", 1)

    await asyncio.gather(*(come_back(socket) for socket in sockets))
    stage.found("storm seconds", time.monotonic() - began)


async def _stop_reading(stage: Stage, sockets: Sequence[Socket]) -> None:
    """Pause these for the middle half; then measure until the last is current again."""
    if not await stage.until(stage.start_at + stage.duration_seconds / 4):
        return
    for socket in sockets:
        socket.pause()
    await stage.until(stage.start_at + stage.duration_seconds * 3 / 4)
    began = time.monotonic()
    for socket in sockets:
        socket.resume()
    await asyncio.gather(*(socket.caught_up() for socket in sockets))
    stage.found("caught up seconds", time.monotonic() - began)
    stage.found("slow sockets", float(len(sockets)))


async def _hoard(stage: Stage, number: int, hoards: list[Grabber]) -> None:
    """Hold all one may, become somebody else, hold more, until the run ends."""
    for identity in range(BOT_IDENTITIES_MAX):
        (bot,) = await stage.new_grabbers([f"b{number}.{identity}"])
        hoards.append(bot)
        due = max(stage.start_at, time.monotonic())
        while len(bot.holding) < SEATS_OF_BOT and await stage.until(due) and not stage.over:
            wish = _wish(stage, bot, SEATS_OF_BOT - len(bot.holding))
            if not wish:
                return
            await bot.hold(wish[: SEATS_OF_BOT - len(bot.holding)], due)
            due = time.monotonic() + 0.05
        if stage.over:
            return
