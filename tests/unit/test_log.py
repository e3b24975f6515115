"""One log for all: no secret gets out, several processes share a file, and answers of commands stay clean."""

import json
import logging
import multiprocessing
from pathlib import Path
from typing import Any

import pytest
import structlog

from config.log_files import CurrentStream, SharedRotatingFile
from config.logging import REDACTED, Redactor, logging_config, with_file

SECRET = "correct-horse-battery"


def written_by(logger: str, config: dict[str, Any], tmp_path: Path, **extra: Any) -> dict[str, Any]:
    """A line as it ends up in the file, through the formatter of this configuration."""
    formatter_config = dict(config["formatters"]["events"])
    formatter = formatter_config.pop("()")(**formatter_config)
    record = logging.getLogger(logger).makeRecord(
        logger, logging.INFO, __file__, 1, "seats of %s", ("show 7",), None, extra=extra
    )
    line: dict[str, Any] = json.loads(formatter.format(record))
    return line


@pytest.fixture
def config(tmp_path: Path) -> dict[str, Any]:
    return logging_config(form="json", level="INFO", folder=tmp_path, secrets=[SECRET])


class TestRedactor:
    @pytest.mark.parametrize(
        "text",
        [
            f"the key is {SECRET}!",
            "redis://:hunter22@10.0.0.1:6379/0",
            "postgres://house:hunter22@db/house",
            "Authorization: Bearer hunter22.abc",
            "authorization: Basic hunter22",
            "/ws/shows/1/?token=hunter22&epoch=k",
            "subprotocols housefull.v1, token.hunter22",
        ],
    )
    def test_blots_out_credentials_in_text(self, text: str) -> None:
        cleaned = Redactor([SECRET]).text(text)

        assert "hunter22" not in cleaned
        assert SECRET not in cleaned
        assert REDACTED in cleaned

    @pytest.mark.parametrize("text", ["http://localhost:8000/shows/1/", "http://[::1]:8000/x@y", "tokens are signed"])
    def test_leaves_what_is_no_credential(self, text: str) -> None:
        assert Redactor([SECRET]).text(text) == text

    def test_blots_out_values_under_telling_keys_at_any_depth(self) -> None:
        event = {"event": "x", "Cookie": "a=b", "body": {"razorpay_signature": "00", "seats": ["A1"]}, "tokens": 3}

        cleaned = Redactor()(None, "info", event)

        assert cleaned == {
            "event": "x",
            "Cookie": REDACTED,
            "body": {"razorpay_signature": REDACTED, "seats": ["A1"]},
            "tokens": 3,
        }


class TestLogging:
    def test_writes_json_with_what_was_given_beside_the_text(self, config: dict[str, Any], tmp_path: Path) -> None:
        line = written_by("bookings.x", config, tmp_path, show=7, token="abc")

        assert line["event"] == "seats of show 7"
        assert (line["level"], line["logger"], line["show"]) == ("info", "bookings.x", 7)
        assert line["token"] == REDACTED

    def test_names_the_request(self, config: dict[str, Any], tmp_path: Path) -> None:
        with structlog.contextvars.bound_contextvars(request_id="r-1"):
            line = written_by("bookings.x", config, tmp_path)

        assert line["request_id"] == "r-1"

    def test_keeps_secrets_out_of_tracebacks(self, config: dict[str, Any], tmp_path: Path) -> None:
        formatter_config = dict(config["formatters"]["events"])
        formatter = formatter_config.pop("()")(**formatter_config)
        try:
            raise ValueError(f"cannot connect with {SECRET}")
        except ValueError as error:
            told = (type(error), error, error.__traceback__)
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "failed", None, told)

        line = formatter.format(record)

        assert "ValueError" in line
        assert SECRET not in line

    def test_goes_without_a_file_where_none_can_be_written(self, config: dict[str, Any], tmp_path: Path) -> None:
        in_the_way = tmp_path / "a file"
        in_the_way.touch()

        assert with_file(config, in_the_way / "worker.log") == config

    @pytest.mark.parametrize(
        ("argv", "stream"),
        [
            (["manage.py", "doctor", "--json"], "stderr"),
            (["./manage.py", "reconcile"], "stderr"),
            (["manage.py", "watch_expiry"], "stdout"),
            (["daphne", "config.asgi:application"], "stdout"),
            (["celery", "-A", "config", "worker"], "stdout"),
        ],
    )
    def test_stays_out_of_the_answers_of_commands(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, argv: list[str], stream: str
    ) -> None:
        monkeypatch.setattr("sys.argv", argv)

        config = logging_config(form="json", level="INFO", folder=tmp_path, secrets=[])

        assert config["handlers"]["stream"]["stream_name"] == stream

    def test_follows_a_stream_that_is_replaced(self, capsys: pytest.CaptureFixture[str]) -> None:
        handler = CurrentStream("stdout")

        handler.emit(logging.LogRecord("x", logging.INFO, __file__, 1, "hello", None, None))

        assert capsys.readouterr().out == "hello\n"


LINE_BYTES = 100
LINES_EACH = 200
WRITERS = 3


def _write_lines(path: str, writer: int) -> None:
    handler = SharedRotatingFile(path, bytes_max=5_000, old_files_max=99)
    for number in range(LINES_EACH):
        text = f"{writer} {number} ".ljust(LINE_BYTES, "x")
        handler.emit(logging.LogRecord("x", logging.INFO, __file__, 1, text, None, None))
    handler.close()


class TestSharedFile:
    def test_loses_no_line_of_several_processes_while_it_rotates(self, tmp_path: Path) -> None:
        path = tmp_path / "booking.log"
        processes = multiprocessing.get_context("spawn")
        writers = [processes.Process(target=_write_lines, args=(str(path), writer)) for writer in range(WRITERS)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join(60)

        lines = [line for file in tmp_path.iterdir() for line in file.read_text().splitlines()]

        assert {len(line) for line in lines} == {LINE_BYTES}
        assert len(set(lines)) == len(lines) == WRITERS * LINES_EACH
        assert len(list(tmp_path.iterdir())) >= WRITERS * LINES_EACH * LINE_BYTES // 7_000

    def test_keeps_a_bounded_number_of_files(self, tmp_path: Path) -> None:
        handler = SharedRotatingFile(str(tmp_path / "booking.log"), bytes_max=100, old_files_max=2)

        for number in range(20):
            handler.emit(logging.LogRecord("x", logging.INFO, __file__, 1, f"{number}".ljust(80), None, None))
        handler.close()

        names = sorted(file.name for file in tmp_path.iterdir())
        assert names == ["booking.log.1", "booking.log.2"]
        assert (tmp_path / "booking.log.1").read_text().startswith("18")

    def test_goes_on_after_somebody_removed_it(self, tmp_path: Path) -> None:
        path = tmp_path / "booking.log"
        handler = SharedRotatingFile(str(path))
        handler.emit(logging.LogRecord("x", logging.INFO, __file__, 1, "before", None, None))

        path.unlink()
        handler.emit(logging.LogRecord("x", logging.INFO, __file__, 1, "after", None, None))
        handler.close()

        assert path.read_text() == "after\n"
