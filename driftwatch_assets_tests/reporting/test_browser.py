"""The pages in a real browser: nothing fails, nothing overflows, tables sort by keyboard."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import pytest

from driftwatch_assets.reporting import (
    BatchReport,
    HistoryEntry,
    IndexEntry,
    OpenAlert,
    Verdict,
    batch_json,
    json_bytes,
    page_name,
    render_batch,
    render_index,
    render_quality,
    render_summary,
)
from driftwatch_assets_tests.chromium import chromium
from driftwatch_assets_tests.reporting.examples import HISTORY, full_report, heatmap
from driftwatch_assets_tests.reporting.task_examples import (
    anomaly_report,
    binary_report,
    empty_report,
    loan_history,
    mixed_heatmap,
    quality_page,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow

INDEX = (
    IndexEntry.of("gas_sensors", HISTORY, title="Gas sensors", links=(("summary", "summary.html"),)),
    IndexEntry.of("loans", loan_history(150, 144), title="Debts whose labels come half a year later"),
    IndexEntry.of(
        "a_model_with_a_long_name_that_does_not_end_soon",
        anomaly_report().history,
        failure="step gold failed: " + "column income is missing; " * 8,
        alerts=(OpenAlert("rate_far_off_the_declared_share", "critical", "2023", detail="0.31 > 0.20"),),
        champion_version=12,
        updated="2026-11-21 12:00 UTC",
    ),
    IndexEntry("new"),
)
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
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
OUTSIDE = """() => {
  const width = document.documentElement.clientWidth;
  return [...document.querySelectorAll("main *")].filter((each) => {
    const box = each.getBoundingClientRect();
    return box.width && (box.right > width + 1 || box.left < -1) && !each.closest(".box, .hidden, svg");
  }).map((each) => each.outerHTML.slice(0, 80));
}"""
OVERLAPS = """() => {
  const found = [];
  for (const svg of document.querySelectorAll("svg[role=img]")) {
    const texts = [...svg.querySelectorAll("text")].map((each) => [each.textContent, each.getBoundingClientRect()])
      .filter(([, box]) => box.width);
    const frame = svg.getBoundingClientRect();
    texts.forEach(([words, box], at) => {
      if (box.left < frame.left - 1 || box.right > frame.right + 1) found.push(`${words} leaves its figure`);
      for (const [other, second] of texts.slice(at + 1)) {
        const across = Math.min(box.right, second.right) - Math.max(box.left, second.left);
        const down = Math.min(box.bottom, second.bottom) - Math.max(box.top, second.top);
        if (across > 1 && down > 5) found.push(`${words} over ${other}`);
      }
    });
  }
  return found;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(ARGUMENTS) as started:
        yield started


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pages side by side, as the lake has them."""
    at = tmp_path_factory.mktemp("reports")
    months = [
        HistoryEntry(
            f"20{23 + n // 12}-{n % 12 + 1:02d}",
            rows=6000,
            champion_trained_through="2022-12",
            accuracy=0.9 - n / 100,
            frozen_accuracy=0.8 - n / 100,
            retrained=n % 5 == 1,
            promoted=n % 10 == 1,
        )
        for n in range(30)
    ]
    reports = {
        "full": full_report(),
        "late": replace(full_report(), performance=None, label_drift=None, within_classes=()),
        "first": BatchReport(model="gas_sensors", batch="1", rows=445, verdict=Verdict(None)),
        "long": replace(
            full_report(),
            model="a_model_with_a_long_name_" * 4,
            batch="2025-06",
            history=tuple(months),
            provenance={"fingerprint": "5f0d1a7c" * 16},
            quarantine={"x" * 200: 3},
        ),
        "binary": binary_report(),
        "anomaly": anomaly_report(),
        "empty": empty_report(),
    }
    for name, report in reports.items():
        (at / f"{name}.html").write_text(render_batch(report), encoding="utf-8")
    (at / page_name("8")).write_text(render_batch(full_report()), encoding="utf-8")
    (at / "batch-8.json").write_bytes(json_bytes(batch_json(full_report())))
    (at / "summary.html").write_text(render_summary("gas_sensors", HISTORY, heatmap()), encoding="utf-8")
    (at / "months.html").write_text(render_summary("loans", months, heatmap(15, 30)), encoding="utf-8")
    years = render_summary("loans", loan_history(150, 144), heatmap(16, 150))
    (at / "years.html").write_text(years, encoding="utf-8")
    mixed = render_summary("loans", loan_history(18, 12), mixed_heatmap())
    (at / "mixed.html").write_text(mixed, encoding="utf-8")
    crashes = render_summary("crashes", anomaly_report().history)
    (at / "rates.html").write_text(crashes, encoding="utf-8")
    (at / "index.html").write_text(render_index(INDEX, links=(("Dagster", "http://127.0.0.1:3000"),)), encoding="utf-8")
    (at / "quality.html").write_text(render_quality(quality_page()), encoding="utf-8")
    return at


PAGES = ("full", "late", "first", "long", "summary", "months")
TASK_PAGES = ("binary", "anomaly", "empty", "quality", "years", "mixed", "rates", "index")
WIDTHS = (1280, 820, 360)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
LAYOUT = {"overflow": OVERFLOW, "outside": OUTSIDE, "overlaps": OVERLAPS}


@pytest.mark.parametrize("name", [*PAGES, *TASK_PAGES])
def test_page_opens_without_error_request_or_overflow_at_every_width(browser: Browser, folder: Path, name: str) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        wrong: list[str] = []
        requests: list[str] = []
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("requestfailed", lambda request: wrong.append(request.url))
        page.on("request", lambda request: requests.append(request.url))
        url = (folder / f"{name}.html").as_uri()
        page.goto(url)
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 900})
                found = {what: page.evaluate(script) for what, script in LAYOUT.items()}
                assert found == {"overflow": 0, "outside": [], "overlaps": []}, f"{scheme}, {width} pixels"
        assert wrong == []
        assert [each for each in requests if not each.startswith("data:")] == [url]


@pytest.fixture
def page(browser: Browser, folder: Path) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    opened.goto((folder / page_name("8")).as_uri())
    yield opened
    context.close()


def column(page: Page, head: str) -> list[str]:
    return page.evaluate(
        """(head) => [...document.querySelectorAll("table.statistics")].flatMap((table) => {
          const at = [...table.tHead.rows[0].cells].findIndex((cell) => cell.textContent.trim() === head);
          return [...table.tBodies[0].rows].map((row) => row.cells[at].dataset.v ?? row.cells[at].textContent.trim());
        })""",
        head,
    )


def test_table_sorts_all_features_by_keyboard(page: Page) -> None:
    before = [float(each) for each in column(page, "KS")]
    button = page.get_by_role("button", name="KS").first
    button.focus()
    page.keyboard.press("Enter")
    assert [float(each) for each in column(page, "KS")] == sorted(before, reverse=True)
    heads = page.locator("table.statistics th[aria-sort]")
    assert [each.get_attribute("aria-sort") for each in heads.all()] == ["descending", "descending"]
    page.keyboard.press("Space")
    assert [float(each) for each in column(page, "KS")] == sorted(before)
    assert heads.first.get_attribute("aria-sort") == "ascending"
    assert page.locator("table.statistics").first.locator("tbody tr").count() == 15
    assert page.evaluate("document.activeElement.textContent") == "KS"


def test_table_sorts_names_by_their_numbers(page: Page) -> None:
    page.get_by_role("button", name="Feature").first.press("Enter")
    assert column(page, "Feature") == sorted(full_report().features)


def test_tab_reaches_the_heads_of_the_table_and_opens_the_rest(page: Page) -> None:
    page.locator("section[aria-labelledby=changed] summary").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Feature"
    page.get_by_text("113 more features").press("Enter")
    assert page.locator("table.statistics").nth(1).is_visible()


def test_summary_leads_to_the_batch_and_back(page: Page, folder: Path) -> None:
    page.get_by_role("link", name="Gas sensors").click()
    assert page.url == (folder / "summary.html").as_uri()
    page.get_by_role("link", name="8").first.click()
    assert page.url == (folder / "batch-8.html").as_uri()


def test_accuracy_is_drawn_for_the_width_of_the_screen(page: Page) -> None:
    wide, narrow = page.locator("svg.wide"), page.locator("svg.narrow")
    assert wide.is_visible()
    assert not narrow.is_visible()
    page.set_viewport_size({"width": 360, "height": 800})
    assert narrow.is_visible()
    assert not wide.is_visible()


@pytest.mark.parametrize("name", TASK_PAGES)
def test_printed_figures_keep_their_words_apart(browser: Browser, folder: Path, name: str) -> None:
    context = browser.new_context(viewport={"width": 690, "height": 1000})
    page = context.new_page()
    page.goto((folder / f"{name}.html").as_uri())
    page.emulate_media(media="print")
    assert page.evaluate(OVERLAPS) == []
    assert page.evaluate(OVERFLOW) == 0
    context.close()


def test_cells_of_a_dense_heatmap_tell_what_they_are_under_the_pointer(browser: Browser, folder: Path) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto((folder / "years.html").as_uri())
    cell = page.locator("table.dense tbody tr").nth(2).locator("td").nth(4)
    assert cell.get_attribute("title") is None
    cell.hover()
    assert (cell.get_attribute("title") or "").startswith("feature_2, batch 5: ")
    context.close()


def test_relations_sort_by_the_size_of_their_change_by_keyboard(browser: Browser, folder: Path) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto((folder / "binary.html").as_uri())
    table = page.locator("section[aria-labelledby=correlation] table")
    table.get_by_role("button", name="p, adjusted").press("Enter")
    assert table.locator("tbody th").all_inner_texts() == ["Interest_Rate", "Credit_Mix", "Occupation", "fe_10_mean"]
    table.get_by_role("button", name="p, adjusted").press("Enter")
    assert table.locator("tbody th").all_inner_texts() == ["Occupation", "Credit_Mix", "Interest_Rate", "fe_10_mean"]
    context.close()


def test_printed_page_keeps_to_light_colours_and_leaves_closed_parts_out(browser: Browser, folder: Path) -> None:
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    page.goto((folder / page_name("8")).as_uri())
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.querySelector('details')).display") == "none"
    assert page.pdf().startswith(b"%PDF")
    context.close()


def test_models_sort_by_keyboard_and_become_cards_in_a_narrow_window(browser: Browser, folder: Path) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto((folder / "index.html").as_uri())
    names = page.locator("table.models tbody th")
    before = [each.get_attribute("data-v") for each in names.all()]
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Model"
    page.keyboard.press("Enter")
    after = [each.get_attribute("data-v") for each in names.all()]
    assert after != before
    assert after == sorted(filter(None, before), key=str.casefold)
    page.set_viewport_size({"width": 360, "height": 800})
    cells = page.locator("table.models tbody tr").first.locator("td")
    tops = [each.bounding_box()["y"] for each in cells.all()]  # type: ignore[index]  # all are shown
    assert tops == sorted(set(tops))
    assert page.locator("table.models").get_by_role("cell").count() == 7 * len(INDEX)
    alerts = sum(len(entry.alerts) for entry in INDEX)
    assert page.locator("table.alerts").get_by_role("cell").count() == 5 * alerts > 0
    context.close()
