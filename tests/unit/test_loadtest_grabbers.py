"""What a grabber believes to have after each answer, and how he gives it back."""

from typing import Any, cast

import pytest

from realtime.loadtest.api import Api, NotServed
from realtime.loadtest.checks import Clock
from realtime.loadtest.evidence import Unreturned
from realtime.loadtest.frames import Frame
from realtime.loadtest.grabbers import ASK_AGAIN_SECONDS, ASK_AGAIN_SECONDS_MAX, Grabber
from realtime.loadtest.sockets import NoAnswer, Socket
from tests.support.loadtest import EPOCH_MS, HOLD_MS, a_world, frame, payload

HOLD = "DELETE /api/v1/shows/1/holds"
CANCEL = "POST /api/cancel_booking/"
NEVER_ENDS_MS = EPOCH_MS + 100 * HOLD_MS


class Answering:
    """A socket whose answers the test gives; None: there is none."""

    def __init__(self) -> None:
        self.map = None
        self.mine = (None, "mine")
        self.answers: list[tuple[str, dict[str, Any]] | None] = []

    async def ask(self, _kind: str, **_fields: Any) -> tuple[Frame, bytes]:
        answer = self.answers.pop(0)
        if answer is None:
            raise NoAnswer("cut off")
        kind, fields = answer
        return frame(kind, **fields), payload(kind, **fields)

    async def leave(self) -> None:
        pass

    async def connect(self) -> None:
        pass

    async def told_mine(self) -> tuple[None, str]:
        return None, "mine"


class Desk(Api):
    """The house over HTTP: refuses what the test names, and serves the rest."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:8000")
        self.asked: list[str] = []
        self.refusals: dict[str, str] = {}

    async def call(self, method: str, path: str, *, token: str | None = None, body: Any = None) -> bytes:
        asked = f"{method} {path}"
        self.asked.append(asked)
        if code := self.refusals.get(asked):
            raise NotServed(409, code, "no")
        return b'{"status": "cancelled"}'


class Buyer(Grabber):
    """A grabber and both ends of his lines."""

    def __init__(self) -> None:
        world = a_world()
        world.clock = Clock(EPOCH_MS)
        self.line, self.desk = Answering(), Desk()
        super().__init__(world, self.desk, "g1", "token")
        self.socket = cast("Socket", self.line)

    async def was_granted(self, *seats: str) -> None:
        self.line.answers.append(
            ("held", {"booking": "one", "seats": seats, "expires_ms": NEVER_ENDS_MS, "version": None})
        )
        assert await self.hold(seats, 0.0)

    async def was_refused(self, code: str, **fields: Any) -> None:
        self.line.answers.append(("refused", {"code": code, **fields}))
        assert not await self.hold(["A3"], 0.0)

    async def lets_go(self, kind: str, **fields: Any) -> None:
        self.line.answers.append((kind, fields))
        await self.release(0.0)


@pytest.fixture
async def buyer() -> Buyer:
    return Buyer()


class TestAGrant:
    async def test_is_written_down_with_what_was_held_before(self, buyer: Buyer) -> None:
        await buyer.was_granted("A1")
        await buyer.was_granted("A1", "A2")

        assert [grant.before for grant in buyer.world.evidence.grants] == [(), ("A1",)]

    async def test_may_have_what_an_unanswered_question_left(self, buyer: Buyer) -> None:
        buyer.line.answers.append(None)
        assert not await buyer.hold(["A2"], 0.0)
        await buyer.was_granted("A1", "A2")

        assert [grant.before for grant in buyer.world.evidence.grants] == [None]


class TestARelease:
    async def test_leaves_nothing(self, buyer: Buyer) -> None:
        await buyer.was_granted("A1", "A2")
        await buyer.lets_go("released", seats=["A1", "A2"])

        assert buyer.holding == {}
        await buyer.give_back()
        assert buyer.desk.asked == []

    async def test_that_is_refused_leaves_him_what_he_had(self, buyer: Buyer) -> None:
        """And promises nothing of it: a house that took it back all the same is not blamed by the maps."""
        await buyer.was_granted("A1")
        await buyer.lets_go("refused", code="not_ready")

        assert set(buyer.holding) == {"A1"}
        assert [end.seats for end in buyer.world.evidence.ended] == [("A1",)]
        mine = await buyer.final_mine()
        assert mine is not None
        assert mine.believed == ("A1",)

    async def test_that_is_refused_is_made_good_at_the_end(self, buyer: Buyer) -> None:
        await buyer.was_granted("A1")
        await buyer.lets_go("refused", code="not_ready")
        await buyer.give_back()

        assert buyer.desk.asked == [HOLD]

    @pytest.mark.parametrize("answer", [None, ("refused", {"code": "outcome_unknown"})])
    async def test_of_which_nobody_knows_proves_nothing(
        self, buyer: Buyer, answer: tuple[str, dict[str, Any]] | None
    ) -> None:
        await buyer.was_granted("A1")
        buyer.line.answers.append(answer)
        await buyer.release(0.0)

        assert await buyer.final_mine() is None


class TestARefusal:
    async def test_says_when_to_ask_again(self, buyer: Buyer) -> None:
        waits = []
        for code, fields in (
            ("not_ready", {}),
            ("not_ready", {"retry_after_ms": 2_500}),
            ("not_ready", {"retry_after_ms": 600_000}),
            ("seats_unavailable", {}),
        ):
            await buyer.was_refused(code, **fields)
            waits.append(buyer.ask_again_seconds)

        assert waits == [ASK_AGAIN_SECONDS, 2.5, ASK_AGAIN_SECONDS_MAX, None]


class TestGivingBack:
    async def test_cancels_a_payment_that_froze_the_seats(self, buyer: Buyer) -> None:
        """The release is refused because of the payment, and the booking is given up all the same."""
        await buyer.was_granted("A1")
        buyer.desk.refusals = {"POST /api/v1/bookings/one/checkout": "no_answer", HOLD: "checkout_started"}
        assert not await buyer.buy(0.0)

        await buyer.give_back()

        assert buyer.desk.asked[1:] == [HOLD, CANCEL]
        assert buyer.world.evidence.unreturned == []
        assert set(buyer.world.tally.errors) == {"no_answer"}

    @pytest.mark.parametrize("code", ["booking_confirmed", "hold_expired", "not_found"])
    async def test_of_what_is_over_is_done(self, buyer: Buyer, code: str) -> None:
        await buyer.was_granted("A1")
        buyer.desk.refusals = {HOLD: code}

        await buyer.give_back()

        assert buyer.desk.asked == [HOLD]
        assert buyer.world.evidence.unreturned == []

    async def test_that_fails_is_said(self, buyer: Buyer) -> None:
        await buyer.was_granted("A1")
        await buyer.was_refused("seats_unavailable", seats=["A3"])
        buyer.desk.refusals = {HOLD: "not_ready", CANCEL: "not_ready"}

        await buyer.give_back()

        assert buyer.world.evidence.unreturned == [Unreturned("g1", ("A1", "A3"), "not_ready")]
        assert buyer.world.tally.errors["not_ready"][0] == 1
