"""The Celery application, the Beat table, and what a worker and Beat do when they start.

Settings are in settings.py (CELERY_…), tasks in the apps' tasks.py.
"""

import logging
import logging.config
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from celery import Celery
from celery.schedules import crontab
from celery.signals import beat_init, celeryd_init, setup_logging, task_postrun, task_prerun
from structlog.contextvars import bind_contextvars, unbind_contextvars

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("housefull")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["bookings", "payments", "realtime", "frontend"])
app.autodiscover_tasks(["config"], related_name="heartbeats")


# So every task is due when Beat starts: what waited while the house was closed is done at once.
_NEVER_RUN: Final = datetime.fromtimestamp(0, tz=UTC)


def _every(seconds: float, task: str) -> dict[str, Any]:
    # One that nobody took before its successor is due is not worth doing any more.
    return {"task": task, "schedule": seconds, "options": {"expires": seconds}, "last_run_at": _NEVER_RUN}


app.conf.beat_schedule = {
    "release-expired-bookings": _every(60.0, "release_expired_bookings"),
    "reconcile-seats": _every(60.0, "reconcile_seats"),
    "relay-outbox": _every(5.0, "relay_outbox"),
    "poll-payments": _every(15.0, "poll_payments"),
    "check-ledger": _every(86_400.0, "check_ledger"),
    "send-due-letters": _every(10.0, "send_due_letters"),
    "send-show-reminders": _every(900.0, "send_show_reminders"),
    # Also due when Beat starts: the task knows whether this week's clean-up has been.
    "cleanup-old-data": {
        "task": "cleanup_old_data",
        "schedule": crontab(minute="30", hour="3", day_of_week="sunday"),
        "options": {"expires": 86_400.0},
        "last_run_at": _NEVER_RUN,
    },
    "beat-heartbeat": _every(10.0, "beat_heartbeat"),
}

# By the names that the demo, docker-compose.yml and the guide give them; processes they fork inherit their niceness.
PATIENT_NODES: Final = ("letters@", "slow@")
PATIENT_NICENESS: Final = 10
# Run so often that their success is not worth a line; their failures are.
QUIET_TASKS: Final = frozenset({"relay_outbox", "poll_payments", "send_due_letters", "beat_heartbeat"})


class TaskLines(logging.Filter):
    """Celery's own lines, without those of quiet tasks and without each fact twice."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is written."""
        record.__dict__.pop("data", None)
        # The worker names the task in a dict, Beat at the end of a tuple.
        named = [record.args.get("name")] if isinstance(record.args, dict) else record.args or ()
        return record.levelno > logging.INFO or QUIET_TASKS.isdisjoint(
            part for part in named if isinstance(part, str)
        )


_this_process = {"is a worker": False}


def _is_a_worker(**_: Any) -> None:
    _this_process["is a worker"] = True


def _let_buyers_go_first(sender: str, **_: Any) -> None:
    """Tickets are drawn in tens of milliseconds each, reports for seconds; on a full machine both wait for sales."""
    if sender.startswith(PATIENT_NODES):
        os.nice(PATIENT_NICENESS)


def _refuse_unsafe_settings(**_: Any) -> None:
    from django.core.exceptions import ImproperlyConfigured

    from config.checks import refuse_unsafe_settings

    try:
        refuse_unsafe_settings()
    except ImproperlyConfigured as error:
        # Celery logs an exception of a signal handler and goes on; it does not go on after this.
        raise SystemExit(str(error)) from error


def _set_up_logging(**_: Any) -> None:
    """The house's log, and in a worker its own file beside it; without this Celery would set up another."""
    from django.conf import settings

    from config.logging import APP_LOG, WORKER_LOG, with_file

    config = settings.LOGGING
    if _this_process["is a worker"]:
        config = with_file(config, Path(str(settings.LOGS_DIR)) / WORKER_LOG)
    celerys_own = [name for name in config["root"]["handlers"] if name != APP_LOG]
    config = {
        **config,
        "filters": {**config["filters"], "task_lines": {"()": TaskLines}},
        "handlers": {
            name: {**handler, "filters": ["task_lines"]} if name in celerys_own else handler
            for name, handler in config["handlers"].items()
        },
        "loggers": {**config["loggers"], "celery": {"handlers": celerys_own, "propagate": False}},
    }
    logging.config.dictConfig(config)


def _name_the_task(task_id: str, task: Any, **_: Any) -> None:
    bind_contextvars(task=task.name, task_id=task_id)


def _forget_the_task(**_: Any) -> None:
    unbind_contextvars("task", "task_id")


# Not as decorators, which would leave the functions untyped; weak=False, as nobody else holds them.
celeryd_init.connect(_is_a_worker, weak=False)
celeryd_init.connect(_let_buyers_go_first, weak=False)
celeryd_init.connect(_refuse_unsafe_settings, weak=False)
beat_init.connect(_refuse_unsafe_settings, weak=False)
setup_logging.connect(_set_up_logging, weak=False)
task_prerun.connect(_name_the_task, weak=False)
task_postrun.connect(_forget_the_task, weak=False)
