"""What a person sees of the live system in a browser."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, expect

from driftwatch_assets_tests.chromium import chromium
from driftwatch_assets_tests.end_to_end.live import INITIAL, MODEL, LiveSystem
from driftwatch_assets_tests.end_to_end.stages import MARKS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import ConsoleMessage, Request

    from driftwatch_assets_tests.end_to_end.stages import Arrived

pytestmark = MARKS

ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDE = {"width": 1500, "height": 1000}
WIDE_ENOUGH_FOR_DETAILS = {"width": 3000, "height": 1200}
PATIENCE_MILLISECONDS = 300_000


@dataclass
class Window:
    """A page with what went wrong on it and what it asked of other hosts."""

    page: Page
    errors: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def note(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def check(self, request: Request) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            self.outside.append(request.url)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(ARGUMENTS) as started:
        yield started


@pytest.fixture
def window(browser: Browser) -> Iterator[Window]:
    page = browser.new_page(viewport=WIDE)
    page.set_default_timeout(PATIENCE_MILLISECONDS)
    opened = Window(page)
    page.on("console", opened.note)
    page.on("pageerror", lambda error: opened.errors.append(str(error)))
    page.on("request", opened.check)
    yield opened
    page.close()
    assert opened.outside == []


@pytest.fixture(scope="module")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    wanted = os.environ.get("DRIFTWATCH_SCREENSHOTS")
    folder = Path(wanted) if wanted else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _seen(page: Page, *texts: str | re.Pattern[str]) -> None:
    for text in texts:
        expect(page.get_by_text(text).first).to_be_visible(timeout=PATIENCE_MILLISECONDS)


def test_the_lineage_shows_every_asset_and_the_failed_checks(
    live: LiveSystem, seventh: Arrived, window: Window, screenshots: Path
) -> None:
    page = window.page
    page.set_viewport_size(WIDE_ENOUGH_FOR_DETAILS)
    page.goto(f"{live.at.url}/locations/driftwatch_assets/asset-groups/{MODEL}/lineage")
    _seen(page, "features", "predictions", "drift", "performance", "report", "model", "Bronze", "Silver", "Gold")
    expect(page.get_by_text("readings", exact=True)).to_have_count(2, timeout=PATIENCE_MILLISECONDS)
    _seen(page, re.compile(r"[01] / 3 Passed"))
    page.screenshot(path=screenshots / "lineage.png")


def test_the_checks_of_a_batch_are_named_with_their_reason(
    live: LiveSystem, seventh: Arrived, window: Window, screenshots: Path
) -> None:
    drift = _evidence(live, seventh.batch)
    page = window.page
    page.goto(f"{live.at.url}/assets/{MODEL}/drift?view=checks&checkDetail=data_drift")
    _seen(page, "data_drift", "label_drift", "prediction_drift")
    page.get_by_text("Partitions", exact=True).last.click()
    page.get_by_text(seventh.batch, exact=True).first.click()
    _seen(page, str(drift["reason"]), "Target materialization")
    expect(page.get_by_text("Failed", exact=True)).not_to_have_count(0)
    page.screenshot(path=screenshots / "checks.png")


def test_the_report_opens_from_the_asset_and_says_the_verdict(
    live: LiveSystem, seventh: Arrived, window: Window, browser: Browser, screenshots: Path
) -> None:
    drift = _evidence(live, seventh.batch)
    page = window.page
    page.goto(f"{live.at.url}/assets/{MODEL}/report?view=partitions&partition={seventh.batch}")
    link = page.get_by_role("link", name=f"{live.at.reports_url}/{MODEL}/reports/batch-{seventh.batch}.html").first
    address = link.get_attribute("href")
    page.screenshot(path=screenshots / "report-asset.png")
    assert address is not None

    window.errors.clear()
    page.goto(address)
    headline = page.locator("h1").inner_text()
    assert headline == f"Drift of {drift['severity']} severity in {len(drift['drifted_features'])} of 128 features"
    _seen(page, str(drift["reason"]))
    expect(page.get_by_role("row", name=re.compile(r"duplicate of another line\s*2"))).to_be_visible()
    page.screenshot(path=screenshots / "report.png", full_page=True)
    assert window.errors == []


def test_the_summary_lists_every_batch_and_links_to_its_page(
    live: LiveSystem, seventh: Arrived, window: Window, screenshots: Path
) -> None:
    page = window.page
    page.goto(live.at.reports_url)
    page.get_by_role("link", name="Gas sensors").click()
    for batch in (*INITIAL, seventh.batch):
        expect(page.get_by_role("link", name=batch, exact=True).first).to_be_visible()
    page.screenshot(path=screenshots / "summary.png", full_page=True)
    page.get_by_role("link", name=seventh.batch, exact=True).first.click()
    expect(page).to_have_url(re.compile(rf"/batch-{seventh.batch}\.html$"))
    assert window.errors == []


def _evidence(live: LiveSystem, batch: str) -> dict[str, object]:
    content = live.watched.lake.read_file(live.watched.tables.evidence(batch, "drift"))
    found: dict[str, object] = json.loads(content)["data_drift"]
    return found
