"""Whose request it is: X-Forwarded-For is believed only from proxies that we know."""

import pytest

from bookings.domain.addresses import client_address, household

PROXIES = ["10.0.0.0/8", "2001:db8::1"]


class TestClientAddress:
    @pytest.mark.parametrize(
        ("peer", "forwarded_for", "address"),
        [
            ("192.0.2.1", "", "192.0.2.1"),
            ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
            ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
            ("10.0.0.1", "203.0.113.9, 198.51.100.7", "198.51.100.7"),
            ("10.0.0.1", "198.51.100.7, 10.0.0.2", "198.51.100.7"),
            ("10.0.0.1", " , ", "10.0.0.1"),
            ("10.0.0.1", "unknown", "unknown"),
            ("2001:db8::1", "198.51.100.7", "198.51.100.7"),
            ("", "198.51.100.7", ""),
            ("unix", "198.51.100.7", "unix"),
            ("10.0.0.1", "203.0.113.9, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
            ("10.0.0.1", "10.0.0.9", "10.0.0.9"),
            ("2001:db8::1", "2001:db8:7::1", "2001:db8:7::1"),
        ],
    )
    def test_is_the_last_hop_that_no_known_proxy_made(self, peer: str, forwarded_for: str, address: str) -> None:
        assert client_address(peer, forwarded_for, PROXIES) == address

    def test_is_the_peer_where_no_proxy_is_known(self) -> None:
        assert client_address("192.0.2.1", "198.51.100.7", []) == "192.0.2.1"


class TestHousehold:
    @pytest.mark.parametrize(
        ("address", "key"),
        [
            ("192.0.2.1", "192.0.2.1"),
            ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
            ("2001:db8:1:2:bbbb::2", "2001:db8:1:2::/64"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("unknown", "unknown"),
        ],
    )
    def test_is_one_key_for_what_one_customer_has(self, address: str, key: str) -> None:
        assert household(address) == key
