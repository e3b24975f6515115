"""Settings that would lose seats or secrets are refused, with what to do about it."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from config import checks
from config.settings import EMULATOR_KEYS
from tests.support.razorpay_keys import KEY_SECRET, PREVIOUS_WEBHOOK_SECRET, WEBHOOK_SECRET


@pytest.fixture
def house(settings: Settings) -> Settings:
    """Settings of a house in production, with nothing wrong."""
    settings.DEBUG = False
    settings.SECRET_KEY = "a secret that nobody else has"
    settings.ALLOWED_HOSTS = ["tickets.example.com"]
    settings.RAZORPAY_KEY_ID = settings.RAZORPAY_KEY_SECRET = ""
    settings.RAZORPAY_WEBHOOK_SECRETS = []
    settings.LIMIT_PROFILE, settings.LIMIT_PROFILE_CONFIRM = "default", ""
    settings.HOLD_SECONDS, settings.HOLD_BUDGET_SECONDS = 600, 1200
    settings.REDIS_URL = "redis://127.0.0.1:6379/0"
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:6379/2"
    settings.CAPTURE_MODE, settings.REFRESH_POLICY = "automatic", "cancel"
    settings.CAPTURE_AUTOMATIC_MINUTES, settings.CAPTURE_MANUAL_MINUTES = 12, 30
    settings.PUBLIC_URL = "https://tickets.example.com"
    settings.EMAIL_URL = "smtp+tls://house:secret@mail.example.com:587"
    settings.MAIL_FROM, settings.MAIL_REPLY_TO = "Housefull <tickets@example.com>", ""
    return settings


def assert_refused(number: int, *, remedy: str) -> None:
    """Exactly this check fails, its hint names the remedy, and a server would not start."""
    found = checks.problems()
    assert [message.id for message in found] == [f"housefull.E{number:03}"]
    assert remedy in (found[0].hint or "")
    with pytest.raises(ImproperlyConfigured, match=remedy):
        checks.refuse_unsafe_settings()


class TestChecks:
    def test_pass_a_house_in_order(self, house: Settings) -> None:
        assert checks.problems() == []
        checks.refuse_unsafe_settings()

    @pytest.mark.parametrize("secret", ["", "the default"])
    def test_refuse_a_secret_that_is_no_secret(self, house: Settings, secret: str) -> None:
        house.SECRET_KEY = secret and house.INSECURE_SECRET_KEY

        assert_refused(1, remedy="SECRET_KEY")

    def test_let_developers_keep_the_default_secret(self, house: Settings) -> None:
        house.DEBUG, house.SECRET_KEY = True, house.INSECURE_SECRET_KEY

        assert checks.problems() == []

    @pytest.mark.parametrize("webhook_secrets", [[], [""], ["current", ""]])
    def test_refuse_keys_without_a_webhook_secret(self, house: Settings, webhook_secrets: list[str]) -> None:
        house.RAZORPAY_KEY_ID, house.RAZORPAY_KEY_SECRET = "rzp_test_1", "secret"
        house.RAZORPAY_WEBHOOK_SECRETS = webhook_secrets

        assert_refused(2, remedy="webhook secret")

    def test_take_all_keys_together(self, house: Settings) -> None:
        house.RAZORPAY_KEY_ID, house.RAZORPAY_KEY_SECRET = "rzp_test_1", "secret"
        house.RAZORPAY_WEBHOOK_SECRETS = ["current", "previous"]

        assert checks.problems() == []

    @pytest.mark.parametrize("published", [EMULATOR_KEYS[1], KEY_SECRET])
    def test_refuse_a_key_secret_that_anybody_can_read(self, house: Settings, published: str) -> None:
        house.RAZORPAY_KEY_ID, house.RAZORPAY_KEY_SECRET = "rzp_test_1", published
        house.RAZORPAY_WEBHOOK_SECRETS = ["current"]

        assert_refused(13, remedy="RAZORPAY_KEY_SECRET")

    @pytest.mark.parametrize("published", [EMULATOR_KEYS[2], WEBHOOK_SECRET, PREVIOUS_WEBHOOK_SECRET])
    def test_refuse_a_webhook_secret_that_anybody_can_read(self, house: Settings, published: str) -> None:
        house.RAZORPAY_KEY_ID, house.RAZORPAY_KEY_SECRET = "rzp_test_1", "secret"
        house.RAZORPAY_WEBHOOK_SECRETS = ["current", published]

        assert_refused(13, remedy="RAZORPAY_WEBHOOK_SECRET")

    def test_let_developers_keep_the_emulators_keys(self, house: Settings) -> None:
        house.DEBUG = True
        house.RAZORPAY_KEY_ID, house.RAZORPAY_KEY_SECRET, webhook_secret = EMULATOR_KEYS
        house.RAZORPAY_WEBHOOK_SECRETS = [webhook_secret]

        assert checks.problems() == []

    def test_refuse_lifted_limits_said_once(self, house: Settings) -> None:
        house.LIMIT_PROFILE = "bench"

        assert_refused(3, remedy="LIMIT_PROFILE_CONFIRM=bench")

    def test_take_lifted_limits_said_twice(self, house: Settings) -> None:
        house.LIMIT_PROFILE = house.LIMIT_PROFILE_CONFIRM = "bench"

        assert checks.problems() == []

    def test_refuse_a_profile_nobody_knows(self, house: Settings) -> None:
        house.LIMIT_PROFILE = "Bench"

        assert_refused(3, remedy="bench")

    @pytest.mark.parametrize("hosts", [[], ["*"], ["tickets.example.com", "*"]])
    def test_refuse_every_host(self, house: Settings, hosts: list[str]) -> None:
        house.ALLOWED_HOSTS = hosts

        assert_refused(4, remedy="ALLOWED_HOSTS")

    @pytest.mark.parametrize("seconds", [0, -1, 1201, 3601])
    def test_refuse_holds_without_end_or_length(self, house: Settings, seconds: int) -> None:
        house.HOLD_SECONDS = seconds

        assert_refused(5, remedy="HOLD_SECONDS")

    @pytest.mark.parametrize("version", ["6.3.9", "8.0.0", "8.1.0b1"])
    def test_refuse_a_redis_client_they_do_not_know(
        self, house: Settings, monkeypatch: pytest.MonkeyPatch, version: str
    ) -> None:
        monkeypatch.setattr("redis.__version__", version)

        assert_refused(6, remedy="requirements/production.lock")

    @pytest.mark.parametrize("version", ["6.4.0", "7.4.1"])
    def test_take_redis_clients_they_know(
        self, house: Settings, monkeypatch: pytest.MonkeyPatch, version: str
    ) -> None:
        monkeypatch.setattr("redis.__version__", version)

        assert checks.problems() == []

    @pytest.mark.parametrize("url", ["redis://127.0.0.1:6379/1", "redis://127.0.0.1:6379?db=4"])
    def test_refuse_seats_outside_database_0(self, house: Settings, url: str) -> None:
        house.REDIS_URL = url

        assert_refused(7, remedy="/0")

    @pytest.mark.parametrize("url", ["redis://127.0.0.1:6379/0", "redis://localhost:6379", "redis://localhost/"])
    def test_refuse_a_guest_in_database_0(self, house: Settings, url: str) -> None:
        house.CELERY_BROKER_URL = url

        assert_refused(7, remedy="another database")

    def test_take_a_broker_on_a_server_of_its_own(self, house: Settings) -> None:
        house.CELERY_BROKER_URL = "redis://broker.example.com:6379/0"

        assert checks.problems() == []

    @pytest.mark.parametrize("mode", ["", "auto", "Manual"])
    def test_refuse_a_way_to_capture_nobody_knows(self, house: Settings, mode: str) -> None:
        house.CAPTURE_MODE = mode

        assert_refused(8, remedy="CAPTURE_MODE to automatic")

    @pytest.mark.parametrize(("automatic", "manual"), [(11, 30), (12, 7201), (30, 29), (0, 0)])
    def test_refuse_periods_that_razorpay_refuses(self, house: Settings, automatic: int, manual: int) -> None:
        house.CAPTURE_AUTOMATIC_MINUTES, house.CAPTURE_MANUAL_MINUTES = automatic, manual

        assert_refused(8, remedy="12 to 7200")

    @pytest.mark.parametrize(("automatic", "manual"), [(12, 12), (12, 7200), (7200, 7200)])
    def test_take_the_ends_of_those_periods(self, house: Settings, automatic: int, manual: int) -> None:
        house.CAPTURE_AUTOMATIC_MINUTES, house.CAPTURE_MANUAL_MINUTES = automatic, manual

        assert checks.problems() == []

    @pytest.mark.parametrize("policy", ["", "Cancel", "keep"])
    def test_refuse_a_refresh_policy_nobody_knows(self, house: Settings, policy: str) -> None:
        house.REFRESH_POLICY = policy

        assert_refused(9, remedy="REFRESH_POLICY to cancel")

    @pytest.mark.parametrize(
        "url", ["http://127.0.0.1:8099", "http://localhost:8099", "http://[::1]:1", "http://127.9.9.9"]
    )
    def test_refuse_a_live_key_at_the_emulator(self, house: Settings, url: str) -> None:
        house.RAZORPAY_KEY_ID, house.RAZORPAY_KEY_SECRET = "rzp_live_1", "secret"
        house.RAZORPAY_WEBHOOK_SECRETS, house.RAZORPAY_BASE_URL = ["current"], url

        assert_refused(10, remedy="Unset RAZORPAY_BASE_URL")

    @pytest.mark.parametrize(
        ("key", "url"), [("rzp_live_1", "https://api.razorpay.com"), ("rzp_test_1", "http://127.0.0.1:8099")]
    )
    def test_take_each_key_where_it_belongs(self, house: Settings, key: str, url: str) -> None:
        house.RAZORPAY_KEY_ID, house.RAZORPAY_KEY_SECRET = key, "secret"
        house.RAZORPAY_WEBHOOK_SECRETS, house.RAZORPAY_BASE_URL = ["current"], url

        assert checks.problems() == []

    @pytest.mark.parametrize(
        "url", ["", "tickets.example.com", "ftp://tickets.example.com", "https://", "https://a.b?x=1"]
    )
    def test_refuse_letters_whose_links_lead_nowhere(self, house: Settings, url: str) -> None:
        house.PUBLIC_URL = url

        assert_refused(11, remedy="PUBLIC_URL")

    @pytest.mark.parametrize("sender", ["", "nobody", "@example.com", "tickets@", "a@b.c\nBcc: d@e.f"])
    def test_refuse_letters_that_come_from_nowhere(self, house: Settings, sender: str) -> None:
        house.MAIL_FROM = sender

        assert_refused(12, remedy="MAIL_FROM")

    def test_refuse_answers_that_go_nowhere(self, house: Settings) -> None:
        house.MAIL_REPLY_TO = "nobody"

        assert_refused(12, remedy="MAIL_REPLY_TO")

    def test_want_no_sender_where_no_mail_is_sent(self, house: Settings) -> None:
        house.EMAIL_URL = house.MAIL_FROM = ""

        assert checks.problems() == []

    @pytest.mark.parametrize(
        ("name", "days"),
        [("RETENTION_SEAT_HISTORY_DAYS", 30), ("RETENTION_OUTBOX_DAYS", 0), ("RETENTION_GUEST_DATA_DAYS", 10**6)],
    )
    def test_refuse_to_remove_what_is_young_or_to_keep_what_is_for_ever(
        self, house: Settings, name: str, days: int
    ) -> None:
        setattr(house, name, days)

        assert_refused(30, remedy=name)
