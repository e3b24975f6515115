"""What happens in rooms by the clock, and what holders hear of their own."""

import asyncio

from tests.support.fake_box_office import HOLD_MS
from tests.support.fake_house import fake_house
from tests.support.virtual_time import virtually


class TestMoments:
    @virtually
    async def test_a_hold_is_reaped_at_its_deadline(self) -> None:
        async with fake_house() as house:
            viewer = await house.join("holder")
            hold = house.office.hold("holder", 3, 4)

            await asyncio.sleep(HOLD_MS / 1000 - 0.001)
            assert viewer.folded.picture[2][3:5] == "HH"
            await asyncio.sleep(0.005)

            assert viewer.folded.picture == house.office.seen
            assert viewer.folded.mine is None
            assert house.office.reaps == 1
            freed = viewer.writer.of_type("seats")[-1]
            assert freed["server_ms"] - hold.expires_ms <= 5

    @virtually
    async def test_many_holds_of_one_deadline_are_one_reap(self) -> None:
        async with fake_house() as house:
            await house.join()
            for seat in range(20):
                house.office.hold(f"holder {seat}", seat)

            await asyncio.sleep(HOLD_MS / 1000 + 1)

            assert house.office.reaps == 1
            assert set(house.office.states) == {"A"}

    @virtually
    async def test_a_hold_of_the_first_picture_is_reaped_too(self) -> None:
        async with fake_house() as house:
            house.office.hold("holder", 3)
            viewer = await house.join()

            await asyncio.sleep(HOLD_MS / 1000 + 0.1)

            assert viewer.folded.picture == house.office.seen
            assert house.office.states[3] == "A"

    @virtually
    async def test_reaping_goes_on_until_the_map_shows_it(self) -> None:
        async with fake_house() as house:
            viewer = await house.join()
            house.office.hold("holder", 3)
            house.office.reaps_refused = 3

            await asyncio.sleep(HOLD_MS / 1000 + 1)

            assert viewer.folded.picture == house.office.seen

    @virtually
    async def test_a_deadline_does_not_wait_for_an_earlier_one_that_the_map_does_not_show_yet(self) -> None:
        async with fake_house() as house:
            viewer = await house.join()
            house.office.hold("first", 3)
            await asyncio.sleep(0.150)
            house.office.hold("second", 5)
            # Tried at 0, 20, 60 and 140 ms and not again until 300 ms: the second is due in between.
            house.office.reaps_refused = 4

            await asyncio.sleep(HOLD_MS / 1000 + 0.010)

            assert house.office.reaps == 5
            assert viewer.folded.picture == house.office.seen
            assert viewer.folded.picture[2][3:6] == "AAA"

    @virtually
    async def test_the_holder_is_warned_once_a_minute_before_the_end(self) -> None:
        async with fake_house() as house:
            holder, rival = await house.join("holder"), await house.join("rival")
            house.office.hold("holder", 3)
            house.office.say_mine(holds=list(house.office.holds.values()))

            await asyncio.sleep(HOLD_MS / 1000 - 61)
            assert holder.writer.of_type("hold.expiring") == []
            await asyncio.sleep(2)
            house.office.say_mine(holds=list(house.office.holds.values()))
            await asyncio.sleep(30)

            assert holder.writer.of_type("hold.expiring") == [
                {"type": "hold.expiring", "booking": "b-holder", "remaining_ms": 60_000}
            ]
            assert rival.writer.of_type("hold.expiring") == []

    @virtually
    async def test_a_hold_that_nobody_owns_is_let_go_after_ten_seconds(self) -> None:
        async with fake_house() as house:
            viewer = await house.join()
            house.office.hold("holder", 3)
            house.office.hold("dead process", 5, committed=False)

            await asyncio.sleep(12)

            assert house.office.orphan_releases == 1
            assert viewer.folded.picture[2][3:6] == "HAA"

    @virtually
    async def test_a_hold_that_was_proven_in_time_is_left_alone(self) -> None:
        async with fake_house() as house:
            await house.join()
            house.office.hold("holder", 3)

            await asyncio.sleep(60)

            assert house.office.orphan_releases == 0
            assert house.office.pictures == 1


class TestOwnNews:
    @virtually
    async def test_a_booking_is_told_to_its_owner(self) -> None:
        async with fake_house() as house:
            holder, rival = await house.join("holder"), await house.join("rival")

            house.office.say("show.booking", holder="holder", booking="b", status="confirmed", refund=None)

            told = {"type": "booking", "booking": "b", "status": "confirmed", "refund": None}
            assert holder.writer.of_type("booking") == [told]
            assert rival.writer.of_type("booking") == []

    @virtually
    async def test_a_new_tab_sees_the_hold(self) -> None:
        async with fake_house() as house:
            await house.join("holder")
            house.office.hold("holder", 3)

            tab = await house.join("holder")

            mine = tab.folded.mine
            assert mine is not None
            assert mine["seats"] == ["A4"]
