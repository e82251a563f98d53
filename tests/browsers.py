"""The browser that tests look at pages with; a plugin, so that the proof of a lesson does not depend on it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from workshop.slides.browser import chromium, running


@pytest.fixture(scope="module")
def browser(needs) -> Iterator[Browser]:
    """A chromium."""
    found = chromium()
    needs(found, "chromium")
    with running(found) as started:
        yield started
