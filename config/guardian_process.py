"""The process that outlives its owner by a moment: it starts his processes and stops them when he is gone.

Run as a script with the number of an inherited socket. It owns every process it starts; when the socket ends
(its owner left, even by SIGKILL) it stops them and removes the folders named to it, then leaves.
It decides nothing: what to run and when is said by `config/guardian.py`. Standard library only, as it runs
without the virtual environment's packages.
"""

# ruff: noqa: S603  (every command run here is the house's own)

import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

# How often to look whether the owner is still our parent: a fork of his may keep the socket open after him.
OWNER_CHECK_SECONDS = 1.0
REQUEST_BYTES_MAX = 65536
FILE_DESCRIPTORS_MAX = 2


@dataclass(slots=True)
class Child:
    """One process in a session of its own, and how to end it."""

    process: subprocess.Popen[bytes]
    stop_signal: int
    grace_seconds: float
    # Closed when the child has ended, so that the owner can wait for that as for any file.
    exit_notice: int | None

    def signal_group(self, number: int) -> None:
        """Signal whatever is left of the child's session, also when its leader has ended."""
        try:
            os.killpg(self.process.pid, number)
        except (ProcessLookupError, PermissionError):
            return  # Nothing left; macOS says EPERM for a group of zombies.


class GuardianProcess:
    """Answers one request at a time and reaps in between."""

    def __init__(self, owner: socket.socket) -> None:
        self._owner = owner
        self._owner_pid = os.getppid()
        self._children: dict[str, Child] = {}
        self._folders: list[str] = []

    def run(self) -> None:
        """Serve until the owner is gone, then leave nothing behind."""
        ended, end = socket.socketpair()
        end.setblocking(False)  # noqa: FBT003  (a required positional)
        signal.set_wakeup_fd(end.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # Only the end of the owner ends the guardian. Not SIG_IGN, which the children would inherit.
            signal.signal(number, lambda *_: None)
        selector = selectors.DefaultSelector()
        selector.register(self._owner, selectors.EVENT_READ)
        selector.register(ended, selectors.EVENT_READ)
        while os.getppid() == self._owner_pid:
            ready = [key.fileobj for key, _ in selector.select(OWNER_CHECK_SECONDS)]
            if ended in ready:
                ended.recv(REQUEST_BYTES_MAX)
                self._tell_ends()
            if self._owner in ready and not self._serve_one():
                break
        self._stop(list(self._children))
        for folder in self._folders:
            shutil.rmtree(folder, ignore_errors=True)

    def _serve_one(self) -> bool:
        data, descriptors = b"", list[int]()
        while not data.endswith(b"\n"):
            try:
                part, received, _, _ = socket.recv_fds(self._owner, REQUEST_BYTES_MAX, FILE_DESCRIPTORS_MAX)
            except ConnectionError:
                return False
            if not part:
                return False
            data += part
            descriptors += received
        reply = json.dumps(self._answer(json.loads(data), descriptors)).encode()
        try:
            self._owner.sendall(reply + b"\n")
        except ConnectionError:
            return False
        return True

    def _answer(self, request: dict[str, Any], descriptors: list[int]) -> dict[str, Any]:
        match request["do"]:
            case "start":
                return self._start(request, descriptors)
            case "stop":
                self._stop(request["names"], request.get("signal"))
            case "remove_at_end":
                self._folders.append(request["folder"])
            case "status":
                pass
        return {"exit": {name: child.process.poll() for name, child in self._children.items()}}

    def _start(self, request: dict[str, Any], descriptors: list[int]) -> dict[str, Any]:
        output, notice = descriptors[0], descriptors[1] if len(descriptors) > 1 else None
        identity: dict[str, Any] = {}
        if request["user"] is not None:
            identity = {"user": request["user"], "group": request["group"], "extra_groups": []}
        try:
            process = subprocess.Popen(
                request["command"],
                env=request["environment"],
                cwd=request["folder"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                **identity,
            )
        except (OSError, subprocess.SubprocessError) as reason:
            if notice is not None:
                os.close(notice)
            return {"error": str(reason)}
        finally:
            os.close(output)
        self._children[request["name"]] = Child(
            process, request["stop_signal"], request["grace_seconds"], exit_notice=notice
        )
        return {"pid": process.pid}

    def _stop(self, names: list[str], number: int | None = None) -> None:
        """Signal all of them, wait for each within its grace, then kill what is left."""
        children = [self._children[name] for name in names if name in self._children]
        for child in children:
            if child.process.poll() is None:
                child.process.send_signal(number or child.stop_signal)
                child.process.send_signal(signal.SIGCONT)  # A paused process would never see the signal.
        began = time.monotonic()
        for child in children:
            try:
                child.process.wait(max(0.0, began + child.grace_seconds - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
            child.signal_group(signal.SIGKILL)
        self._tell_ends()

    def _tell_ends(self) -> None:
        for child in self._children.values():
            if child.exit_notice is not None and child.process.poll() is not None:
                os.close(child.exit_notice)
                child.exit_notice = None


if __name__ == "__main__":
    GuardianProcess(socket.socket(fileno=int(sys.argv[1]))).run()
