"""The rooms of a process: joined without a gap, compared every second, left when nobody looks any more."""

import asyncio

import pytest

from bookings.api import NotFound, NotReady
from realtime.rooms import CHECK_EVERY, COMPARE_SECONDS, EMPTY_ROOM_SECONDS
from tests.support.fake_house import Visitor, carry_all, fake_house, lose_all
from tests.support.virtual_time import virtually

# A comparison, the grace for messages in flight, and the picture that follows.
UNTIL_COMPARED = COMPARE_SECONDS + 0.1


def now() -> float:
    return asyncio.get_running_loop().time()


class TestJoining:
    @virtually
    async def test_the_room_hears_itself_before_it_reads(self) -> None:
        async with fake_house() as house:
            order = []
            house.office.before_picture = lambda: order.append(sorted(house.layer.groups))

            await house.join()

            assert order == [["show.24"]]

    @pytest.mark.parametrize("moment", ["before_picture", "after_picture"])
    @virtually
    async def test_a_change_between_any_two_steps_is_not_lost(self, moment) -> None:
        async with fake_house() as house:
            setattr(house.office, moment, lambda: house.office.book(7))

            viewer = await house.join()
            await asyncio.sleep(0.1)

            assert viewer.folded.picture == house.office.seen
            assert house.office.pictures == 1

    @virtually
    async def test_many_at_once_cost_one_picture(self) -> None:
        async with fake_house() as house:
            viewers = await asyncio.gather(*(house.join() for _ in range(300)))

            assert house.office.pictures == 1
            assert all(viewer.folded.picture == house.office.seen for viewer in viewers)

    @virtually
    async def test_without_being_heard_it_is_kept_right_by_comparison(self) -> None:
        async with fake_house() as house:
            house.layer.deaf = True
            viewer = await house.join()
            house.office.book(7)
            await asyncio.sleep(UNTIL_COMPARED)
            assert viewer.folded.picture == house.office.seen

            house.layer.deaf = False
            await asyncio.sleep(UNTIL_COMPARED)
            pictures = house.office.pictures
            house.office.book(8)
            await asyncio.sleep(0.1)

            assert viewer.folded.picture == house.office.seen
            assert house.office.pictures == pictures

    @virtually
    async def test_refuses_a_show_that_is_not_there(self) -> None:
        async with fake_house() as house:
            with pytest.raises(NotFound):
                await house.rooms.enter(999, Visitor(), epoch=None, version=-1)

    @virtually
    async def test_a_room_that_could_not_open_opens_for_the_next(self) -> None:
        async with fake_house() as house:
            house.office.ready = False
            with pytest.raises(NotReady):
                await house.join()
            await asyncio.sleep(0)
            assert house.layer.groups == set()
            house.office.ready = True

            viewer = await house.join()

            assert viewer.folded.picture == house.office.seen


class TestComparing:
    @pytest.mark.parametrize("lost", [1, 5])
    @virtually
    async def test_a_lost_message_costs_one_picture_and_nobody_a_question(self, lost) -> None:
        async with fake_house() as house:
            viewers = [await house.join() for _ in range(3)]
            house.layer.carry = lose_all
            for seat in range(lost):
                house.office.book(seat)
            house.layer.carry = carry_all

            await asyncio.sleep(UNTIL_COMPARED)

            assert house.office.pictures == 2
            for viewer in viewers:
                assert viewer.folded.picture == house.office.seen
                assert viewer.folded.syncs_wanted == 0

    @virtually
    async def test_a_gap_is_closed_at_once_when_the_next_message_shows_it(self) -> None:
        async with fake_house() as house:
            viewer = await house.join()
            house.layer.carry = lose_all
            house.office.book(1)
            house.layer.carry = carry_all

            house.office.book(2)
            await asyncio.sleep(0.05)

            assert viewer.folded.picture == house.office.seen

    @virtually
    async def test_a_message_that_is_only_late_costs_nothing(self) -> None:
        async with fake_house() as house:
            viewer = await house.join()
            await asyncio.sleep(COMPARE_SECONDS - 0.01)
            loop = asyncio.get_running_loop()
            house.layer.carry = lambda message: (loop.call_later(0.03, house.layer.handler, message) and None) or []

            house.office.book(1)
            await asyncio.sleep(0.2)

            assert house.office.pictures == 1
            assert viewer.folded.picture == house.office.seen

    @virtually
    async def test_goes_on_after_a_comparison_that_failed(self, caplog: pytest.LogCaptureFixture) -> None:
        async with fake_house() as house:
            viewer = await house.join()
            house.office.positions_broken = 2
            house.layer.carry = lose_all
            house.office.book(1)

            await asyncio.sleep(2 * COMPARE_SECONDS + UNTIL_COMPARED)

            assert viewer.folded.picture == house.office.seen

    @virtually
    async def test_a_restored_subscription_is_compared_at_once(self) -> None:
        async with fake_house() as house:
            viewer = await house.join()
            house.layer.carry = lose_all
            house.office.book(1)

            house.layer.restored()
            await asyncio.sleep(0.1)

            assert viewer.folded.picture == house.office.seen

    @pytest.mark.parametrize("told", [True, False], ids=["told", "untold"])
    @virtually
    async def test_a_new_epoch_reaches_everyone_unasked(self, told) -> None:
        async with fake_house() as house:
            viewers = [await house.join() for _ in range(3)]
            if not told:
                house.layer.carry = lose_all
            house.office.states[5] = "B"

            house.office.rebuild(epoch="new1")
            await asyncio.sleep(UNTIL_COMPARED)

            for viewer in viewers:
                assert viewer.folded.picture == house.office.seen
                assert viewer.folded.syncs_wanted == 0
            assert house.office.pictures == 2

    @virtually
    async def test_a_map_that_went_back_is_believed(self) -> None:
        async with fake_house() as house:
            viewer = await house.join()
            for seat in range(5):
                house.office.book(seat)
            house.office.version, house.office.states = 2, ["B", *["A"] * 39]

            await asyncio.sleep(UNTIL_COMPARED)

            assert viewer.folded.picture == house.office.seen

    @virtually
    async def test_check_frames_come_every_ten_seconds_and_agree(self) -> None:
        async with fake_house() as house:
            viewer = await house.join()
            house.office.book(3)

            await asyncio.sleep(3 * CHECK_EVERY * COMPARE_SECONDS)

            assert len(viewer.writer.of_type("check")) == 3
            assert viewer.writer.of_type("check")[-1]["version"] == house.office.version

    @virtually
    async def test_no_check_is_sent_of_a_map_that_may_be_wrong(self) -> None:
        async with fake_house() as house:
            viewer = await house.join()
            house.layer.carry = lose_all

            for _ in range(20):
                house.office.book(3)
                await asyncio.sleep(COMPARE_SECONDS / 2)

            for check in viewer.writer.of_type("check"):
                assert check["version"] % 2 == 1, "only right after a comparison that agreed"


class TestConfirming:
    """What boards tell of: when this process last knew that a map is the truth."""

    @virtually
    async def test_each_comparison_that_agrees_confirms_a_map(self) -> None:
        async with fake_house() as house:
            viewer = await house.join()
            await asyncio.sleep(30)

            assert now() - viewer.room.confirmed_at <= UNTIL_COMPARED

    @virtually
    async def test_nothing_confirms_it_while_nothing_can_be_compared(self) -> None:
        async with fake_house() as house:
            viewer = await house.join()
            await asyncio.sleep(5)
            house.office.ready = False
            await asyncio.sleep(10)
            assert now() - viewer.room.confirmed_at > 9
            house.office.ready = True
            await asyncio.sleep(UNTIL_COMPARED)

            assert now() - viewer.room.confirmed_at <= UNTIL_COMPARED

    @virtually
    async def test_a_map_under_constant_change_is_confirmed_when_it_has_caught_up(self) -> None:
        async with fake_house() as house:
            viewer = await house.join()
            for turn in range(2000):
                house.office.change([(turn % 40, "HA"[turn // 40 % 2], *([10**13] if turn // 40 % 2 == 0 else []))])
                await asyncio.sleep(0.003)

            assert now() - viewer.room.confirmed_at <= 2 * UNTIL_COMPARED

    @virtually
    async def test_without_redis_each_picture_confirms_it(self) -> None:
        async with fake_house() as house:
            viewer = await house.join()
            house.office.change_mode(live=False)
            await asyncio.sleep(20)

            assert now() - viewer.room.confirmed_at <= 2 * UNTIL_COMPARED


class TestLeaving:
    @virtually
    async def test_a_room_is_kept_for_a_while_and_then_left(self) -> None:
        async with fake_house() as house:
            house.leave(await house.join())
            await asyncio.sleep(EMPTY_ROOM_SECONDS - 1)
            assert house.layer.groups == {"show.24"}

            await asyncio.sleep(1.1)
            assert house.layer.groups == set()

    @virtually
    async def test_who_returns_in_time_finds_it_warm(self) -> None:
        async with fake_house() as house:
            house.leave(await house.join())
            await asyncio.sleep(EMPTY_ROOM_SECONDS - 1)

            viewer = await house.join()
            house.office.book(1)
            await asyncio.sleep(EMPTY_ROOM_SECONDS)

            assert house.office.pictures == 1
            assert viewer.folded.picture == house.office.seen


class TestWithoutRedis:
    @virtually
    async def test_viewers_are_told_and_get_pictures_every_two_seconds(self) -> None:
        async with fake_house() as house:
            viewer = await house.join()
            house.office.change_mode(live=False)
            house.office.epoch, house.office.version = "d1", 1
            await asyncio.sleep(2.5)
            house.layer.carry = lose_all

            house.office.book(7)
            await asyncio.sleep(2.5)

            assert viewer.writer.of_type("notice") == [{"type": "notice", "code": "updates_delayed"}]
            assert viewer.folded.picture == house.office.seen
            assert viewer.folded.epoch == "d1"

    @virtually
    async def test_who_comes_meanwhile_is_told_too(self) -> None:
        async with fake_house() as house:
            house.office.change_mode(live=False)

            viewer = await house.join()

            assert [message["type"] for message in viewer.writer.messages] == ["snapshot", "notice"]

    @virtually
    async def test_they_are_told_when_it_is_over_and_updates_are_live(self) -> None:
        async with fake_house() as house:
            viewer = await house.join()
            house.office.change_mode(live=False)
            await asyncio.sleep(5)
            house.office.epoch, house.office.version = "new1", 1
            house.office.change_mode(live=True)
            await asyncio.sleep(0.5)

            house.office.book(7)
            await asyncio.sleep(0.1)

            codes = [notice["code"] for notice in viewer.writer.of_type("notice")]
            assert codes == ["updates_delayed", "updates_live"]
            assert viewer.folded.picture == house.office.seen
