"""Where the system's Chromium is and how it is started: for tests in a browser and for pictures of the pages."""

import shutil
from pathlib import Path

CHROMIUM_PLACES = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium_path() -> str | None:
    """Where the system's Chromium is, or None."""
    on_path = shutil.which("chromium") or shutil.which("google-chrome")
    return next((place for place in CHROMIUM_PLACES if Path(place).is_file()), on_path)
