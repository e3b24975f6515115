"""How the house writes its log: one line an event, the same for the standard library and structlog.

Owns the shape (console or JSON), that no secret gets out, and which process writes which file. How files are kept
and rotated is `log_files.py`; the id of a request on each of its lines is `request_ids.py`.
"""

import logging
import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

APP_LOG: Final = "booking.log"
WORKER_LOG: Final = "celery_worker.log"
READY_PATH: Final = "/readyz"
REDACTED: Final = "[redacted]"
# Commands of manage.py that serve until they are stopped. All others print an answer on stdout, which a program
# may read (`doctor --json`), so what they log goes to stderr.
SERVING_COMMANDS: Final = frozenset({"runserver", "watch_expiry", "razorpay_emulator", "mail_catcher"})
# A shorter value is not taken for a secret: blotting out every "x" would make logs unreadable.
SECRET_CHARACTERS_MIN: Final = 8

_TELLING_KEY = re.compile(r"token|signature|secret|authorization|cookie|password", re.IGNORECASE)
# Credentials inside text: of URLs, of the Authorization header, of the socket's subprotocol and of queries.
_CREDENTIAL = re.compile(
    r"(://[^/\s:@]*:(?=[^/\s]*@)|\bbearer\s+|\bauthorization: \S+ |\btoken[.=])[^\s@&'\",;]+", re.IGNORECASE
)


class Redactor:
    """A processor that blots out values under telling keys, credentials in text, and the house's own secrets."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({s for s in secrets if len(s) >= SECRET_CHARACTERS_MIN}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {key: self._clean(key, value) for key, value in event.items()}

    def text(self, text: str) -> str:
        """The text without credentials."""
        if self._known is not None:
            text = self._known.sub(REDACTED, text)
        return _CREDENTIAL.sub(rf"\1{REDACTED}", text)

    def _clean(self, key: str, value: Any) -> Any:
        if value in (None, "") or isinstance(value, int | float):
            return value
        if _TELLING_KEY.search(key):
            return REDACTED
        if isinstance(value, dict):
            return {inner: self._clean(str(inner), part) for inner, part in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._clean("", part) for part in value]
        return self.text(value if isinstance(value, str) else str(value))


class WithoutPolls(logging.Filter):
    """Drops Django's ERROR for each poll of /readyz that is answered 503; health.py tells of the change, once."""

    def filter(self, record: logging.LogRecord) -> bool:
        """False for a poll that found this process not ready."""
        path = getattr(getattr(record, "request", None), "path", "")
        return not (getattr(record, "status_code", 0) == 503 and path == READY_PATH)


class RefusalsInOneLine(logging.Filter):
    """Takes the traceback off what Django tells of a request that was refused (4xx): the house did as it should."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always true."""
        if 400 <= getattr(record, "status_code", 0) < 500:
            record.exc_info = record.exc_text = None
        return True


def logging_config(*, form: str, level: str, folder: Path, secrets: Iterable[str]) -> dict[str, Any]:
    """Django's LOGGING. `form` is `console` or `json`; `secrets` are values that must never be written."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    config: dict[str, Any] = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "events": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [*shared, structlog.stdlib.ExtraAdder()],
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    Redactor(secrets),
                    *_rendering(form),
                ],
            }
        },
        "filters": {"without_polls": {"()": WithoutPolls}, "refusals_in_one_line": {"()": RefusalsInOneLine}},
        "handlers": {
            "stream": {
                "class": "config.log_files.CurrentStream",
                "stream_name": _stream_name(sys.argv),
                "formatter": "events",
            }
        },
        "root": {"handlers": ["stream"], "level": level},
        "loggers": {
            # Without handlers of their own, so that nothing is said twice.
            "django": {"handlers": [], "level": level},
            "django.request": {"filters": ["without_polls", "refusals_in_one_line"]},
            "django.server": {"handlers": [], "level": level, "propagate": True},
            # What they say at INFO (every request, every reconnect) would hide the bookings.
            "daphne": {"level": "WARNING"},
            "kombu": {"level": "WARNING"},
            "asyncio": {"level": "WARNING"},
            # Every letter of every ticket that is printed; and each part of an SVG that paper has no use for.
            "fontTools": {"level": "WARNING"},
            "fpdf": {"level": "ERROR"},
        },
    }
    return with_file(config, folder / APP_LOG)


def with_file(config: dict[str, Any], path: Path) -> dict[str, Any]:
    """The same, written to this file too. In a folder that cannot be written (a read-only container) it is not."""
    if not _can_write(path.parent):
        return config
    handler = {"class": "config.log_files.SharedRotatingFile", "filename": str(path), "formatter": "events"}
    root = config["root"]
    return {
        **config,
        "handlers": {**config["handlers"], path.name: handler},
        "root": {**root, "handlers": [*root["handlers"], path.name]},
    }


def _rendering(form: str) -> list[Processor]:
    if form == "json":
        return [structlog.processors.JSONRenderer()]
    return [structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0, sort_keys=False)]


def _stream_name(argv: list[str]) -> str:
    answers = len(argv) > 1 and Path(argv[0]).name == "manage.py" and argv[1] not in SERVING_COMMANDS
    return "stderr" if answers else "stdout"


def _can_write(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)
