"""Decisions of one socket: what to say, what to ask for, what to refuse, when to close."""

import json

import pytest

from realtime.limits import FLOOD_REFUSALS_MAX, REQUESTS_IN_FLIGHT_MAX, TokenBucket
from realtime.protocol import FRAME_BYTES_MAX, CloseCode, Error, Hold, HoldBest, Pong, Release, Sync
from realtime.session import Decision, Session


def frame(**message: object) -> bytes:
    return json.dumps(message).encode()


HOLD = frame(type="hold", id="7", seats=["A1"])
PING = frame(type="ping", id="9", client_ms=5)


@pytest.fixture
def session():
    return Session(messages=TokenBucket(per_second=0, burst=0))


class TestReceive:
    def test_answers_a_ping_with_both_clocks(self, session):
        assert session.receive(PING, now=0.0, server_ms=17) == Pong(id="9", client_ms=5, server_ms=17)

    @pytest.mark.parametrize(
        ("payload", "kind"),
        [
            (HOLD, Hold),
            (frame(type="hold.best", id="7", count=2), HoldBest),
            (frame(type="release", id="7"), Release),
            (frame(type="sync", epoch="k3f9", version=1), Sync),
        ],
    )
    def test_passes_on_what_others_must_do(self, session, payload, kind):
        assert isinstance(session.receive(payload, now=0.0, server_ms=0), kind)

    def test_refuses_nonsense_by_its_id(self, session):
        decision = session.receive(b'{"type":"hold","id":"3","seats":[]}', now=0.0, server_ms=0)

        assert isinstance(decision, Error)
        assert (decision.id, decision.code) == ("3", "bad_request")

    def test_refuses_a_frame_that_is_too_long_unread(self, session):
        longest = PING + b" " * (FRAME_BYTES_MAX - len(PING))

        assert isinstance(session.receive(longest, now=0.0, server_ms=0), Pong)
        decision = session.receive(longest + b" ", now=0.0, server_ms=0)
        assert isinstance(decision, Error)
        assert (decision.id, decision.code) == (None, "bad_request")


class TestRequestsInFlight:
    def test_are_bounded_and_named_when_refused(self, session):
        for _ in range(REQUESTS_IN_FLIGHT_MAX):
            assert isinstance(session.receive(HOLD, now=0.0, server_ms=0), Hold)

        decision = session.receive(HOLD, now=0.0, server_ms=0)

        assert isinstance(decision, Error)
        assert (decision.id, decision.code) == ("7", "rate_limited")

    def test_make_room_when_answered(self, session):
        for _ in range(REQUESTS_IN_FLIGHT_MAX):
            session.receive(HOLD, now=0.0, server_ms=0)
        session.finished()

        assert isinstance(session.receive(HOLD, now=0.0, server_ms=0), Hold)

    def test_do_not_hold_up_a_ping(self, session):
        for _ in range(REQUESTS_IN_FLIGHT_MAX):
            session.receive(HOLD, now=0.0, server_ms=0)

        assert isinstance(session.receive(PING, now=0.0, server_ms=0), Pong)


class TestRate:
    @pytest.fixture
    def session(self):
        return Session(messages=TokenBucket(per_second=10, burst=20))

    def send(self, session: Session, count: int, *, now: float) -> list[Decision]:
        return [session.receive(PING, now=now, server_ms=0) for _ in range(count)]

    def test_refuses_what_is_above_the_burst(self, session):
        decisions = self.send(session, 21, now=0.0)

        assert [type(decision) for decision in decisions] == [Pong] * 20 + [Error]
        assert decisions[-1] == Error(None, "rate_limited", "Too many messages. Slow down.")

    def test_forgives_a_client_that_slows_down(self, session):
        for second in range(20):
            self.send(session, 20 + FLOOD_REFUSALS_MAX // 2, now=10.0 * second)

        assert isinstance(session.receive(PING, now=1000.0, server_ms=0), Pong)

    def test_closes_on_a_flood(self, session):
        decisions = self.send(session, 20 + FLOOD_REFUSALS_MAX + 1, now=0.0)

        assert decisions[-1] is CloseCode.TOO_MANY_MESSAGES
        assert CloseCode.TOO_MANY_MESSAGES not in decisions[:-1]
