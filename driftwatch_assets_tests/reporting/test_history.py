from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from driftwatch_assets.reporting import HistoryEntry, IndexEntry, heatmap_of, render_summary, retraining_gains
from driftwatch_assets.reporting.timeline import timelines
from driftwatch_assets.reporting.wording import NOTHING
from driftwatch_assets_tests.reporting.examples import HISTORY, heatmap
from driftwatch_assets_tests.reporting.page import read_page, section, words
from driftwatch_assets_tests.reporting.task_examples import anomaly_report, loan_history, mixed_heatmap


def test_accuracy_and_the_value_of_a_multiclass_history_are_one() -> None:
    old = HistoryEntry.of({"batch": "7", "accuracy": 0.8, "accuracy_low": 0.7, "frozen_accuracy": 0.6})
    assert (old.value, old.value_low, old.frozen_value) == (0.8, 0.7, 0.6)
    new = HistoryEntry.of({"batch": "7", "metric": "accuracy", "value": 0.8, "previous_value": 0.75})
    assert (new.accuracy, new.previous_accuracy) == (0.8, 0.75)


def test_accuracy_of_a_history_that_is_judged_otherwise_stays_what_it_is() -> None:
    entry = HistoryEntry("7", metric="auc", value=0.78, accuracy=0.7)
    assert (entry.value, entry.accuracy, entry.frozen_accuracy) == (0.78, 0.7, None)


@pytest.mark.parametrize(
    ("entry", "waits"),
    [
        (HistoryEntry("7", 40, "6", metric="auc"), True),
        (HistoryEntry("7", 40, "6", metric="auc", value=0.7), False),
        (HistoryEntry("7", 40, metric="auc"), False),
        (HistoryEntry("7", 0, "6", metric="auc"), False),
        (HistoryEntry("7", 40, "6", metric="anomaly_rate"), False),
    ],
)
def test_a_batch_waits_for_labels_only_when_it_was_predicted_and_has_some_to_come(
    entry: HistoryEntry, waits: bool
) -> None:
    assert entry.waits_for_labels is waits


def test_summary_is_told_in_the_metric_of_the_task() -> None:
    page = read_page(render_summary("loans", loan_history(36, 30)))
    assert "Mean AUC over 26 scored batches is 0.791; the frozen model" in words(page.one("header"))
    assert "The labels of 6 batches are not known yet." in words(page.one("header"))
    assert words(section(page, "history").one("h2")) == "AUC over time"
    heads = [words(each) for each in section(page, "batches").all("th", scope="col")]
    assert heads[3:5] == ["AUC", "Frozen model"]
    assert words(section(page, "gains").all("th", scope="col")[3]) == "Its AUC"


def test_summary_of_an_anomaly_task_tells_the_rate_and_what_was_declared() -> None:
    page = read_page(render_summary("crashes", anomaly_report().history))
    header = words(page.one("header"))
    assert "Mean anomaly rate over 4 scored batches is 10.9 %, where 10.0 % are declared." in header
    cells = [words(cell) for cell in section(page, "batches").one("tbody").all("tr")[2].all("td")]
    assert cells[2:4] == ["8.0 %", "11.0 %"]


def test_rate_axis_begins_at_none_and_holds_every_interval() -> None:
    wide, _ = timelines(anomaly_report().history)
    assert [tick.label for tick in wide.y_ticks] == ["0 %", "5 %", "10 %", "15 %", "20 %"]
    assert all(wide.top <= point.high <= point.low <= wide.base for point in wide.lines[1].points)


def test_gain_of_an_anomaly_task_is_how_much_nearer_the_rate_comes() -> None:
    seven = HistoryEntry(
        "7", champion_trained_through="6", metric="anomaly_rate", value=0.2, retrained=True, promoted=True
    )
    eight = HistoryEntry(
        "8",
        champion_trained_through="7",
        metric="anomaly_rate",
        value=0.12,
        previous_value=0.25,
        frozen_value=0.09,
        contamination=0.1,
    )
    (gain,) = retraining_gains([seven, eight])
    assert gain.over_previous == pytest.approx(0.13)
    assert gain.over_frozen == pytest.approx(-0.01)


def test_gain_says_when_the_labels_that_tell_it_are_still_to_come() -> None:
    seven = HistoryEntry("7", 9, "6", metric="auc", value=0.7, retrained=True, promoted=True)
    (gain,) = retraining_gains([seven, HistoryEntry("8", 9, "7", metric="auc")])
    assert (gain.batch, gain.value, gain.note) == ("8", None, "its labels are not known yet")


def test_batches_that_were_judged_by_another_metric_are_no_points_of_the_line() -> None:
    history = [HistoryEntry("1", accuracy=0.9), *(HistoryEntry(f"{at}", metric="auc", value=0.7) for at in (2, 3))]
    wide, _ = timelines(history)
    assert [point.label for point in wide.lines[1].points] == ["Batch 2: AUC 0.700", "Batch 3: AUC 0.700"]
    rows = section(read_page(render_summary("m", history)), "batches").one("tbody").all("tr")
    assert words(rows[0].all("td")[2]) == NOTHING


def test_a_lone_batch_between_gaps_is_visible() -> None:
    history = [
        HistoryEntry("1", 9, "0", accuracy=0.9),
        HistoryEntry("2", 9, "0"),
        HistoryEntry("3", 9, "0", accuracy=0.8),
    ]
    wide, _ = timelines(history)
    assert wide.lines[1].path.count("h0") == 2
    assert [point.label for point in wide.pending] == ["Batch 2: labels are not known yet"]


def test_a_long_history_keeps_its_labels_apart_and_its_marks_small() -> None:
    for figure in timelines(loan_history(150, 144)):
        places = [tick.at for tick in figure.x_ticks]
        assert all(after - at > 60 for at, after in pairwise(places))
        assert len(places) >= 4
        assert figure.intervals == "band"
        assert len(figure.description) < 1_500
        assert figure.lines[1].radius * 2 < 6


def test_summary_of_150_batches_stays_small_and_shows_what_matters_before_the_long_table() -> None:
    html = render_summary("loans", loan_history(150, 144), heatmap(16, 150))
    assert len(html.encode()) < 250_000
    names = [each.attributes["aria-labelledby"] for each in read_page(html).all("section")]
    assert names == ["history", "gains", "heat", "batches", "provenance"]
    few = read_page(render_summary("gas_sensors", HISTORY, heatmap()))
    assert [each.attributes["aria-labelledby"] for each in few.all("section")][:2] == ["history", "batches"]


def test_heatmap_of_numbers_alone_shows_their_distance() -> None:
    table = pd.DataFrame({"wasserstein_scaled": [0.1], "effect": [0.4], "drifted": [False]}, index=["x"])
    found = heatmap_of({"1": table, "2": table})
    assert found.statistic == "wasserstein_scaled"
    assert found.cells.to_numpy().tolist() == [[0.1, 0.1]]


def test_heatmap_of_a_mixed_table_shows_the_effect_of_every_feature() -> None:
    found = mixed_heatmap()
    assert found.statistic == "effect"
    assert found.cells.loc["fe_10_mean", "2024-03"] == pytest.approx(1.0)
    assert found.drifted.loc["fe_10_mean"].tolist() == [False, False, False, True, True, True]
    assert found.cells["2023-12"].isna().all()


def test_heatmap_tells_a_batch_that_was_not_compared_from_a_feature_that_was_not_there() -> None:
    heat = section(read_page(render_summary("loans", [], mixed_heatmap())), "heat")
    titles = {cell.attributes["title"] for cell in heat.one("tbody").all("td")}
    assert "fe_21_mean, batch 2023-12: not compared" in titles
    assert "fe_21_mean, batch 2024-01: not a feature then" in titles
    assert "the largest of PSI" in words(heat)


def test_heatmap_of_batches_that_were_never_compared_is_none() -> None:
    assert heatmap_of({}) is None
    assert heatmap_of({"1": pd.DataFrame(columns=["feature", "wasserstein_scaled", "effect", "drifted"])}) is None


def test_a_drifted_cell_without_a_number_is_still_marked() -> None:
    found = mixed_heatmap()
    cells = found.cells.copy()
    cells.loc["fe_10_mean", "2024-03"] = np.nan
    heat = section(read_page(render_summary("loans", [], replace(found, cells=cells))), "heat")
    marked = [
        each for each in heat.one("tbody").all("td") if each.attributes["title"] == "fe_10_mean, batch 2024-03: drifted"
    ]
    assert [each.attributes["class"] for each in marked] == ["hx d"]


def test_training_after_an_empty_batch_is_a_retraining_wherever_it_is_told() -> None:
    history = [
        HistoryEntry("1", rows=40, promoted=True, metric="auc"),
        HistoryEntry("2", rows=40, champion_trained_through="1", metric="auc", value=0.8),
        HistoryEntry("3", rows=0, promoted=True, metric="auc"),
    ]
    page = read_page(render_summary("loans", history))
    after = [words(row.all("td")[-1]) for row in section(page, "batches").one("tbody").all("tr")]
    assert after == ["first champion trained", NOTHING, "retrained, promoted"]
    assert "1 retraining, of which 1 promoted a new champion." in words(page.one("header"))
    entry = IndexEntry.of("loans", history)
    assert (entry.retrainings, entry.promotions, entry.champion_trained_through) == (1, 1, "3")
