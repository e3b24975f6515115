"""Writing to the many sockets of one room: in order, in turns, past those that are behind.

The hot loop of the house. Per socket and frame it costs one method call and one send(2): no task, no thread,
no encoding, no await.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from realtime import metrics
from realtime.frames import Frame
from realtime.protocol import CloseCode
from realtime.writers import Writer

# After so many writes the loop gets a turn, so that requests are read between the parts of a large fan-out.
WRITES_PER_TURN_MAX: Final = 250


class Viewer:
    """A socket in a room, and whose it is (None: somebody who only watches)."""

    __slots__ = ("behind_since", "holder", "writer")

    def __init__(self, writer: Writer, holder: str | None) -> None:
        self.writer = writer
        self.holder = holder
        # The loop's time since when frames have been skipped for it.
        self.behind_since: float | None = None

    def close(self, code: CloseCode) -> None:
        """Close its socket."""
        self.writer.close(code)


@dataclass(slots=True)
class _Job:
    """One frame for all (`frame`), or one made for each at the moment it is written (`frame_for`)."""

    viewers: Sequence[Viewer]
    frame: Frame | None = None
    frame_for: Callable[[Viewer], Frame] | None = None
    done: Callable[[], None] | None = None
    next: int = 0

    def take_part(self) -> Sequence[Viewer]:
        """The viewers of the next turn."""
        part = self.viewers[self.next : self.next + WRITES_PER_TURN_MAX]
        self.next += len(part)
        return part

    @property
    def finished(self) -> bool:
        """Whether everybody has had his turn."""
        return self.next >= len(self.viewers)


class FanOut:
    """The outgoing frames of one room, written first come first served. `on_idle` is called after the last."""

    def __init__(self, on_idle: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_idle = on_idle
        # The first is being written; while there is one, its next turn is coming.
        self._jobs: deque[_Job] = deque()

    @property
    def idle(self) -> bool:
        """Whether everything has been written."""
        return not self._jobs

    def send(self, frame: Frame, viewers: Sequence[Viewer], done: Callable[[], None] | None = None) -> None:
        """Write one frame to all, the first turn's worth at once. `done` is called after the last write."""
        self._add(_Job(viewers, frame=frame, done=done))

    def send_now(self, frame: Frame, viewers: Sequence[Viewer]) -> None:
        """Write one frame to a few at once, before what is waiting for its turn."""
        self._write(frame, viewers)

    def send_each(self, frame_for: Callable[[Viewer], Frame], viewers: Sequence[Viewer]) -> None:
        """Write to each viewer a frame of his own, made at the moment it is written."""
        self._add(_Job(viewers, frame_for=frame_for))

    def _add(self, job: _Job) -> None:
        self._jobs.append(job)
        if len(self._jobs) == 1:
            self._turn()

    def _turn(self) -> None:
        job = self._jobs[0]
        if job.frame is not None:
            self._write(job.frame, job.take_part())
        elif job.frame_for is not None:
            self._write_each(job.frame_for, job.take_part())
        if job.finished:
            self._jobs.popleft()
            if job.done is not None:
                job.done()
        if self._jobs:
            self._loop.call_soon(self._turn)
        else:
            self._on_idle()

    def _write(self, frame: Frame, viewers: Sequence[Viewer]) -> None:
        for viewer in viewers:
            if not viewer.writer.write(frame):
                self._skipped(viewer)
        metrics.frames_written.inc(len(viewers))

    def _write_each(self, frame_for: Callable[[Viewer], Frame], viewers: Sequence[Viewer]) -> None:
        for viewer in viewers:
            if not viewer.writer.write(frame_for(viewer)):
                self._skipped(viewer)
        metrics.frames_written.inc(len(viewers))

    def _skipped(self, viewer: Viewer) -> None:
        metrics.frames_skipped.inc()
        if viewer.behind_since is None:
            viewer.behind_since = self._loop.time()
