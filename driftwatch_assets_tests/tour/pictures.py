"""The pictures of the README and the tour: which page each shows, and how it is taken."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from PIL import Image
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playwright.sync_api import Browser, Page

LARGEST_BYTES = 200_000
ALL_BYTES = 1_500_000
COLOURS = 256
PATIENCE_MILLISECONDS = 120_000
_LOOK_MILLISECONDS = 1500
_LOOKS = 30
_NAVIGATION = 240
_OWN_PATHS = """(folder) => { for (const row of document.querySelectorAll("tr"))
  if (row.innerText.includes(folder)) row.remove(); }"""
_RED_PIXELS = 5000


@dataclass(frozen=True)
class Picture:
    """A page and what stands on it.

    Attributes
    ----------
    server
        Dagster's webserver, or the service.
    path
        The page's path and query.
    texts
        What must be seen before the picture is taken.
    width, height
        Of the window, in pixels.
    navigation
        Whether Dagster's bar on the left is in the picture.
    red
        Whether something failed must be seen first.
    """

    server: Literal["dagster", "service"]
    path: str
    texts: tuple[str, ...]
    width: int = 1240
    height: int = 760
    navigation: bool = False
    red: bool = False


def _partition(asset: str, batch: str, *texts: str, height: int = 760) -> Picture:
    return Picture("dagster", f"/assets/{asset}?view=partitions&partition={batch}", (batch, *texts), height=height)


def _check(asset: str, check: str, *texts: str, height: int = 760) -> Picture:
    path = f"/assets/{asset}?view=checks&checkDetail={check}"
    return Picture("dagster", path, (check, "Latest execution", *texts), height=height)


PICTURES: Mapping[str, Picture] = {
    "index": Picture("service", "/", ("Gas sensors", "Loan default", "Open alerts"), height=960),
    "lineage": Picture(
        "dagster",
        "/locations/driftwatch_assets/asset-groups/gas_sensors/lineage",
        ("features", "served", "monitoring", "dashboard"),
        width=1900,
        height=800,
        navigation=True,
        red=True,
    ),
    "bronze": _partition("gas_sensors/bronze/readings", "9", "source_fingerprint", height=700),
    "silver": _partition("gas_sensors/silver/readings", "9", "quarantined_rows"),
    "gold": _check("loan_eligibility/gold/features", "label_leak", height=640),
    "predictions": _partition("gas_sensors/predictions", "9", "mean_confidence"),
    "drift": _check("gas_sensors/drift", "data_drift", "features drifted"),
    "performance": _check("iris/performance", "performance", "below the expected"),
    "report": Picture("service", "/gas_sensors/reports/batch-9.html", ("What changed",), height=1000),
    "dashboard": Picture("service", "/loan_eligibility/reports/batch-2015-05-18-dashboard.png", (), height=760),
    "monitoring": _partition("gas_sensors/monitoring", "9", "failing_rules", height=560),
    "model": _partition("gas_sensors/model", "9", "decision"),
    "served": _check("iris/served", "performance", "below the expected"),
}


def taken(browser: Browser, picture: Picture, servers: Mapping[str, str], folder: str) -> bytes:
    """Open the page, wait for what must stand on it, and give its picture as a small PNG.

    Rows that name the folder of the machine on which the picture is taken are no part of it.
    """
    page = browser.new_page(viewport={"width": picture.width, "height": picture.height})
    try:
        page.set_default_timeout(PATIENCE_MILLISECONDS)
        page.goto(f"{servers[picture.server]}{picture.path}")
        for text in picture.texts:
            expect(page.get_by_text(text).first).to_be_visible(timeout=PATIENCE_MILLISECONDS)
        return small(_at_rest(page, picture, folder))
    finally:
        page.close()


def _at_rest(page: Page, picture: Picture, folder: str) -> bytes:
    """Look until a page does not change any more."""
    seen = b""
    for _ in range(_LOOKS):
        page.evaluate(_OWN_PATHS, folder)
        before, seen = seen, _shot(page, picture)
        if seen == before and not (picture.red and _red_pixels(seen) < _RED_PIXELS):
            break
        page.wait_for_timeout(_LOOK_MILLISECONDS)
    return seen


def _shot(page: Page, picture: Picture) -> bytes:
    if picture.path.endswith(".png"):
        return page.locator("img").screenshot()
    if picture.server == "service" or picture.navigation:
        return page.screenshot()
    width, height = picture.width - _NAVIGATION, picture.height
    return page.screenshot(clip={"x": _NAVIGATION, "y": 0, "width": width, "height": height})


def _red_pixels(png: bytes) -> int:
    with Image.open(io.BytesIO(png)) as opened:
        red, green, blue = (np.asarray(band, dtype=int) for band in opened.convert("RGB").split())
    return int(((red > 230) & (red - green > 10) & (red - blue > 10)).sum())


def small(png: bytes) -> bytes:
    """Give a picture with few colours, which pages of text and lines do with."""
    with Image.open(io.BytesIO(png)) as opened:
        reduced = opened.convert("RGB").quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    written = io.BytesIO()
    reduced.save(written, "PNG", optimize=True)
    return written.getvalue()
