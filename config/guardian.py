"""Processes that must not outlive their owner, started through a guardian process.

Owns the conversation with `guardian_process.py`; knows nothing of what the processes are. The guardian lives in
a session of its own, so a Ctrl-C in the terminal reaches the owner only, who then decides the order of stopping.
"""

# ruff: noqa: S603  (every command run here is the house's own)

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

REPLY_BYTES_MAX = 65536


class ProcessRefused(Exception):
    """A process could not be started; the text is the system's reason."""


class Guardian:
    """Starts processes that end when this process ends, however it ends."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket, theirs = socket.socketpair()
        script = Path(__file__).with_name("guardian_process.py")
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(script), str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
                cwd="/",
            )

    @property
    def pid(self) -> int:
        """The guardian's own process id."""
        return self._process.pid

    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        output: int,
        exit_notice: int | None = None,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        identity: tuple[int, int] | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        grace_seconds: float = 10.0,
    ) -> int:
        """Start a process under this name and return its pid.

        Its output goes to the descriptor `output`; `exit_notice`, the writing end of a pipe, is closed when it
        ends. `identity` is the (uid, gid) to run under. Raises ProcessRefused.
        """
        request = {
            "do": "start",
            "name": name,
            "command": list(command),
            "environment": dict(os.environ if environment is None else environment),
            "folder": None if folder is None else str(folder),
            "user": None if identity is None else identity[0],
            "group": None if identity is None else identity[1],
            "stop_signal": int(stop_signal),
            "grace_seconds": grace_seconds,
        }
        reply = self._ask(request, [output] if exit_notice is None else [output, exit_notice])
        if "error" in reply:
            raise ProcessRefused(f"{command[0]}: {reply['error']}")
        return int(reply["pid"])

    def stop(self, *names: str, with_signal: signal.Signals | None = None) -> None:
        """Stop these together and return once they have ended; past their grace they are killed."""
        self._ask({"do": "stop", "names": names, "signal": with_signal and int(with_signal)})

    def exit_status(self, name: str) -> int | None:
        """How the process of this name ended (negative: by that signal); None while it runs."""
        status: int | None = self._ask({"do": "status"})["exit"].get(name)
        return status

    def remove_at_end(self, folder: Path) -> None:
        """Have this folder removed after the last process has ended."""
        self._ask({"do": "remove_at_end", "folder": str(folder)})

    def close(self) -> None:
        """Stop everything and wait for the guardian to leave. May be called again."""
        with self._lock:
            self._socket.close()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, request: Mapping[str, Any], descriptors: Sequence[int] = ()) -> dict[str, Any]:
        data = json.dumps(request).encode() + b"\n"
        with self._lock:
            # The descriptors travel with the first byte; the rest may need more than one send.
            sent = socket.send_fds(self._socket, [data], descriptors) if descriptors else 0
            self._socket.sendall(data[sent:])
            reply = b""
            while not reply.endswith(b"\n"):
                part = self._socket.recv(REPLY_BYTES_MAX)
                if not part:
                    raise ProcessRefused("the guardian process is gone")
                reply += part
        answer: dict[str, Any] = json.loads(reply)
        return answer
