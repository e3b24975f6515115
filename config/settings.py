"""Every setting of Housefull. Each environment variable is read here, once, and nowhere else.

`.env.example` lists the variables; `docs/design` names in the contract keep their meaning.
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import environ

from config import admin_theme
from config.logging import logging_config

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
if (BASE_DIR / ".env").is_file():
    env.read_env(BASE_DIR / ".env")
# A running demo says where its servers are, so that commands beside it (doctor, reconcile) mean that house.
# What is set already stays, and the environment itself is left alone: the next demo starts from a clean one.
_demo_env = BASE_DIR / ".housefull" / "demo.env"
if _demo_env.is_file():
    env.ENVIRON = {**dict(line.split("=", 1) for line in _demo_env.read_text().splitlines()), **os.environ}


def redis_url_with_database(url: str, database: int) -> str:
    """The same Redis server, another logical database: locks live alone in database 0."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


# --- Core ---------------------------------------------------------------------------------------
INSECURE_SECRET_KEY = "housefull-insecure-development-key-change-me"  # noqa: S105
DEBUG = env.bool("DEBUG", default=True)
SECRET_KEY = env.str("SECRET_KEY", default=INSECURE_SECRET_KEY)
# Secrets of before, newest first: what they signed (tickets, guests, sessions) stays good while they are listed.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
# Where the house is reached from outside, for links in mail and on paper.
PUBLIC_URL = env.str("PUBLIC_URL", default="http://127.0.0.1:8000" if DEBUG else "").rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"] if DEBUG else [])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "daphne",
    # Before the admin, whose templates it replaces (decision 44).
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "config.apps.ConfigConfig",
    "bookings.apps.BookingsConfig",
    "payments.apps.PaymentsConfig",
    "realtime.apps.RealtimeConfig",
    "frontend.apps.FrontendConfig",
]

MIDDLEWARE = [
    "config.request_ids.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "frontend" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# --- PostgreSQL ---------------------------------------------------------------------------------
# Fault behaviour of every session, Django's and the box office's own (reference: fault matrix).
POSTGRES_OPTIONS = env.str(
    "POSTGRES_OPTIONS",
    default="-c lock_timeout=3s -c statement_timeout=5s -c idle_in_transaction_session_timeout=10s",
)
_database = env.db_url("DATABASE_URL", default="postgres://housefull@127.0.0.1:5432/housefull")
DATABASES: dict[str, Any] = {
    "default": {
        **_database,
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"options": POSTGRES_OPTIONS, "connect_timeout": 2, **_database.get("OPTIONS", {})},
    }
}
POSTGRES_POOL_MAX = env.int("POSTGRES_POOL_MAX", default=8)

# --- Redis: locks in database 0 and nothing else; layer, broker and cache in 1, 2, 3 ---------------
REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
CHANNEL_LAYERS = {
    "default": {
        # channels_redis' own pub/sub layer with a receive path of ours; the wire format stays.
        "BACKEND": "realtime.layer.SeatLayer",
        "CONFIG": {"hosts": [redis_url_with_database(REDIS_URL, 1)]},
    },
}
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default=redis_url_with_database(REDIS_URL, 2))
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": env.str("CACHE_URL", default=redis_url_with_database(REDIS_URL, 3)),
        "KEY_PREFIX": "housefull",
        # A cache that hangs is worse than none: same short timeouts as the locks.
        "OPTIONS": {"socket_timeout": 0.3, "socket_connect_timeout": 0.3},
    },
}

# --- Celery: the app and the Beat table are config/celery.py -----------------------------------------
# A broker that hangs costs whoever calls `.delay()` two short waits, not a request; the outbox tries again.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "socket_timeout": 1.5,
    "socket_connect_timeout": 1.0,
    "socket_keepalive": True,
}
CELERY_TASK_PUBLISH_RETRY_POLICY = {
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.1,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# JSON only: whoever can write to the queue must not be able to run code by a pickle.
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = CELERY_EVENT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = CELERY_RESULT_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
# A task whose worker is killed is done again, by whoever comes next; all of them are idempotent.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CONCURRENCY = env.int("CELERY_WORKER_CONCURRENCY", default=2)
CELERY_TASK_SOFT_TIME_LIMIT = 45
CELERY_TASK_TIME_LIMIT = 60
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 5.0
CELERY_TIMEZONE = "UTC"
# Letters wait for mail servers, what is `slow` runs for minutes. Each kind has a queue and, in demo and compose, a
# worker of its own, so that seats and money wait for neither (decision 41). A worker that is told no queue takes all.
_QUEUES = {
    "letters": ("send_booking_confirmation_email", "send_letter", "send_due_letters"),
    "slow": ("check_ledger", "cleanup_old_data", "generate_report"),
}
CELERY_TASK_DEFAULT_QUEUE = "celery"
CELERY_TASK_QUEUES: dict[str, dict[str, str]] = {CELERY_TASK_DEFAULT_QUEUE: {}, **{queue: {} for queue in _QUEUES}}
CELERY_TASK_ROUTES = {task: {"queue": queue} for queue, tasks in _QUEUES.items() for task in tasks}
# Keeps its schedule in memory: every entry is idempotent, and no file can be left broken by a kill.
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"

# --- Holds --------------------------------------------------------------------------------------
HOLD_SECONDS = env.int("HOLD_SECONDS", default=600)
SEATS_PER_HOLD_MAX = env.int("SEATS_PER_HOLD_MAX", default=10)
# A holder may hold seats of one show for 20 of any 30 minutes; then he waits, longer each time.
HOLD_BUDGET_SECONDS = env.int("HOLD_BUDGET_SECONDS", default=1200)
HOLD_BUDGET_WINDOW_SECONDS = env.int("HOLD_BUDGET_WINDOW_SECONDS", default=1800)

# --- Limits; 0 means no limit ---------------------------------------------------------------------
LIMIT_PROFILE = env.str("LIMIT_PROFILE", default="default")
LIMIT_PROFILE_CONFIRM = env.str("LIMIT_PROFILE_CONFIRM", default="")
_lifted = LIMIT_PROFILE == "bench"
# Carrier-grade NAT puts a whole neighbourhood behind one address, so per-address limits are wide.
LIMIT_SOCKETS_PER_IP = env.int("LIMIT_SOCKETS_PER_IP", default=0 if _lifted else 1000)
LIMIT_GUESTS_PER_MINUTE = env.int("LIMIT_GUESTS_PER_MINUTE", default=0 if _lifted else 600)
LIMIT_HOLDS_PER_MINUTE = env.int("LIMIT_HOLDS_PER_MINUTE", default=0 if _lifted else 240)
LIMIT_PAYMENT_CALLS_PER_MINUTE = env.int("LIMIT_PAYMENT_CALLS_PER_MINUTE", default=0 if _lifted else 120)
LIMIT_CHECK_INS_PER_MINUTE = env.int("LIMIT_CHECK_INS_PER_MINUTE", default=0 if _lifted else 120)
LIMIT_SOCKETS_PER_HOLDER = env.int("LIMIT_SOCKETS_PER_HOLDER", default=20)
LIMIT_MESSAGES_PER_SECOND = env.int("LIMIT_MESSAGES_PER_SECOND", default=0 if _lifted else 30)
# Addresses of proxies whose X-Forwarded-For is believed; empty: none is.
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=[])

# --- Rooms --------------------------------------------------------------------------------------
COALESCE_MS = env.int("COALESCE_MS", default=16)
LOGS_DIR = env.path("LOGS_DIR", default=str(BASE_DIR / "logs"))
LOG_FORMAT = env.str("LOG_FORMAT", default="console" if DEBUG else "json")
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")

# --- Payments -----------------------------------------------------------------------------------
RAZORPAY_KEY_ID = env.str("RAZORPAY_KEY_ID", default="")
RAZORPAY_KEY_SECRET = env.str("RAZORPAY_KEY_SECRET", default="")
RAZORPAY_WEBHOOK_SECRETS = env.list("RAZORPAY_WEBHOOK_SECRET", default=[])
# Of nobody, for the emulator where there are no keys. What stands in a repository signs for anybody: with DEBUG off
# it is refused, like those of the tests.
EMULATOR_KEYS = ("rzp_test_HousefullDemo1", "housefull-demo-key-secret", "housefull-demo-webhook")
INSECURE_RAZORPAY_SECRETS = frozenset(
    {
        *EMULATOR_KEYS[1:],
        "a-key-secret-of-the-tests-only",
        "a-webhook-secret-of-the-tests",
        "the-webhook-secret-before-it",
    }
)
RAZORPAY_BASE_URL = env.str("RAZORPAY_BASE_URL", default="https://api.razorpay.com")
# Where a buyer's browser gets the checkout from; beside the emulator, from the emulator.
RAZORPAY_CHECKOUT_JS = env.str(
    "RAZORPAY_CHECKOUT_JS",
    default="https://checkout.razorpay.com/v1/checkout.js"
    if RAZORPAY_BASE_URL == "https://api.razorpay.com"
    else f"{RAZORPAY_BASE_URL.rstrip('/')}/v1/checkout.js",
)
# automatic: Razorpay captures what is authorised in time. manual: we capture once the seats are confirmed.
CAPTURE_MODE = env.str("CAPTURE_MODE", default="automatic")
# 12 is Razorpay's least. What is not captured after the manual period flows back by itself.
CAPTURE_AUTOMATIC_MINUTES = env.int("CAPTURE_AUTOMATIC_MINUTES", default=12)
CAPTURE_MANUAL_MINUTES = env.int("CAPTURE_MANUAL_MINUTES", default=30)
# cancel: reloading the payment page gives the booking up, as the brief says. resume: it goes on.
REFRESH_POLICY = env.str("REFRESH_POLICY", default="cancel")

# --- Mail ---------------------------------------------------------------------------------------
EMAIL_URL = env.str("EMAIL_URL", default="")
MAIL_FROM = env.str("MAIL_FROM", default="Housefull <tickets@localhost>" if DEBUG else "")
MAIL_REPLY_TO = env.str("MAIL_REPLY_TO", default="")

# --- Clean-up: how long things are kept, in days ------------------------------------------------------
RETENTION_EXPIRED_BOOKINGS_DAYS = env.int("RETENTION_EXPIRED_BOOKINGS_DAYS", default=30)
RETENTION_OUTBOX_DAYS = env.int("RETENTION_OUTBOX_DAYS", default=30)
RETENTION_INBOX_DAYS = env.int("RETENTION_INBOX_DAYS", default=90)
# After the show: until then its buyer may be written to.
RETENTION_GUEST_DATA_DAYS = env.int("RETENTION_GUEST_DATA_DAYS", default=180)
RETENTION_SEAT_HISTORY_DAYS = env.int("RETENTION_SEAT_HISTORY_DAYS", default=365)
RETENTION_REPORTS_DAYS = env.int("RETENTION_REPORTS_DAYS", default=90)

# --- People see -----------------------------------------------------------------------------------
LANGUAGE_CODE = "en-in"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "frontend.storage.ModuleStaticFilesStorage",
    },
}
LOGIN_REDIRECT_URL = "/"
UNFOLD = admin_theme.UNFOLD

# --- Security -------------------------------------------------------------------------------------
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HOLDER_COOKIE_SECURE = env.bool("SECURE_COOKIES", default=not DEBUG)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
# Only where cookies are secure too: a house that is reached over plain HTTP would lock itself out.
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000 if SESSION_COOKIE_SECURE else 0)
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=False)

# Refused unread where longer (realtime.bodies). A call's longest is a webhook's; a page's is a form of the admin, and
# nothing is uploaded as a file. The proxy of docker-compose.yml says the same of pages.
CALL_PATHS = ("/api/", "/verify_payment/", "/payments/webhook/")
CALL_BODY_BYTES_MAX = 64 * 1024
PAGE_BODY_BYTES_MAX = 1024 * 1024

# --- Doors --------------------------------------------------------------------------------------
# People are let in from so many minutes before a show starts until it ends.
DOORS_OPEN_MINUTES = env.int("DOORS_OPEN_MINUTES", default=60)

# --- Logs ---------------------------------------------------------------------------------------
LOGGING = logging_config(
    form=LOG_FORMAT,
    level=LOG_LEVEL,
    folder=Path(str(LOGS_DIR)),
    secrets=[
        SECRET_KEY,
        *SECRET_KEY_FALLBACKS,
        RAZORPAY_KEY_SECRET,
        *RAZORPAY_WEBHOOK_SECRETS,
        DATABASES["default"].get("PASSWORD", ""),
        unquote(urlsplit(EMAIL_URL).password or ""),
    ],
)
