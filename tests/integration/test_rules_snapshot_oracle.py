"""The oracle of the picture: old snapshot + what was published = new snapshot, whatever moves a seat.

Also when messages are lost, come twice or in another order: each is noticed, and one snapshot heals it.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

import psycopg
import pytest
import pytest_asyncio
import redis

from bookings.api import Applied, BoxOffice, Changes, HoldRecord, Picture, SeatMap, SeatsUnavailable
from bookings.models import Show
from tests.support.witness import (
    HOLD_MS,
    Listener,
    as_step,
    insert_booking,
    listening,
    move_back,
    redis_url_of,
    rows,
    settled,
)


@dataclass(frozen=True, slots=True)
class House:
    """Everything an action of these tests needs."""

    office: BoxOffice
    show_id: int
    database: str
    redis_client: "redis.Redis"

    async def hold(self, *labels: str, holder: str = "holder") -> None:
        held = await self.office.hold(show_id=self.show_id, holder=holder, labels=labels)
        assert held.version is not None

    async def release(self, *labels: str, holder: str = "holder") -> None:
        await self.office.release(show_id=self.show_id, holder=holder, labels=labels or None)

    def let_time_pass(self) -> None:
        move_back(self.database, self.redis_client, self.show_id, ms=HOLD_MS)

    async def picture(self) -> Picture:
        return await self.office.picture(self.show_id)


@pytest_asyncio.fixture
async def house(box_office: BoxOffice, show: Show, database: str, redis_client: "redis.Redis") -> House:
    """A house with a few holds already: B1 and B2 of a rival, H1 blocked."""
    house = House(box_office, show.pk, database, redis_client)
    await house.hold("B1", "B2", holder="rival")
    await box_office.block_seats(show_id=show.pk, labels=["H1"], reason="broken")
    await settled(box_office)
    return house


async def hold(house: House) -> None:
    await house.hold("A1", "A2", "A3")


async def hold_and_add(house: House) -> None:
    await house.hold("A1")
    await house.hold("A2")
    await house.hold("A1", "A3")


async def hold_the_best(house: House) -> None:
    await house.office.hold_best(show_id=house.show_id, holder="holder", count=4)


async def release_one(house: House) -> None:
    await house.release("B1", holder="rival")


async def release_all(house: House) -> None:
    await house.release(holder="rival")


async def be_refused(house: House) -> None:
    with pytest.raises(SeatsUnavailable):
        await house.hold("A1", "B1")


async def be_refused_by_postgresql(house: House) -> None:
    insert_booking(house.database, house.show_id, seats=[0], holder="unheard-of")
    insert_booking(house.database, house.show_id, seats=[1], holder="buyer", status="confirmed")
    with pytest.raises(SeatsUnavailable):
        await house.hold("A1", "A2", "A3")


async def reap(house: House) -> None:
    house.let_time_pass()
    await house.office.reap(house.show_id)


async def expire(house: House) -> None:
    rows(house.database, "UPDATE bookings_booking SET expires_at = clock_timestamp()")
    await house.office.expire_due()


async def take_an_expired_seat(house: House) -> None:
    house.let_time_pass()
    await house.hold("B2", "B3")


async def be_refused_beside_an_expired_seat(house: House) -> None:
    house.let_time_pass()
    with pytest.raises(SeatsUnavailable):
        await house.hold("B2", "H1")


async def block(house: House) -> None:
    await house.office.block_seats(show_id=house.show_id, labels=["C1", "C2"], reason="broken")


async def unblock(house: House) -> None:
    await house.office.unblock_seats(show_id=house.show_id, labels=["H1"])


async def cancel_the_show(house: House) -> None:
    await house.office.cancel_show(show_id=house.show_id)


async def reconcile(house: House) -> None:
    insert_booking(house.database, house.show_id, seats=[20, 21], holder="unheard-of")
    insert_booking(house.database, house.show_id, seats=[30], holder="buyer", status="confirmed")
    house.redis_client.setrange(f"seat_states:{{{house.show_id}}}", 12, "B")
    rows(house.database, "UPDATE bookings_seatclaim SET released_at = clock_timestamp() WHERE kind = 'block'")
    assert len(await house.office.reconcile(house.show_id)) == 5


async def apply_leftovers(house: House) -> None:
    with psycopg.connect(house.database) as connection:
        connection.execute(
            "INSERT INTO bookings_picturepending (fence, show_id, seats, created_at) "
            "VALUES (nextval('bookings_fence'), %s, '[40]', clock_timestamp() - interval '6 s')",
            (house.show_id,),
        )
    insert_booking(house.database, house.show_id, seats=[40], holder="buyer", status="confirmed")
    assert await house.office.apply_leftovers() == 1


Action = Callable[[House], Awaitable[None]]
ACTIONS: list[Action] = [
    hold, hold_and_add, hold_the_best, release_one, release_all, be_refused, be_refused_by_postgresql, reap, expire,
    take_an_expired_seat, be_refused_beside_an_expired_seat, block, unblock, cancel_the_show, reconcile,
    apply_leftovers,
]  # fmt: skip


async def steps_heard(listener: Listener) -> list[Changes]:
    return [as_step(message) for message in await listener.heard() if message["type"] == "show.changes"]


def loaded(picture: Picture) -> SeatMap:
    seat_map = SeatMap()
    seat_map.load(picture)
    return seat_map


class TestEveryAction:
    @pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.__name__)
    async def test_publishes_exactly_what_it_changes(self, house: House, action: Action) -> None:
        before = await house.picture()
        seat_map = loaded(before)
        async with listening(house.show_id, redis_url_of(house.redis_client)) as listener:
            await action(house)
            await settled(house.office)
            steps = await steps_heard(listener)

        after = await house.picture()
        for step in steps:
            assert seat_map.apply(step) is Applied.APPLIED
        # Moving time by hand moves deadlines that no message tells of; only what is still held counts.
        known = {seat: ms for seat, ms in seat_map.deadlines.items() if ms > after.server_ms}
        assert (seat_map.epoch, seat_map.version) == (after.epoch, after.version)
        assert seat_map.states.decode() == after.states
        assert known == after.deadlines()
        assert bool(steps) is (after.states != before.states or action is be_refused_by_postgresql)

    async def test_says_in_its_reply_where_the_seats_appear(self, house: House) -> None:
        async with listening(house.show_id, redis_url_of(house.redis_client)) as listener:
            held = await house.office.hold(show_id=house.show_id, holder="holder", labels=["A1", "A2"])
            steps = await steps_heard(listener)

        assert [(step.version, list(step.changes)) for step in steps] == [
            (held.version, [(0, "H", held.expires_ms), (1, "H", held.expires_ms)])
        ]

    async def test_tells_a_rebuilt_picture_by_its_epoch(self, house: House) -> None:
        seat_map = loaded(await house.picture())
        async with listening(house.show_id, redis_url_of(house.redis_client)) as listener:
            house.redis_client.flushdb()
            await house.hold("A1")
            messages = await listener.heard()

        after = await house.picture()
        steps = [as_step(message) for message in messages if message["type"] == "show.changes"]
        assert messages[0] == {"type": "show.rebuilt", "show": house.show_id, "epoch": after.epoch}
        assert [seat_map.apply(step) for step in steps] == [Applied.OTHER_EPOCH]
        assert seat_map.epoch != after.epoch


@dataclass(frozen=True, slots=True)
class Story:
    """A run of actions: the steps they published and the snapshot at each version."""

    steps: Sequence[Changes]
    snapshots: dict[int, Picture]
    start: Picture

    def tell(self, order: Sequence[int]) -> tuple[list[Applied], SeatMap]:
        """Apply steps in this order; whoever notices a gap reads the snapshot of that moment."""
        seat_map = loaded(self.start)
        outcomes = []
        for at in order:
            outcome = seat_map.apply(self.steps[at])
            outcomes.append(outcome)
            if outcome is Applied.GAP:
                seat_map.load(self.snapshots[self.steps[at].version])
        return outcomes, seat_map

    def ends_right(self, seat_map: SeatMap) -> bool:
        last = self.snapshots[self.steps[-1].version]
        return seat_map == loaded(last)


@pytest_asyncio.fixture
async def story(house: House) -> Story:
    start = await house.picture()
    steps: list[Changes] = []
    snapshots = {}

    async def hold_more(house: House) -> None:
        await house.hold("C3", "C4")

    async with listening(house.show_id, redis_url_of(house.redis_client)) as listener:
        for action in (hold, release_one, block, hold_more, unblock, release_all, hold_the_best, cancel_the_show):
            await action(house)
            await settled(house.office)
            picture = await house.picture()
            snapshots[picture.version] = picture
            steps += await steps_heard(listener)
    # Some actions take several steps; the snapshots between them follow from the steps.
    seat_map = loaded(start)
    for step in steps:
        assert seat_map.apply(step) is Applied.APPLIED
        snapshots.setdefault(step.version, _as_picture(seat_map, start))
    assert len(steps) > 7
    return Story(steps=steps, snapshots=snapshots, start=start)


def _as_picture(seat_map: SeatMap, like: Picture) -> Picture:
    """The snapshot that equals a folded map; whose the holds are does not matter here."""
    holds = [
        HoldRecord(
            booking=str(seat),
            holder="",
            expires_ms=expires_ms,
            amount_paise=0,
            seats=(seat,),
            committed=True,
            held_since_ms=0,
        )
        for seat, expires_ms in seat_map.deadlines.items()
    ]
    return replace(like, version=seat_map.version, states=seat_map.states.decode(), holds=tuple(holds))


class TestTroubleOnTheWay:
    async def test_a_lost_message_is_noticed_by_the_next_and_healed_by_a_snapshot(self, story: Story) -> None:
        whole = list(range(len(story.steps)))
        for lost in whole[:-1]:
            outcomes, seat_map = story.tell([at for at in whole if at != lost])

            assert outcomes.count(Applied.GAP) == 1
            assert outcomes[lost] is Applied.GAP
            assert story.ends_right(seat_map)

    async def test_a_message_that_comes_twice_changes_nothing(self, story: Story) -> None:
        whole = list(range(len(story.steps)))
        for twice in whole:
            for later in whole[twice:]:
                outcomes, seat_map = story.tell([*whole[: later + 1], twice, *whole[later + 1 :]])

                assert outcomes[later + 1] is Applied.STALE
                assert outcomes.count(Applied.APPLIED) == len(whole)
                assert story.ends_right(seat_map)

    async def test_messages_in_another_order_are_noticed_and_healed(self, story: Story) -> None:
        whole = list(range(len(story.steps)))
        for first in whole[:-1]:
            outcomes, seat_map = story.tell([*whole[:first], first + 1, first, *whole[first + 2 :]])

            assert outcomes[first : first + 2] == [Applied.GAP, Applied.STALE]
            assert story.ends_right(seat_map)

    async def test_a_client_that_ignores_gaps_ends_on_a_wrong_map(self, story: Story) -> None:
        """The control: were gaps applied, most lost messages would leave a wrong map behind."""
        whole = list(range(len(story.steps)))
        wrong = 0
        for lost in whole[:-1]:
            seat_map = loaded(story.start)
            for at in whole:
                if at != lost:
                    step = story.steps[at]
                    seat_map.version = step.from_version
                    seat_map.apply(step)
            wrong += not story.ends_right(seat_map)

        assert wrong > 0
