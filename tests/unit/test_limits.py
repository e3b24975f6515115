"""Allowances as arithmetic: rates with bursts, and places per key."""

import pytest

from realtime.limits import Limits, Places, TokenBucket


class TestTokenBucket:
    def test_lets_a_burst_through_and_then_the_rate(self):
        bucket = TokenBucket(per_second=8, burst=3)

        assert [bucket.take(100.0) for _ in range(4)] == [True, True, True, False]
        assert bucket.take(100.125)
        assert not bucket.take(100.125)

    def test_never_saves_more_than_its_burst(self):
        bucket = TokenBucket(per_second=10, burst=3)
        bucket.take(0.0)

        assert [bucket.take(1000.0) for _ in range(4)] == [True, True, True, False]

    def test_without_a_rate_refuses_nothing(self):
        bucket = TokenBucket(per_second=0, burst=0)

        assert all(bucket.take(0.0) for _ in range(1000))


class TestPlaces:
    def test_are_counted_per_key(self):
        places = Places(2)

        assert [places.take("a"), places.take("a"), places.take("a"), places.take("b")] == [True, True, False, True]

    def test_come_back(self):
        places = Places(1)
        places.take("a")
        places.give_back("a")

        assert places.take("a")

    def test_are_endless_without_a_limit(self):
        places = Places(0)

        assert all(places.take("a") for _ in range(1000))


class TestLimits:
    @pytest.fixture
    def limits(self):
        return Limits(messages_per_second=30, sockets_of_address=Places(3), sockets_of_holder=Places(2))

    def test_a_refused_socket_takes_no_place(self, limits):
        for _ in range(2):
            assert limits.take_socket("10.0.0.1", "holder")
        assert not limits.take_socket("10.0.0.1", "holder")

        assert limits.take_socket("10.0.0.1", "rival")

    def test_watchers_count_for_their_address_only(self, limits):
        assert [limits.take_socket("10.0.0.1", None) for _ in range(4)] == [True, True, True, False]

    def test_a_closed_socket_gives_both_places_back(self, limits):
        for _ in range(2):
            limits.take_socket("10.0.0.1", "holder")
        limits.give_back_socket("10.0.0.1", "holder")

        assert limits.take_socket("10.0.0.1", "holder")

    def test_gives_each_socket_two_seconds_worth_at_once(self, limits):
        messages = limits.messages()

        assert sum(messages.take(5.0) for _ in range(100)) == 60
