"""The Chromium of this machine, for tests that look at pages."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playwright.sync_api import Browser

_NAMES = ("chromium", "chromium-browser", "google-chrome")


@contextmanager
def chromium(arguments: Sequence[str]) -> Iterator[Browser]:
    """Give a started browser, or skip where there is none."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None:
        pytest.skip("there is no Chromium on this machine (set CHROMIUM to its path)")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=list(arguments))
        yield started
        started.close()
