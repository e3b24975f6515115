"""Two web processes and one Redis: whoever looks, wherever, sees the same."""

import asyncio

from bookings.models import Show
from tests.support.house import RunningHouse
from tests.support.viewer import guest_token, viewing


class TestEveryProcessShows:
    async def test_a_hold_made_at_the_other(self, house: RunningHouse, show: Show) -> None:
        token = guest_token(house.url)

        async with (
            viewing(house.url_of("first"), show.pk, token=token) as holder,
            viewing(house.url_of("second"), show.pk) as stranger,
        ):
            await stranger.frame_of_type("snapshot")
            held = await holder.hold("A1", "A2")

            await stranger.until_seat(0, "H")

            assert held["type"] == "held"
            assert stranger.text[:3] == "HHA"
            assert stranger.deadlines[0] == held["expires_ms"]
            assert stranger.version == held["version"]

    async def test_my_hold_in_my_other_tab(self, house: RunningHouse, show: Show) -> None:
        token = guest_token(house.url)

        async with (
            viewing(house.url_of("first"), show.pk, token=token) as tab,
            viewing(house.url_of("second"), show.pk, token=token) as other_tab,
        ):
            await other_tab.frame_of_type("snapshot")
            held = await tab.hold("B1")
            await other_tab.until(lambda: other_tab.mine is not None)

            assert other_tab.mine is not None
            assert other_tab.mine["booking"] == held["booking"]

            await tab.release()
            await other_tab.until(lambda: other_tab.mine is None)

    async def test_one_winner_for_one_seat(self, house: RunningHouse, show: Show) -> None:
        tokens = [guest_token(house.url) for _ in range(12)]

        async def grab(number: int, token: str) -> str:
            address = house.url_of("first" if number % 2 else "second")
            async with viewing(address, show.pk, token=token) as rival:
                reply = await rival.hold("F7")
                if reply["type"] == "refused":
                    assert (reply["code"], reply["seats"]) == ("seats_unavailable", ["F7"])
                return str(reply["type"])

        replies = await asyncio.gather(*(grab(number, token) for number, token in enumerate(tokens)))

        assert sorted(replies) == ["held"] + ["refused"] * 11


class TestOneExpiry:
    async def test_is_broadcast_once(self, short_house: RunningHouse, show: Show) -> None:
        token = guest_token(short_house.url)

        async with (
            viewing(short_house.url_of("first"), show.pk, token=token) as holder,
            viewing(short_house.url_of("second"), show.pk) as stranger,
        ):
            held = await holder.hold("A1")
            await stranger.until_seat(0, "H")
            await stranger.until_seat(0, "A")
            await holder.until_seat(0, "A")
            told = await holder.frame_of_type("booking")

            assert (told["booking"], told["status"]) == (held["booking"], "expired")
            # The hold was one step of the version and its end another, though both rooms knew the deadline.
            assert holder.version == stranger.version == held["version"] + 1
