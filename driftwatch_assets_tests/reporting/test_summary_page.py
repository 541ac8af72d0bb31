from __future__ import annotations

import re

import pandas as pd
import pytest

from driftwatch_assets.reporting import Heatmap, HistoryEntry, ReportContentError, render_summary, retraining_gains
from driftwatch_assets.reporting.wording import NOTHING
from driftwatch_assets_tests.reporting.examples import HISTORY, heatmap
from driftwatch_assets_tests.reporting.page import read_page, section, words


def test_headline_counts_the_batches_with_drift() -> None:
    page = read_page(render_summary("gas_sensors", HISTORY, heatmap(), title="Gas sensors"))
    assert words(page.one("h1")) == "Gas sensors: drift in 2 of 2 compared batches"
    header = words(page.one("header"))
    assert "Mean accuracy over 2 scored batches is 0.861" in header
    assert "would have reached 0.821" in header
    assert "2 retrainings, of which 1 promoted a new champion." in header


def test_every_batch_links_to_its_page() -> None:
    page = read_page(render_summary("gas_sensors", [*HISTORY, {"batch": "2023-10/a b"}]))
    links = [each.attributes["href"] for each in section(page, "batches").all("a")]
    assert links == ["batch-5.html", "batch-6.html", "batch-7.html", "batch-8.html", "batch-2023-10_2f_a_20_b.html"]


def test_table_tells_champion_accuracy_and_what_happened_after() -> None:
    rows = section(read_page(render_summary("gas_sensors", HISTORY)), "batches").one("tbody").all("tr")
    assert [words(cell) for cell in rows[2].all("td")] == [
        "3,613",
        "through 6",
        "0.792",
        "0.780",
        "0.792",
        "126",
        "drift, high",
        "retrained, promoted",
    ]
    assert [words(cell) for cell in rows[0].all("td")] == [
        "197",
        NOTHING,
        NOTHING,
        NOTHING,
        NOTHING,
        NOTHING,
        "no verdict",
        NOTHING,
    ]
    assert words(rows[1].all("td")[-1]) == "first champion trained"


def test_gain_is_measured_on_the_next_batch_and_not_on_the_one_that_raised_the_alarm() -> None:
    gains = retraining_gains([HistoryEntry.of(each) for each in HISTORY])
    assert [(gain.trained_through, gain.batch) for gain in gains] == [("7", "8"), ("8", None)]
    assert gains[0].over_previous == pytest.approx(0.089)
    assert gains[0].over_frozen == pytest.approx(0.079)
    rows = section(read_page(render_summary("gas_sensors", HISTORY)), "gains").one("tbody").all("tr")
    assert "+0.089" in words(rows[0])
    assert "the challenger was refused; the champion stayed" in words(rows[1])


def test_gain_waits_until_a_batch_was_scored_by_the_new_champion() -> None:
    (gain,) = retraining_gains(
        [HistoryEntry("9", champion_trained_through="8", accuracy=0.7, retrained=True, promoted=True)]
    )
    assert gain.batch is None
    assert gain.note == "no batch has been scored by it yet"


def test_champion_before_that_was_not_measured_leaves_a_dash() -> None:
    history = [dict(each) for each in HISTORY]
    del history[3]["previous_accuracy"]
    row = section(read_page(render_summary("gas_sensors", history)), "gains").one("tbody").all("tr")[0]
    assert [words(cell) for cell in row.all("td")][3:5] == [NOTHING, NOTHING]


def test_heatmap_has_every_feature_and_batch_with_its_value_and_mark() -> None:
    given = heatmap()
    heat = section(read_page(render_summary("gas_sensors", HISTORY, given)), "heat")
    cells = [cell for table in heat.all("table") for cell in table.one("tbody").all("td")]
    assert len(heat.all("table")) == 2
    assert len(cells) == 128 * 10
    marked = [cell for cell in cells if " d" in (cell.attributes["class"] or "")]
    assert len(marked) == int(given.drifted.to_numpy().sum())
    assert all(words(cell).endswith("drifted") for cell in marked)
    assert cells[0].attributes == {"class": "hx", "title": "feature_0, batch 1: not compared"}
    value = given.cells.iloc[0, 1]
    assert cells[1].attributes["title"].startswith(f"feature_0, batch 2: {value:.3f}")


def test_heatmap_colour_follows_the_scale_that_is_shown() -> None:
    cells = pd.DataFrame(
        [[0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, float("inf")]], index=["x"], columns=list("abcdefghi")
    )
    page = read_page(render_summary("m", [], Heatmap("psi", cells, cells > 5)))
    heat = section(page, "heat")
    assert [cell.attributes["class"] for cell in heat.one("tbody").all("td")] == [
        *(f"h{level}" for level in range(8)),
        "h7 d",
    ]
    assert [words(each) for each in heat.one("ol").all("li")] == ["0", "0.05", "0.1", "0.2", "0.3", "0.5", "1", "2"]


def test_a_heatmap_that_is_too_large_says_what_is_left_out() -> None:
    html = render_summary("m", [], heatmap(features=300, batches=400))
    heat = section(read_page(html), "heat")
    assert "Of 300 features the 256 that moved most are shown." in words(heat)
    assert "Of 400 batches the newest 9 are shown." in words(heat)
    assert len(html.encode()) < 1_000_000


def test_summary_of_no_batch_says_so() -> None:
    page = read_page(render_summary("gas_sensors", []))
    assert "No batch has been reported yet." in words(page)
    assert words(page.one("h1")) == "gas_sensors: 0 batches, none compared yet"


def test_summary_escapes_names_and_asks_for_nothing_outside() -> None:
    hostile = "<script>alert(1)</script>"
    cells = pd.DataFrame([[0.5]], index=[hostile], columns=[hostile])
    html = render_summary(
        hostile,
        [{"batch": hostile, "severity": hostile, "drift_detected": True}],
        Heatmap("psi", cells, cells > 0),
        title=hostile,
    )
    assert "<script>alert" not in html
    assert len(read_page(html).all("script")) == 1
    assert not re.search(r"https?:|@import|url\(", html)


def test_a_misspelt_field_is_named_with_the_nearest_valid_one() -> None:
    with pytest.raises(
        ReportContentError, match="'frozen_acuracy', which no entry has; did you mean 'frozen_accuracy'"
    ):
        render_summary("gas_sensors", [{"batch": "7", "frozen_acuracy": 0.6}])


def test_a_record_without_a_batch_is_refused() -> None:
    with pytest.raises(ReportContentError, match="names no batch: it has rows"):
        render_summary("gas_sensors", [{"rows": 6}])


def test_summary_is_small_and_the_same_twice() -> None:
    first = render_summary("gas_sensors", HISTORY, heatmap())
    assert first == render_summary("gas_sensors", HISTORY, heatmap())
    assert len(first.encode()) < 400_000
