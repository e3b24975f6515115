"""Where log lines go: a stream looked up at each line, and a bounded file that several processes write.

Owns no format. A line is one write to a file opened for appending, so lines of several processes never mix.
"""

import fcntl
import logging
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final, TextIO

LOG_BYTES_MAX: Final = 10_000_000
OLD_FILES_MAX: Final = 3


class CurrentStream(logging.Handler):
    """Writes to what `sys.stdout` (or `sys.stderr`) is at that moment: it may be replaced while we run."""

    def __init__(self, stream_name: str) -> None:
        super().__init__()
        self._stream_name = stream_name

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        try:
            stream: TextIO = getattr(sys, self._stream_name)
            stream.write(self.format(record) + "\n")
            stream.flush()
        except Exception:  # a line that cannot be written must not break the work it tells of
            self.handleError(record)


class SharedRotatingFile(logging.Handler):
    """A rotating file for web, worker and watcher at once: about `bytes_max` × (`old_files_max` + 1) in all.

    The standard handler knows one process only: two of them would rotate each other's files away. Here whoever
    finds the file full locks it, looks again, and renames it; the others notice that its name means another file.
    """

    def __init__(self, filename: str, *, bytes_max: int = LOG_BYTES_MAX, old_files_max: int = OLD_FILES_MAX) -> None:
        super().__init__()
        self._path = Path(filename)
        self._bytes_max = bytes_max
        self._old_files_max = old_files_max
        self._descriptor: int | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line, into the file that has the name now."""
        try:
            descriptor = self._current_descriptor()
            os.write(descriptor, f"{self.format(record)}\n".encode(errors="backslashreplace"))
            if os.fstat(descriptor).st_size > self._bytes_max:
                self._rotate()
        except Exception:  # a line that cannot be written must not break the work it tells of
            self.handleError(record)

    def close(self) -> None:
        """Close the file; a later line opens it again."""
        self.acquire()
        try:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None
        finally:
            self.release()
        super().close()

    def _current_descriptor(self) -> int:
        if self._descriptor is not None:
            if self._has_the_name(self._descriptor):
                return self._descriptor
            os.close(self._descriptor)
            self._descriptor = None
        self._descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        return self._descriptor

    def _rotate(self) -> None:
        # Opened anew: processes that were forked share a descriptor, and with it each other's lock.
        with self._path.open("rb") as full:
            fcntl.flock(full, fcntl.LOCK_EX)
            descriptor = full.fileno()
            if not self._has_the_name(descriptor) or os.fstat(descriptor).st_size <= self._bytes_max:
                return
            for number in range(self._old_files_max - 1, 0, -1):
                with suppress(FileNotFoundError):
                    self._old_file(number).replace(self._old_file(number + 1))
            self._path.replace(self._old_file(1))

    def _old_file(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")

    def _has_the_name(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(self._path.stat(), os.fstat(descriptor))
        except FileNotFoundError:
            return False
