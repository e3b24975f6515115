"""Signs of life that processes leave in the cache, and how old they are: doctor and /metrics read them.

A sign is the writer's Unix ms under `heartbeat:<name>`. Worker, beat and the tasks' last successes are written
here; the expiry watcher writes its own (`heartbeat:watcher`).
"""

import logging
import time
from collections.abc import Sequence
from typing import Any, Final

from celery import shared_task
from celery.signals import celeryd_after_setup, heartbeat_sent, task_success
from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

WORKER: Final = "worker"
SLOW_WORKER: Final = "slow"
BEAT: Final = "beat"
WATCHER: Final = "watcher"
# The last time every booking past its deadline was expired.
SWEEP: Final = "task:release_expired_bookings"

INTERVAL_SECONDS: Final = 10.0
KEPT_SECONDS: Final = 24 * 3600


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def leave_sign(name: str) -> None:
    """Write that `name` is alive now. Never raises: a sign that is missing is itself the alarm."""
    try:
        cache.set(f"heartbeat:{name}", _now_ms(), KEPT_SECONDS)
    except RedisError as error:
        logger.warning("the heartbeat of %s was not written: %s", name, error)


def ages_seconds(names: Sequence[str]) -> dict[str, float | None]:
    """How long ago each left its last sign; None where there is none. Raises RedisError."""
    signs = cache.get_many([f"heartbeat:{name}" for name in names])
    now_ms = _now_ms()
    return {
        name: None if (sign := signs.get(f"heartbeat:{name}")) is None else max(0.0, (now_ms - int(sign)) / 1000)
        for name in names
    }


@shared_task(name="beat_heartbeat", ignore_result=True)  # type: ignore[untyped-decorator]  # Celery has no types
def beat_heartbeat(**_: object) -> None:
    """Beat has sent this, and a worker has run it."""
    leave_sign(BEAT)


class _WorkerSign:
    """The worker's main process speaks every two seconds; one sign in ten is enough.

    It says what the worker's queues make it: one that only sends letters is no sign that seats and money are seen to.
    Whether letters go out is seen in their rows.
    """

    def __init__(self) -> None:
        self._next_at = 0.0
        self._names: list[str] = []

    def begin(self, instance: Any, **_: Any) -> None:
        """Look which queues this worker takes."""
        signs = {settings.CELERY_TASK_DEFAULT_QUEUE: WORKER, "slow": SLOW_WORKER}
        taken = instance.app.amqp.queues.consume_from
        self._names = [name for queue, name in signs.items() if queue in taken]

    def __call__(self, **_: Any) -> None:
        now = time.monotonic()
        if now >= self._next_at:
            self._next_at = now + INTERVAL_SECONDS
            for name in self._names:
                leave_sign(name)


_worker_sign = _WorkerSign()
celeryd_after_setup.connect(_worker_sign.begin, weak=False)
heartbeat_sent.connect(_worker_sign, weak=False)


def _task_succeeded(sender: Any, **_: Any) -> None:
    leave_sign(f"task:{sender.name}")


task_success.connect(_task_succeeded, weak=False)
