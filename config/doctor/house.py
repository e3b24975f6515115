"""Does the house do its work: worker, Beat and watcher alive, holds expired in time, Redis in step, mail.

Each function is one examination: it returns what it saw, or raises Failed or Skipped.
"""

import random
from typing import Final

from django.conf import settings
from django.db import connections

from bookings.api import with_box_office
from bookings.selectors.active_shows import get_active_shows
from bookings.services.upkeep import find_drift
from config import heartbeats, probes
from config.doctor.examination import Failed, Skipped
from frontend.letters.transport import NoTransport, greet

# Signs come every 10 s; two may be late before anybody is called dead.
SIGN_SECONDS_MAX: Final = 30.0
# Sweeps come every 60 s (fault matrix: an alert beyond 150 s).
SWEEP_SECONDS_MAX: Final = 150.0
UNSHOWN_SECONDS_MAX: Final = 60
SHOWS_SAMPLED_MAX: Final = 10
LOOK_AGAIN_SECONDS: Final = 0.3
SMTP_SECONDS: Final = 1.5
# The sweep of letters comes every 10 s; one that a dead worker took is free after 48 s.
UNTRIED_SECONDS_MAX: Final = 180


def worker_is_alive() -> str:
    """A Celery worker speaks from its main loop, and so does one for what is slow."""
    said = _sign_of(heartbeats.WORKER, SIGN_SECONDS_MAX)
    try:
        _sign_of(heartbeats.SLOW_WORKER, SIGN_SECONDS_MAX)
    except Failed as silence:
        raise Failed(
            f"nobody takes the queue slow ({silence}): no reports, no clean-up, no check of the ledger",
            remedy="celery -A config worker -Q slow -n slow@%h -c 1, or make demo, which runs everything.",
        ) from silence
    return said


def beat_is_alive() -> str:
    """What Beat sends arrives and is run."""
    return _sign_of(heartbeats.BEAT, SIGN_SECONDS_MAX)


def watcher_is_alive() -> str:
    """The process that hears keys expire."""
    return _sign_of(heartbeats.WATCHER, SIGN_SECONDS_MAX)


def holds_are_swept() -> str:
    """release_expired_bookings has succeeded lately."""
    return _sign_of(heartbeats.SWEEP, SWEEP_SECONDS_MAX)


def changes_are_shown() -> str:
    """No change of claims waits long for Redis to show it (consistency rule 17)."""
    with probes.open_postgres() as connection:
        row = connection.execute(
            "SELECT count(*), count(*) FILTER (WHERE created_at < clock_timestamp() - %s * interval '1 second')"
            " FROM bookings_picturepending",
            (UNSHOWN_SECONDS_MAX,),
        ).fetchone()
    assert row is not None, "an aggregate returns one row"
    waiting, overdue = row
    if overdue:
        raise Failed(f"{overdue} changes have not been shown for more than {UNSHOWN_SECONDS_MAX} s")
    return f"{waiting} on their way"


def pictures_agree() -> str:
    """Redis shows what PostgreSQL has, in a sample of active shows; nothing is repaired here."""
    try:
        shows = get_active_shows()
    finally:
        connections.close_all()
    # Shows with pending bookings first: there is most that can differ.
    random.shuffle(shows)
    shows.sort(key=lambda show: not show.has_pending)
    sample = [show.show_id for show in shows[:SHOWS_SAMPLED_MAX]]
    drift = with_box_office(lambda office: find_drift(office, sample, again_after_seconds=LOOK_AGAIN_SECONDS))
    if drift:
        told = ", ".join(f"show {show_id}: {seats} seats" for show_id, seats in sorted(drift.items()))
        raise Failed(f"Redis and PostgreSQL differ: {told}")
    return f"{len(sample)} of {len(shows)} active shows compared"


def mail_can_be_sent() -> str:
    """The server that EMAIL_URL names takes our call, with TLS and login where it says so; nothing is sent."""
    if not settings.EMAIL_URL:
        raise Skipped("EMAIL_URL is not set: no mail is sent")
    try:
        return greet(step_seconds=SMTP_SECONDS)
    except NoTransport as reason:
        raise Failed(str(reason)) from reason


def letters_go_out() -> str:
    """No letter waits without being tried, and none was given up lately."""
    with probes.open_postgres() as connection:
        row = connection.execute(
            "SELECT count(*) FILTER (WHERE state IN ('due', 'sending')),"
            " count(*) FILTER (WHERE state <> 'failed' AND next_at < clock_timestamp() - %s * interval '1 second'),"
            " count(*) FILTER (WHERE state = 'failed' AND created_at > clock_timestamp() - interval '2 days')"
            " FROM frontend_letter WHERE state IN ('due', 'sending', 'failed')",
            (UNTRIED_SECONDS_MAX,),
        ).fetchone()
    assert row is not None, "an aggregate returns one row"
    waiting, untried, failed = row
    if untried:
        raise Failed(f"{untried} letters are due and nobody sends them")
    if failed:
        raise Failed(
            f"{failed} letters of the last two days were given up",
            remedy="Open Letters in the admin, state failed: each says why, and can be sent again.",
        )
    return f"{waiting} wait"


def _sign_of(name: str, seconds_max: float) -> str:
    age_seconds = heartbeats.ages_seconds([name])[name]
    if age_seconds is None:
        raise Failed("no sign of life")
    if age_seconds > seconds_max:
        raise Failed(f"last sign {age_seconds:.0f} s ago; {seconds_max:.0f} s may be")
    return f"last sign {age_seconds:.0f} s ago"
