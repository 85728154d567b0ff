"""Runs the installed Chromium or Chrome, for the tests and the screenshots."""

import contextlib
import os
import shutil
from collections.abc import Iterator

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: Load only the requested pages: no updates, no background requests.
QUIET = ("--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run")


def chromium_path() -> str | None:
    """Return the path of Chromium or Chrome, or None if neither is installed."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def arguments() -> list[str]:
    """Return the command-line arguments with which Chromium runs here."""
    return [*QUIET] if os.name == "nt" or os.geteuid() else [*QUIET, "--no-sandbox"]  # root has no sandbox


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Run Chromium without a window until the block ends.

    Raises:
        playwright.sync_api.Error: if Chromium is not installed or does not start.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=arguments())
        yield browser
        browser.close()
