"""The checklist: every examination in the order it is read, and the remedy beside each."""

from typing import Final

from config.doctor import house, money, servers
from config.doctor.examination import Examination

REDIS: Final = "Redis answers"
STORES: Final = "Redis databases answer"
POSTGRES: Final = "PostgreSQL answers"
TABLES: Final = "migrations applied"

CHECKLIST: Final = (
    Examination("settings safe", servers.settings_are_safe, "Change the settings named here (.env or environment)."),
    Examination(
        REDIS,
        servers.redis_answers,
        "Start Redis, or let REDIS_URL name the one that runs (make demo brings both servers). Until then PostgreSQL"
        " sells alone, slower.",
    ),
    Examination(
        STORES,
        servers.broker_and_cache_answer,
        "Start the Redis that CELERY_BROKER_URL, CACHE_URL and the channel layer (REDIS_URL, database 1) name.",
    ),
    Examination(
        "keyspace events on",
        servers.keyspace_events_are_on,
        "redis-cli CONFIG SET notify-keyspace-events Ex, and the same line in redis.conf.",
        needs=(REDIS,),
    ),
    Examination(
        "seats alone in database 0",
        servers.database_zero_is_the_seats,
        "Move whatever writes that key to another database; a rebuild of the seats empties database 0.",
        needs=(REDIS,),
    ),
    Examination(
        "locks never evicted",
        servers.locks_are_never_evicted,
        "redis-cli CONFIG SET maxmemory-policy noeviction, and the same line in redis.conf.",
        needs=(REDIS,),
    ),
    Examination(
        POSTGRES,
        servers.postgres_answers,
        "Start PostgreSQL, or let DATABASE_URL name the one that runs (make demo brings both servers).",
    ),
    Examination(TABLES, servers.migrations_are_applied, "python manage.py migrate", needs=(POSTGRES,)),
    Examination(
        "clocks agree",
        servers.clocks_agree,
        "Keep the clocks of the Redis and the PostgreSQL machine with NTP (timedatectl, chronyc tracking).",
        needs=(REDIS, POSTGRES),
    ),
    Examination(
        "channel layer carries",
        servers.channel_layer_carries,
        "Look at the log of Redis; viewers get no updates until this works.",
        needs=(STORES,),
    ),
    Examination(
        "worker alive",
        house.worker_is_alive,
        "celery -A config worker, or make demo, which runs everything (its log: logs/celery_worker.log).",
        needs=(STORES,),
    ),
    Examination(
        "beat alive",
        house.beat_is_alive,
        "celery -A config beat, or make demo, which runs everything. A worker carries its signs: start that first.",
        needs=(STORES,),
    ),
    Examination(
        "expiry watcher alive",
        house.watcher_is_alive,
        "python manage.py watch_expiry, or make demo, which runs everything. Until then holds nobody looks at end up"
        " to a minute late.",
        needs=(STORES,),
    ),
    Examination(
        "expired holds swept",
        house.holds_are_swept,
        "Start worker and beat; if they run, logs/celery_worker.log says why release_expired_bookings fails.",
        needs=(STORES,),
    ),
    Examination(
        "changes shown",
        house.changes_are_shown,
        "Start a worker and beat (relay_outbox shows them), or run python manage.py reconcile.",
        needs=(POSTGRES, TABLES),
    ),
    Examination(
        "pictures agree",
        house.pictures_agree,
        "python manage.py reconcile repairs and lists every seat. If it comes back, keep that list: it is a bug.",
        needs=(REDIS, POSTGRES, TABLES),
    ),
    Examination(
        "gateway keys valid",
        money.gateway_takes_our_keys,
        "Set RAZORPAY_KEY_ID and RAZORPAY_KEY_SECRET as Razorpay's dashboard shows them (Settings, API keys).",
    ),
    Examination(
        "open money",
        money.nothing_is_open_for_long,
        "Open Open money in the admin: it has the next step for each. A worker and beat must run.",
        needs=(POSTGRES, TABLES),
    ),
    Examination(
        "mail", house.mail_can_be_sent, "Set EMAIL_URL, such as smtp+tls://user:password@mail.example.com:587."
    ),
    Examination(
        "letters go out",
        house.letters_go_out,
        "celery -A config worker -Q letters, or make demo, which runs everything (its log: logs/celery_worker.log).",
        needs=(POSTGRES, TABLES),
    ),
)
