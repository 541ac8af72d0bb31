from __future__ import annotations

import pytest

from driftwatch_assets.reporting import IndexEntry, OpenAlert, ReportContentError, render_index
from driftwatch_assets.reporting.wording import NOTHING
from driftwatch_assets_tests.reporting.examples import HISTORY
from driftwatch_assets_tests.reporting.page import Element, read_page, section, words

ENTRIES = (
    IndexEntry("steady", "Steady model", batch="7", metric="auc", value=0.8123, drift_detected=False),
    IndexEntry("new"),
    IndexEntry("drifted", batch="7", drift_detected=True, severity="high", drifted_features=3),
    IndexEntry("worse", batch="7", metric="auc", value=0.61, degraded=True, drift_detected=False),
    IndexEntry("waiting", batch="7", alerts=(OpenAlert("auc_low", "medium", "6"),)),
    IndexEntry("taken", batch="7", alerts=(OpenAlert("auc_low", "critical", "6", acknowledged=True),)),
    IndexEntry("broken", batch="7", failure="step gold failed: column income is missing"),
    IndexEntry("burning", batch="7", alerts=(OpenAlert("auc_low", "high"), OpenAlert("drift_share", "low"))),
    IndexEntry("worst", batch="7", alerts=(OpenAlert("auc_low", "critical"),)),
)


def rows(page: Element) -> list[Element]:
    return section(page, "models").one("tbody").all("tr")


def test_what_needs_a_person_stands_first() -> None:
    page = read_page(render_index(ENTRIES))
    names = [row.one("th").attributes["data-v"] for row in rows(page)]
    assert names == ["broken", "worst", "burning", "waiting", "taken", "worse", "drifted", "Steady model", "new"]
    assert [row.attributes["class"] for row in rows(page)] == ["act"] * 3 + ["look"] * 4 + ["fine", "idle"]


def test_headline_counts_what_needs_attention() -> None:
    header = words(read_page(render_index(ENTRIES)).one("header"))
    assert "3 of 9 models need attention" in header
    assert "The newest run of 1 model failed. 5 alerts are open, 1 of them acknowledged." in header
    assert "The newest batch of 1 model drifted." in header
    assert "1 of 1 model needs attention" in render_index([ENTRIES[-1]])
    quiet = words(read_page(render_index(ENTRIES[:1])).one("header"))
    assert "No model needs attention: 1 model monitored No alert is open." in quiet


def test_state_is_told_in_words() -> None:
    states = [words(row.all("td", **{"data-head": "State"})[0]) for row in rows(read_page(render_index(ENTRIES)))]
    assert states == [
        "run failed",
        "critical alert",
        "high alert",
        "medium alert",
        "alert acknowledged",
        "performance degraded",
        "drift",
        "in order",
        "no batch yet",
    ]


def test_entry_reads_the_history_of_a_model() -> None:
    entry = IndexEntry.of("gas_sensors", HISTORY, title="Gas sensors", champion_version=4)
    assert (entry.batch, entry.batches, entry.value_batch) == ("8", 4, "8")
    assert (entry.retrainings, entry.promotions, entry.champion_trained_through) == (2, 1, "7")
    assert entry.trend == (None, None, HISTORY[2]["accuracy"], HISTORY[3]["accuracy"])
    cells = {cell.attributes["data-head"]: words(cell) for cell in rows(read_page(render_index([entry])))[0].all("td")}
    assert cells["Champion"] == "version 4 through 7"
    assert cells["Retrainings"] == "2 1 promoted"


def test_labels_that_come_late_leave_the_metric_of_the_batch_that_has_them() -> None:
    told = [
        {"batch": "1", "promoted": True, "metric": "auc"},
        {"batch": "2", "metric": "auc", "value": 0.78, "champion_trained_through": "1"},
        {"batch": "3", "metric": "auc", "champion_trained_through": "1"},
    ]
    row = rows(read_page(render_index([IndexEntry.of("loans", told)])))[0]
    assert words(row.all("td", **{"data-head": "AUC"})[0]) == "0.780 batch 2"
    assert row.all("svg", role="img") == []
    unknown = rows(read_page(render_index([IndexEntry.of("loans", told[::2])])))[0]
    assert words(unknown.all("td", **{"data-head": "AUC"})[0]) == f"{NOTHING} not known yet"


def test_rate_of_anomalies_stands_beside_the_declared_one() -> None:
    told = [
        {"batch": str(year), "metric": "anomaly_rate", "anomaly_rate": rate, "contamination": 0.1}
        for year, rate in ((2021, 0.12), (2022, None), (2023, 0.09))
    ]
    row = rows(read_page(render_index([IndexEntry.of("crashes", told)])))[0]
    cell = row.all("td", **{"data-head": "Anomaly rate"})[0]
    assert "9.0 %" in words(cell)
    assert "declared 10.0 %" in words(cell)
    trend = cell.one("svg", role="img")
    assert trend.attributes["aria-label"] == "Anomaly rate of 2 batches, 9.0 % to 12.0 %"
    assert trend.all("path") == []
    assert len(trend.all("circle")) == 3


def test_one_steady_metric_is_drawn_as_a_level_line() -> None:
    told = [{"batch": str(at), "accuracy": 0.9} for at in range(300)]
    trend = rows(read_page(render_index([IndexEntry.of("m", told)])))[0].one("svg", role="img")
    heights = {point.split(",")[1] for point in (trend.one("path").attributes["d"] or "").lstrip("M").split("L")}
    assert heights == {"15.0"}


def test_alerts_and_failures_are_listed_with_what_was_found() -> None:
    alert = OpenAlert("auc_low", "high", "2024-05", detail="auc 0.61 < 0.70")
    page = read_page(render_index([IndexEntry("loans", "Loans", batch="2024-05", alerts=(alert,)), ENTRIES[6]]))
    told = [words(cell) for cell in section(page, "alerts").one("tbody").all("td")]
    assert told == ["high", "auc_low", "2024-05", "auc 0.61 < 0.70", "open"]
    assert "column income is missing" in words(section(page, "failures"))


def test_names_lead_to_the_pages_and_nothing_is_markup() -> None:
    entry = IndexEntry(
        "a<b>", "Title & <i>", batch="<u>", links=(("summary", "/a/reports/summary.html"), ("newest batch", "/a/b?c&d"))
    )
    text = render_index([entry], note="<script>", links=(("Dagster", "http://127.0.0.1:3000"),))
    page = read_page(text)
    assert [link.attributes["href"] for link in page.all("a")] == [
        "/a/reports/summary.html",
        "/a/b?c&d",
        "http://127.0.0.1:3000",
    ]
    assert words(page.one("p", role="status")) == "<script>"
    assert "<i>" not in text


def test_no_model_is_said() -> None:
    page = read_page(render_index([]))
    assert words(page.one("h1")) == "No model is monitored yet"
    assert page.all("table") == []


def test_severity_that_is_none_is_refused_with_the_valid_ones() -> None:
    with pytest.raises(ReportContentError, match="'urgent'; valid severities are low, medium, high, critical"):
        OpenAlert("auc_low", "urgent")
