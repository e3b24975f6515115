"""Where the emulated Razorpay refuses to run, and what it uses when nothing else is said."""

from dataclasses import replace

import pytest
from pytest_django import Settings

from payments.emulator.api import Keys
from payments.emulator.server import NotStarted, Options, check
from payments.management.commands.razorpay_emulator import PORT, default_port, keys

GOOD = Options(keys=Keys("rzp_test_1", "secret"), webhook_secrets=["of-the-webhook"], port=8460)


class TestCheck:
    @pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
    def test_lets_it_run_on_this_machine(self, host: str) -> None:
        check(replace(GOOD, host=host))

    @pytest.mark.parametrize(
        ("options", "says", "next_step"),
        [
            (replace(GOOD, keys=Keys("rzp_live_1", "secret")), "live key", "rzp_test_"),
            (replace(GOOD, debug=False), "DEBUG is off", "DEBUG=true"),
            (replace(GOOD, host="0.0.0.0"), "not a loopback address", "--host 127.0.0.1"),
            (replace(GOOD, host="::"), "not a loopback address", "--host 127.0.0.1"),
            (replace(GOOD, host="192.168.1.7"), "not a loopback address", "--host 127.0.0.1"),
            (replace(GOOD, host="localhost.example.com"), "not a loopback address", "--host 127.0.0.1"),
            (replace(GOOD, keys=Keys("rzp_test_1", "")), "Keys are missing", "Set RAZORPAY_KEY_ID"),
            (replace(GOOD, webhook_secrets=[]), "Keys are missing", "RAZORPAY_WEBHOOK_SECRET"),
            (replace(GOOD, webhook_secrets=["now", ""]), "Keys are missing", "RAZORPAY_WEBHOOK_SECRET"),
        ],
    )
    def test_refuses_and_says_what_to_do(self, options: Options, says: str, next_step: str) -> None:
        with pytest.raises(NotStarted) as reason:
            check(options)

        assert says in str(reason.value)
        assert next_step in str(reason.value)

    def test_never_shows_a_secret(self) -> None:
        assert "secret" not in repr(GOOD).replace("webhook_secrets", "")


class TestDefaults:
    @pytest.mark.parametrize(
        ("base_url", "port"),
        [
            ("http://127.0.0.1:9000", 9000),
            ("http://localhost:9001", 9001),
            ("https://api.razorpay.com", PORT),
            ("http://127.0.0.1", PORT),
        ],
    )
    def test_the_port_is_where_the_house_looks_for_it(self, base_url: str, port: int) -> None:
        assert default_port(base_url) == port

    def test_keys_are_the_house_s_or_all_its_own(self, settings: Settings) -> None:
        settings.RAZORPAY_KEY_ID = settings.RAZORPAY_KEY_SECRET = ""
        settings.RAZORPAY_WEBHOOK_SECRETS = []
        own = keys()
        settings.RAZORPAY_KEY_ID = "rzp_test_mine"

        assert own[0].startswith("rzp_test_")
        assert all(own)
        # An emulator secret beside a key of one's own would hide that one is missing.
        assert keys() == ("rzp_test_mine", "", [])
