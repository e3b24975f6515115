"""The snapshot oracle: old snapshot + emitted changes = new snapshot, whatever the layer does to messages."""

import asyncio
import random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from realtime.rooms import COMPARE_SECONDS
from tests.support.fake_box_office import FakeOffice
from tests.support.fake_house import FakeHouse, Visitor, carry_all, fake_house
from tests.support.virtual_time import virtually

UNTIL_COMPARED = COMPARE_SECONDS + 0.1


class FaultyLayer:
    """Loses, repeats and swaps messages, by the chances of one example."""

    def __init__(self, chance: random.Random, *, drop: float, repeat: float, swap: float) -> None:
        self.chance, self.drop, self.repeat, self.swap = chance, drop, repeat, swap
        self.kept: list[dict[str, Any]] = []

    def carry(self, message: dict[str, Any]) -> list[dict[str, Any]]:
        if self.chance.random() < self.drop:
            return []
        if self.chance.random() < self.swap:
            self.kept.append(message)
            return []
        arriving = [message, *self.kept]
        self.kept.clear()
        return arriving * (2 if self.chance.random() < self.repeat else 1)


def act(office: FakeOffice, chance: random.Random, turn: int) -> None:
    """Something happens to the show."""
    free = [seat for seat in range(10) if office.states[seat] == "A"]
    holders = list(office.holds)
    match chance.randrange(5):
        case 0 | 1 if free:
            office.hold(f"holder {turn}", *chance.sample(free, min(len(free), chance.randrange(1, 4))))
        case 2 if holders:
            office.end(chance.choice(holders))
        case 3 if free:
            office.book(chance.choice(free))
        case 4 if chance.random() < 0.1:
            office.rebuild(epoch=f"epoch {turn}")


async def come_and_go(house: FakeHouse, chance: random.Random, visitors: list[Visitor]) -> None:
    """Somebody enters, or loses his connection and comes back with his position."""
    if chance.random() < 0.2:
        visitors.append(await house.join(f"holder {chance.randrange(5)}"))
    if chance.random() < 0.1:
        gone = visitors.pop()
        house.leave(gone)
        known = gone.folded
        returned = await house.join(gone.holder, epoch=known.epoch, version=known.version)
        returned.writer.frames[:0] = gone.writer.frames
        visitors.append(returned)


class TestAnyOrderOfFaults:
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        seed=st.integers(0, 2**32),
        drop=st.sampled_from([0.0, 0.1, 0.5]),
        repeat=st.sampled_from([0.0, 0.3]),
        swap=st.sampled_from([0.0, 0.3]),
    )
    @virtually
    async def test_leaves_every_viewer_on_the_truth(self, seed: int, drop: float, repeat: float, swap: float) -> None:
        chance = random.Random(seed)
        async with fake_house() as house:
            house.layer.carry = FaultyLayer(chance, drop=drop, repeat=repeat, swap=swap).carry
            visitors = [await house.join("holder 0")]
            for turn in range(60):
                act(house.office, chance, turn)
                await come_and_go(house, chance, visitors)
                await asyncio.sleep(chance.choice([0, 0, 0.001, 0.01, 0.3]))
            house.layer.carry = carry_all
            await asyncio.sleep(2 * UNTIL_COMPARED)

            for visitor in visitors:
                assert visitor.folded.picture == house.office.seen
                assert visitor.folded.syncs_wanted == 0
