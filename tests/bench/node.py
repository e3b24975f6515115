"""The Node peers: whether they can run here, and their packages, installed from the lock file on first use."""

import fcntl
import json
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

FOLDER: Final = Path(__file__).parent / "peers" / "node"
MAJOR_MIN: Final = 20
INSTALL_SECONDS_MAX: Final = 90.0
# npm writes this beside what it has installed, whole.
INSTALLED: Final = FOLDER / "node_modules" / ".package-lock.json"


class Node(NamedTuple):
    """Node as it is here. `missing` says why the peers cannot run, and what to do; empty: they can."""

    program: str
    version: str
    missing: str = ""


@cache
def find_node() -> Node:
    """Look for node and npm on PATH; with them, install what the peers need unless that has been done.

    Never raises: what is wrong is said in `missing`.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return _missing(f"there is no {'node' if node is None else 'npm'} on PATH")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if major_of(version) < MAJOR_MIN:
        return _missing(f"{node} is {version}")
    with (FOLDER / "package-lock.json").open() as lock:
        # Test processes come here at once; npm ci begins by removing what another has just installed.
        fcntl.flock(lock, fcntl.LOCK_EX)
        complaint = "" if is_installed() else _install(npm)
    return _missing(complaint) if complaint else Node(node, version)


def _install(npm: str) -> str:
    """Install what the lock file names; why that failed, nothing when it did not."""
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=True, timeout=INSTALL_SECONDS_MAX)
    except subprocess.CalledProcessError as error:
        return f"npm ci failed:\n{error.stderr.strip()[-600:]}\n"
    except subprocess.TimeoutExpired:
        return f"npm ci was not done after {INSTALL_SECONDS_MAX:.0f} s"
    return ""


def is_installed() -> bool:
    """Whether the packages are there, and not older than the lock file."""
    lock = FOLDER / "package-lock.json"
    return INSTALLED.is_file() and INSTALLED.stat().st_mtime >= lock.stat().st_mtime


def major_of(version: str) -> int:
    """`v20.1.0` → 20; 0 of what is no version."""
    match = re.match(r"v(\d+)\.", version)
    return int(match[1]) if match else 0


def package_versions() -> dict[str, str]:
    """The peers' own packages and their versions, as package.json pins them."""
    pinned: dict[str, str] = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))["dependencies"]
    return pinned


def _missing(reason: str) -> Node:
    how = f"install Node {MAJOR_MIN} or newer with npm, and have it reach its registry"
    return Node("", "", f"THE NODE PEERS ARE LEFT OUT: {reason}. To have socket.io and ws in the run, {how}.")
