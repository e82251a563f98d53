"""A browser that prints, without a window."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from workshop.doctor import BROWSERS


def chromium() -> str | None:
    """A browser that prints: chromium or Chrome of the machine, or playwright's own; None if there is none."""
    if found := next(filter(None, map(shutil.which, BROWSERS)), None):
        return found
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


@contextmanager
def running(browser: str) -> Iterator[Browser]:
    """Start what `chromium` found, without a window, and close it afterwards."""
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0  # for whom chromium has no sandbox
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"] if is_root else [])
        try:
            yield started
        finally:
            started.close()
