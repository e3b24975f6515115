"""Where the system's Chromium is and how it is started: for tests in a browser and for pictures of the pages."""

import shutil
from pathlib import Path

CHROMIUM_PLACES = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
# The last word on features counts, so those that Playwright switches off for pages to behave are said again. The
# others are lists below an address bar that nobody sees: each window draws them in a process of its own, which took
# two thirds of what a window costs.
FEATURES_OFF = (
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxFullPopup",
    "WebUIOmniboxPopup",
)
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(FEATURES_OFF)}",
]


def chromium_path() -> str | None:
    """Where the system's Chromium is, or None."""
    on_path = shutil.which("chromium") or shutil.which("google-chrome")
    return next((place for place in CHROMIUM_PLACES if Path(place).is_file()), on_path)
