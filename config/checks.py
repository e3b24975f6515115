"""Settings that would lose seats, money or secrets, found before the house opens.

Django's system checks, run by every command; `refuse_unsafe_settings` is for servers, which do not run them
(ASGI, Celery). Each message says what is wrong and what to do. What can only be seen from outside, with servers
running, is `manage.py doctor`.
"""

from collections.abc import Callable, Sequence
from email.utils import parseaddr
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import redis
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

HOLD_SECONDS_MAX: Final = 3600
# Razorpay's own bounds of the capture options of an order.
CAPTURE_MINUTES: Final = (12, 7200)
# A day more than the month for which nobody may remove a seat's history.
RETENTION_DAYS_MIN: Final = {
    "RETENTION_EXPIRED_BOOKINGS_DAYS": 1,
    "RETENTION_OUTBOX_DAYS": 1,
    "RETENTION_INBOX_DAYS": 1,
    "RETENTION_GUEST_DATA_DAYS": 1,
    "RETENTION_SEAT_HISTORY_DAYS": 31,
    "RETENTION_REPORTS_DAYS": 1,
}
RETENTION_DAYS_MAX: Final = 36_500
# 6.4 brought what the seat store's clients need; 8 tears down the sockets of channels_redis.
REDIS_PY_VERSIONS: Final = ((6, 4), (8, 0))


def check_secret_key(**_: Any) -> list[CheckMessage]:
    """With DEBUG off the secret must be one's own: it signs holders, sessions and tokens."""
    try:
        secret = settings.SECRET_KEY
    except ImproperlyConfigured:
        secret = ""  # Django's own way to say that it is empty, with or without DEBUG
    if secret and (settings.DEBUG or secret != settings.INSECURE_SECRET_KEY):
        return []
    return [
        Error(
            "SECRET_KEY is empty or the default of the repository.",
            hint="Set SECRET_KEY to 50 random characters: "
            "python -c 'import secrets; print(secrets.token_urlsafe(50))'",
            id="housefull.E001",
        )
    ]


def check_webhook_secret(**_: Any) -> list[CheckMessage]:
    """Keys of the gateway come all together: without the webhook secret its messages cannot be believed."""
    keys = {
        "RAZORPAY_KEY_ID": settings.RAZORPAY_KEY_ID,
        "RAZORPAY_KEY_SECRET": settings.RAZORPAY_KEY_SECRET,
        "RAZORPAY_WEBHOOK_SECRET": "".join(settings.RAZORPAY_WEBHOOK_SECRETS),
    }
    missing = [name for name, value in keys.items() if not value]
    blank = bool(settings.RAZORPAY_WEBHOOK_SECRETS) and not all(settings.RAZORPAY_WEBHOOK_SECRETS)
    if not blank and len(missing) in (0, len(keys)):
        return []
    return [
        Error(
            f"Some Razorpay keys are set, but not {', '.join(missing)}."
            if missing
            else "RAZORPAY_WEBHOOK_SECRET has an empty entry: anyone could sign with it.",
            hint="Set all three (the webhook secret is chosen in the Razorpay dashboard, Settings, Webhooks),"
            " or none to run without payments.",
            id="housefull.E002",
        )
    ]


def check_published_secrets(**_: Any) -> list[CheckMessage]:
    """With DEBUG off a secret of the gateway is not one that anybody can read in the repository."""
    kept = {
        "RAZORPAY_KEY_SECRET": {settings.RAZORPAY_KEY_SECRET},
        "RAZORPAY_WEBHOOK_SECRET": set(settings.RAZORPAY_WEBHOOK_SECRETS),
    }
    published = [name for name, secrets in kept.items() if secrets & settings.INSECURE_RAZORPAY_SECRETS]
    if settings.DEBUG or not published:
        return []
    return [
        Error(
            f"{' and '.join(published)} of the repository's emulator or tests, and DEBUG is off: anyone could sign"
            " a payment.",
            hint="Set the keys of your own Razorpay account (RAZORPAY_KEY_ID, RAZORPAY_KEY_SECRET and"
            " RAZORPAY_WEBHOOK_SECRET), or none to run without payments.",
            id="housefull.E013",
        )
    ]


def check_limit_profile(**_: Any) -> list[CheckMessage]:
    """Lifted limits are for benchmarks: in production only when said twice."""
    if settings.LIMIT_PROFILE not in ("default", "bench"):
        return [
            Error(
                f"LIMIT_PROFILE is {settings.LIMIT_PROFILE!r}.",
                hint="Unset it, or set it to 'bench' to lift the limits per address for a benchmark.",
                id="housefull.E003",
            )
        ]
    if settings.DEBUG or settings.LIMIT_PROFILE != "bench" or settings.LIMIT_PROFILE_CONFIRM == "bench":
        return []
    return [
        Error(
            "LIMIT_PROFILE=bench lifts the limits per address, and DEBUG is off.",
            hint="Unset LIMIT_PROFILE; or, for a benchmark of this deployment, also set LIMIT_PROFILE_CONFIRM=bench.",
            id="housefull.E003",
        )
    ]


def check_allowed_hosts(**_: Any) -> list[CheckMessage]:
    """With DEBUG off the hosts are named: the Origin rule of sockets stands on them."""
    if settings.DEBUG or (settings.ALLOWED_HOSTS and "*" not in settings.ALLOWED_HOSTS):
        return []
    return [
        Error(
            "ALLOWED_HOSTS is empty or allows every host, and DEBUG is off.",
            hint="Set ALLOWED_HOSTS to the names people reach this house by, such as tickets.example.com.",
            id="housefull.E004",
        )
    ]


def check_hold_seconds(**_: Any) -> list[CheckMessage]:
    """A hold lasts long enough to be seen and no longer than a holder may keep seats at all."""
    longest = min(HOLD_SECONDS_MAX, settings.HOLD_BUDGET_SECONDS)
    if 1 <= settings.HOLD_SECONDS <= longest:
        return []
    return [
        Error(
            f"HOLD_SECONDS is {settings.HOLD_SECONDS}; it may be 1 to {longest}.",
            hint="Set HOLD_SECONDS to 600 (ten minutes). For longer holds raise HOLD_BUDGET_SECONDS too,"
            f" up to {HOLD_SECONDS_MAX}.",
            id="housefull.E005",
        )
    ]


def check_redis_py(**_: Any) -> list[CheckMessage]:
    """The Redis client is one that this house was tested with."""
    at_least, below = REDIS_PY_VERSIONS
    if at_least <= _version(redis.__version__) < below:
        return []
    return [
        Error(
            f"redis-py is {redis.__version__}; it must be {at_least[0]}.{at_least[1]} or newer, below {below[0]}.",
            hint="Install the versions of the lock file: pip install -r requirements/production.lock",
            id="housefull.E006",
        )
    ]


def check_redis_database(**_: Any) -> list[CheckMessage]:
    """Locks live alone in database 0, where the expiry watcher listens and a rebuild may empty everything."""
    database = database_of(settings.REDIS_URL)
    if database != "0":
        return [
            Error(
                f"REDIS_URL names database {database}; seats are kept in database 0.",
                hint="Let REDIS_URL end in /0.",
                id="housefull.E007",
            )
        ]
    guests = {
        "CELERY_BROKER_URL": settings.CELERY_BROKER_URL,
        "CACHE_URL": settings.CACHES["default"]["LOCATION"],
        "the channel layer": channel_layer_url(),
    }
    return [
        Error(
            f"{name} shares database 0 with the seats: a rebuild of the seats would empty it.",
            hint=f"Let {name} use another database of that server, such as the default: layer 1, broker 2, cache 3.",
            id="housefull.E007",
        )
        for name, url in guests.items()
        if _same_server(url, settings.REDIS_URL) and database_of(url) == "0"
    ]


def check_capture(**_: Any) -> list[CheckMessage]:
    """Razorpay takes these two ways of capturing, and these periods; an order with others is refused."""
    found: list[CheckMessage] = []
    if settings.CAPTURE_MODE not in ("automatic", "manual"):
        found.append(
            Error(
                f"CAPTURE_MODE is {settings.CAPTURE_MODE!r}.",
                hint="Set CAPTURE_MODE to automatic (Razorpay captures what is authorised in time) or manual"
                " (this house does, once the seats are confirmed).",
                id="housefull.E008",
            )
        )
    at_least, at_most = CAPTURE_MINUTES
    automatic, manual = settings.CAPTURE_AUTOMATIC_MINUTES, settings.CAPTURE_MANUAL_MINUTES
    if not at_least <= automatic <= manual <= at_most:
        found.append(
            Error(
                f"CAPTURE_AUTOMATIC_MINUTES is {automatic} and CAPTURE_MANUAL_MINUTES is {manual}.",
                hint=f"Let them be {at_least} to {at_most}, the manual period not the shorter one;"
                " 12 and 30 are the defaults.",
                id="housefull.E008",
            )
        )
    return found


def check_refresh_policy(**_: Any) -> list[CheckMessage]:
    """What reloading the payment page does is one of two things."""
    if settings.REFRESH_POLICY in ("cancel", "resume"):
        return []
    return [
        Error(
            f"REFRESH_POLICY is {settings.REFRESH_POLICY!r}.",
            hint="Set REFRESH_POLICY to cancel (reloading the payment page gives the booking up) or resume (it goes"
            " on).",
            id="housefull.E009",
        )
    ]


def check_live_key(**_: Any) -> list[CheckMessage]:
    """A live key belongs to Razorpay alone: on this machine listens the emulator, which is not a bank."""
    if not settings.RAZORPAY_KEY_ID.startswith("rzp_live_") or not _is_loopback(settings.RAZORPAY_BASE_URL):
        return []
    return [
        Error(
            f"RAZORPAY_KEY_ID is a live key, and RAZORPAY_BASE_URL is {settings.RAZORPAY_BASE_URL}, on this machine.",
            hint="Unset RAZORPAY_BASE_URL to use Razorpay itself, or use a test key (rzp_test_…) with the emulator.",
            id="housefull.E010",
        )
    ]


def check_mail(**_: Any) -> list[CheckMessage]:
    """Letters have a sender, and lead to where the house is reached, not to this machine."""
    found: list[CheckMessage] = []
    parts = urlsplit(settings.PUBLIC_URL)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        found.append(
            Error(
                f"PUBLIC_URL is {settings.PUBLIC_URL!r}: links in letters and on tickets would lead nowhere.",
                hint="Set PUBLIC_URL to the address people reach this house by, such as https://tickets.example.com.",
                id="housefull.E011",
            )
        )
    for name, address in (("MAIL_FROM", settings.MAIL_FROM), ("MAIL_REPLY_TO", settings.MAIL_REPLY_TO)):
        is_wanted = name == "MAIL_FROM" and bool(settings.EMAIL_URL)
        if (address or is_wanted) and not _is_mailbox(address):
            found.append(
                Error(
                    f"{name} is {address!r}: no letter can come from there."
                    if name == "MAIL_FROM"
                    else f"{name} is {address!r}: no answer can go there.",
                    hint=f"Set {name} to an address, with or without a name: Housefull <tickets@example.com>.",
                    id="housefull.E012",
                )
            )
    return found


def check_retention(**_: Any) -> list[CheckMessage]:
    """What is removed is gone: not before a day is over, nor a seat's history before a month (a trigger insists)."""
    refused = {
        name: least
        for name, least in RETENTION_DAYS_MIN.items()
        if not least <= getattr(settings, name) <= RETENTION_DAYS_MAX
    }
    return [
        Error(
            f"{name} is {getattr(settings, name)}; it may be {least} to {RETENTION_DAYS_MAX} days.",
            hint=f"Set {name} to a number of days in that range, or unset it.",
            id="housefull.E030",
        )
        for name, least in refused.items()
    ]


CHECKS: Final[Sequence[Callable[..., list[CheckMessage]]]] = (
    check_secret_key,
    check_webhook_secret,
    check_published_secrets,
    check_limit_profile,
    check_allowed_hosts,
    check_hold_seconds,
    check_redis_py,
    check_redis_database,
    check_capture,
    check_refresh_policy,
    check_live_key,
    check_mail,
    check_retention,
)


def register_checks() -> None:
    """Let every command of manage.py run them."""
    for check in CHECKS:
        register(check, "housefull")


def problems() -> list[CheckMessage]:
    """What is wrong with the settings now."""
    return [message for check in CHECKS for message in check()]


def refuse_unsafe_settings() -> None:
    """For servers, before they serve. Raises ImproperlyConfigured with every problem and its remedy."""
    found = problems()
    if found:
        raise ImproperlyConfigured("\n".join(f"{message.msg}\n  {message.hint}" for message in found))


def channel_layer_url() -> str:
    """The Redis URL of the channel layer."""
    layers: Any = settings.CHANNEL_LAYERS
    return str(layers["default"]["CONFIG"]["hosts"][0])


def database_of(url: str) -> str:
    """The logical database that a Redis URL names."""
    parts = urlsplit(url)
    return parse_qs(parts.query).get("db", [parts.path.strip("/") or "0"])[0]


def _is_mailbox(address: str) -> bool:
    name, plain = parseaddr(address)
    # What cannot be read as one mailbox, or holds a line break, would be another header.
    return "@" in plain[1:-1] and not {"\r", "\n"} & set(name + plain + address)


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or host.endswith(".localhost") or ip_address(host).is_loopback
    except ValueError:
        return False


def _same_server(one: str, other: str) -> bool:
    def place(url: str) -> tuple[str, int]:
        parts = urlsplit(url)
        host = (parts.hostname or "localhost").replace("localhost", "127.0.0.1")
        return host, parts.port or 6379

    return place(one) == place(other)


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2])
