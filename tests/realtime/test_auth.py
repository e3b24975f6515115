"""The door of a socket: whose pages may open one, and who is asking."""

import pytest

from bookings.api import HOLDER_COOKIE, issue_holder, read_holder
from realtime.auth import Handshake, WrongOrigin, admit, require_own_origin
from realtime.protocol import SUBPROTOCOL, CloseCode

HOSTS = ["tickets.example", ".cinema.example"]


def handshake(*, subprotocols: tuple[str, ...] = (SUBPROTOCOL,), query: str = "", **headers: str) -> Handshake:
    return Handshake(headers=headers, subprotocols=subprotocols, query=query)


def is_let_in(shake: Handshake, *, allowed_hosts: list[str] = HOSTS, trusted: tuple[str, ...] = ()) -> bool:
    try:
        require_own_origin(shake, allowed_hosts=allowed_hosts, trusted=trusted)
    except WrongOrigin:
        return False
    return True


class TestOrigin:
    @pytest.mark.parametrize(
        ("origin", "host"),
        [
            ("https://tickets.example", "tickets.example"),
            ("https://tickets.example", "tickets.example:443"),
            ("http://tickets.example:8000", "tickets.example:8000"),
            ("https://TICKETS.example", "tickets.example"),
            ("https://tickets.example", "10.0.0.7:8000"),
            ("https://pune.cinema.example", "10.0.0.7:8000"),
        ],
        ids=["same", "port implied", "port named", "case", "behind a proxy", "subdomain behind a proxy"],
    )
    def test_of_our_own_pages_is_let_in(self, origin: str, host: str) -> None:
        assert is_let_in(handshake(origin=origin, host=host))

    @pytest.mark.parametrize(
        "origin",
        [
            "https://evil.example",
            "https://tickets.example.evil.example",
            "https://eviltickets.example",
            "https://tickets.example:8443",
            "http://tickets.example:8000",
            "null",
            "",
            "file://",
            "chrome-extension://abcdef",
            "https://",
            "not an origin",
        ],
    )
    def test_of_any_other_page_is_not(self, origin: str) -> None:
        assert not is_let_in(handshake(origin=origin, host="tickets.example"))

    def test_of_another_page_is_not_let_in_with_a_token_either(self) -> None:
        token = f"token.{issue_holder()}"

        assert not is_let_in(
            handshake(subprotocols=(SUBPROTOCOL, token), origin="https://evil.example", host="tickets.example")
        )

    def test_that_rebinds_our_address_to_its_own_name_is_not(self) -> None:
        assert not is_let_in(handshake(origin="https://evil.example", host="evil.example"))

    def test_matches_the_host_even_where_every_host_is_served(self) -> None:
        everywhere = ["*"]

        assert is_let_in(handshake(origin="https://a.example", host="a.example"), allowed_hosts=everywhere)
        assert not is_let_in(handshake(origin="https://evil.example", host="a.example"), allowed_hosts=everywhere)

    def test_may_be_trusted_by_name(self) -> None:
        page = handshake(origin="http://partner.example:8080", host="tickets.example")

        assert not is_let_in(page)
        assert is_let_in(page, trusted=("http://partner.example:8080",))

    def test_may_be_missing_with_a_token_and_no_cookies(self) -> None:
        token = f"token.{issue_holder()}"

        assert is_let_in(handshake(subprotocols=(SUBPROTOCOL, token), host="tickets.example"))
        assert not is_let_in(handshake(subprotocols=(SUBPROTOCOL, token), host="tickets.example", cookie="a=b"))
        assert not is_let_in(handshake(host="tickets.example"))


class TestAdmit:
    def test_knows_the_holder_by_his_token(self) -> None:
        token = issue_holder()

        assert admit(handshake(subprotocols=(SUBPROTOCOL, f"token.{token}"))) == read_holder(token)

    def test_knows_the_holder_by_his_cookie(self) -> None:
        token = issue_holder()

        assert admit(handshake(cookie=f"theme=dark; {HOLDER_COOKIE}={token}")) == read_holder(token)

    def test_believes_the_token_before_the_cookie(self) -> None:
        token, cookie = issue_holder(), issue_holder()

        holder = admit(handshake(subprotocols=(SUBPROTOCOL, f"token.{token}"), cookie=f"{HOLDER_COOKIE}={cookie}"))

        assert holder == read_holder(token)

    @pytest.mark.parametrize("cookie", ["", "holder=forged", "holder=", "theme=dark", "\x01;;;="])
    def test_lets_those_without_identity_watch(self, cookie: str) -> None:
        assert admit(handshake(cookie=cookie)) is None

    def test_turns_a_forged_token_away(self) -> None:
        assert admit(handshake(subprotocols=(SUBPROTOCOL, "token.forged~signature"))) is CloseCode.BAD_TOKEN

    @pytest.mark.parametrize("offered", [(), ("housefull.v2",), ("token.x",)])
    def test_turns_other_subprotocols_away(self, offered: tuple[str, ...]) -> None:
        assert admit(handshake(subprotocols=offered)) is CloseCode.NO_COMMON_SUBPROTOCOL


class TestPoliteSubprotocol:
    @pytest.mark.parametrize(
        ("offered", "chosen"),
        [
            ((SUBPROTOCOL, "token.x"), SUBPROTOCOL),
            (("token.x", "housefull.v2"), "housefull.v2"),
            (("token.x",), None),
            ((), None),
        ],
    )
    def test_is_one_that_was_offered_and_never_a_secret(self, offered: tuple[str, ...], chosen: str | None) -> None:
        assert handshake(subprotocols=offered).polite_subprotocol == chosen


class TestPosition:
    @pytest.mark.parametrize(
        ("query", "position"),
        [
            ("epoch=k3f9&version=41", ("k3f9", 41)),
            ("", (None, -1)),
            ("epoch=k3f9", (None, -1)),
            ("version=41", (None, -1)),
            ("epoch=k3f9&version=latest", (None, -1)),
            ("epoch=k3f9&version=-5", (None, -1)),
            ("epoch=k3f9&version=" + "9" * 30, (None, -1)),
        ],
    )
    def test_is_read_from_the_query_or_not_at_all(self, query: str, position: tuple[str | None, int]) -> None:
        assert handshake(query=query).position == position
