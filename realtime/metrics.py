"""What Prometheus may read about the rooms of this process."""

from functools import cache
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

sockets: Final = Gauge("housefull_sockets", "Open sockets")
rooms: Final = Gauge("housefull_rooms", "Shows somebody is looking at")
boards: Final = Gauge("housefull_boards", "Theatres whose board a screen looks at")
board_frames: Final = Counter("housefull_board_frames", "Frames of boards encoded, each once for all its screens")
devices: Final = Gauge("housefull_devices", "Paired screens that are connected")
frames_written: Final = Counter("housefull_frames_written", "Frames offered to sockets by fan-out")
frames_skipped: Final = Counter("housefull_frames_skipped", "Frames not given to sockets that are behind")
flush_seconds: Final = Histogram(
    "housefull_flush_seconds",
    "From a flush's first write to its last",
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0),
)
resyncs: Final = Counter("housefull_resyncs", "Pictures read, by cause", ["cause"])
_refused: Final = Counter("housefull_messages_refused", "Frames and requests refused, by code", ["code"])
closed: Final = Counter("housefull_sockets_closed", "Sockets closed by the server, by close code", ["code"])


@cache
def refused(code: str) -> Counter:
    """The refusals of one code. Codes are few, and looking one up by its label costs more than counting it."""
    return _refused.labels(code)
