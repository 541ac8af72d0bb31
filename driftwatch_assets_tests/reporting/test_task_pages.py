from __future__ import annotations

import json
import math
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from driftwatch_assets.drift import (
    CorrelationReference,
    WholeTable,
    WholeTablePolicy,
    judge_correlation,
    judge_whole_table,
)
from driftwatch_assets.reporting import (
    BatchReport,
    RelationDrift,
    ReportContentError,
    Verdict,
    batch_json,
    json_bytes,
    performance_from,
    relation_from,
    render_batch,
    whole_table_from,
)
from driftwatch_assets.reporting.wording import NOTHING
from driftwatch_assets.results import Governance, RulePart
from driftwatch_assets.steps.verdicts import correlation_drift_of, whole_table_drift_of
from driftwatch_assets_tests.reporting.examples import full_report, scorer
from driftwatch_assets_tests.reporting.page import read_page, section, words
from driftwatch_assets_tests.reporting.task_examples import (
    anomaly_report,
    binary_report,
    empty_report,
    loan_metrics,
    relation,
)

HOSTILE = "<script>alert('x')</script>\"&"


def test_binary_page_opens_with_the_metric_that_the_model_is_judged_by() -> None:
    metrics, _ = loan_metrics()
    header = words(read_page(render_batch(binary_report())).one("header"))
    said = f"AUC is {metrics.auc:.3f} (95 % interval {metrics.auc_low:.3f} to {metrics.auc_high:.3f})"
    assert f"{said} on 521 labelled rows, against a baseline of 0.790" in header
    assert "Not degraded." in header


def test_binary_page_draws_its_curves_with_numbers_beside_them() -> None:
    page = section(read_page(render_batch(binary_report())), "performance")
    drawn = [
        words(svg.one("title")) if len(svg.all("title")) == 1 else words(svg.all("title")[0])
        for svg in page.all("svg", role="img")
    ]
    assert [each.split(",")[0] for each in drawn] == [
        "ROC curve",
        "Precision and recall",
        "Calibration",
        "Scores by actual class",
    ]
    assert all(svg.all("desc") for svg in page.all("svg", role="img"))
    beside = [words(each) for each in page.one("details").all("h4")]
    assert [each.split(",")[0] for each in beside] == [each.split(",")[0] for each in drawn]


def test_point_of_the_threshold_lies_on_the_roc_curve_where_the_confusion_matrix_says() -> None:
    report = binary_report()
    counts = report.performance.confusion
    found, wrongly = counts[1, 1] / counts[1].sum(), counts[0, 1] / counts[0].sum()
    svg = section(read_page(render_batch(report)), "performance").all("svg", role="img")[0]
    mark = svg.one("circle", class_="dot-mark")
    assert words(
        mark
    ) == f"At the threshold 0.40: {found:.1%} of default found, {wrongly:.1%} of the others wrongly.".replace("%", " %")
    assert float(mark.attributes["cx"]) == pytest.approx(36 + wrongly * 214, abs=0.01)
    assert float(mark.attributes["cy"]) == pytest.approx(206 - found * 198, abs=0.01)


def test_scores_are_drawn_for_both_classes_without_losing_a_row() -> None:
    svg = section(read_page(render_batch(binary_report())), "performance").all("svg", role="img")[-1]
    rows = {"default": 0, "repaid": 0}
    for piece in svg.all("rect"):
        number, name = re.match(r"(\d+) rows? of (\w+),", words(piece)).groups()
        rows[name] += int(number)
    counts = binary_report().performance.confusion
    assert rows == {"repaid": counts[0].sum(), "default": counts[1].sum()}


def test_figures_of_a_binary_task_begin_with_the_one_it_is_judged_by() -> None:
    metrics, _ = loan_metrics()
    report = replace(binary_report(), performance=performance_from(metrics, metric="recall"))
    first = section(read_page(render_batch(report)), "performance").all("table")[0].all("tr")[1]
    assert words(first.one("th")) == "Recall of default judged by this"
    assert words(first.all("td")[0]) == f"{metrics.recall:.3f}"
    assert words(read_page(render_batch(report)).one("dl", class_="tiles")).count("Recall") == 1


def test_metric_that_one_class_leaves_undefined_is_told_so() -> None:
    undefined = {"auc": None, "auc_low": None, "auc_high": None, "roc": (), "precision_recall": ()}
    metrics = loan_metrics()[0].model_copy(update=undefined)
    header = words(
        read_page(render_batch(replace(binary_report(), performance=performance_from(metrics)))).one("header")
    )
    assert "AUC is not defined on 521 labelled rows: all of them have one label." in header


def test_history_of_a_binary_task_is_told_in_its_metric() -> None:
    page = read_page(render_batch(binary_report()))
    history = section(page, "history")
    assert words(history.one("h2")) == "AUC over time"
    assert "no labels yet" in words(history.one("table"))
    wide = history.all("svg", role="img")[0]
    assert "Labels of 6 batches are not known yet." in words(wide.one("desc"))
    assert len(wide.all("circle", class_="dot-pending")) == 6


def test_labels_that_are_not_known_yet_are_told_at_the_head_and_in_their_place() -> None:
    report = replace(binary_report(), performance=None, performance_missing="labels are known after 6 batches: not yet")
    page = read_page(render_batch(report))
    for part in (page.one("header"), section(page, "performance")):
        assert "Labels are known after 6 batches: not yet." in words(part)


def test_anomaly_page_tells_the_rate_beside_what_was_declared() -> None:
    page = read_page(render_batch(anomaly_report()))
    assert "14.1 % of 142 rows are called anomalous" in words(page.one("header"))
    assert "where 10.0 % were declared" in words(page.one("header"))
    tiles = words(page.one("dl", class_="tiles"))
    assert "Anomaly rate14.1 %" in tiles
    assert "confidence" not in tiles


def test_anomaly_page_colours_the_scores_above_the_threshold_and_loses_none() -> None:
    part = section(read_page(render_batch(anomaly_report())), "performance")
    wide, narrow = part.all("svg", role="img")
    limit = float(re.search(r"M([\d.]+),", wide.one("path", class_="threshold").attributes["d"]).group(1))
    assert all(float(each.attributes["x"]) >= limit - 0.02 for each in wide.all("rect", class_="bar-anomaly"))
    assert all(float(each.attributes["x"]) < limit for each in wide.all("rect", class_="bar-reference"))
    assert len(wide.all("rect")) == len(narrow.all("rect"))
    table = part.one("details").one("tbody")
    assert sum(int(words(row.all("td")[-1])) for row in table.all("tr")) == 142


def test_anomaly_page_lists_the_ten_most_anomalous_rows_highest_first() -> None:
    scores = anomaly_report().anomaly
    table = section(read_page(render_batch(anomaly_report())), "performance").all("table")[0]
    rows = table.one("tbody").all("tr")
    assert [words(row.one("th")) for row in rows] == [name for name, _ in scores.top]
    listed = [float(words(row.all("td")[0])) for row in rows]
    assert listed == sorted(listed, reverse=True)
    assert {words(row.all("td")[-1]) for row in rows} == {"anomaly"}


def test_anomaly_rate_is_drawn_over_batches_with_the_declared_level() -> None:
    history = section(read_page(render_batch(anomaly_report())), "history")
    assert words(history.one("h2")) == "Anomaly rate over time"
    for svg in history.all("svg", role="img"):
        assert svg.all("path", class_="line-level")
        assert "The declared contamination is 10.0 %." in words(svg.one("desc"))


def test_page_of_a_batch_without_rows_says_so() -> None:
    page = read_page(render_batch(empty_report()))
    assert words(page.one("h1")) == "No verdict: no rows in this batch"
    assert "This batch has no rows, so there was nothing to compare." in words(section(page, "statistics"))
    assert "This batch has no rows, so nothing was predicted." in words(section(page, "performance"))
    assert "No row came with this batch" in words(section(page, "quality"))


@pytest.mark.parametrize("report", [full_report(), binary_report(), anomaly_report(), empty_report()])
def test_every_page_has_the_places_that_others_link_to(report: BatchReport) -> None:
    html = render_batch(report)
    ids = re.findall(r' id="([^"]+)"', html)
    assert {"drift", "performance"} <= set(ids)
    assert len(ids) == len(set(ids))
    for named in re.findall(r'aria-labelledby="([^"]+)"|href="#([^"]+)"', html):
        assert set(" ".join(named).split()) <= set(ids)


def test_changed_relations_come_first_with_both_strengths() -> None:
    part = section(read_page(render_batch(binary_report())), "correlation")
    assert words(part.one("h2")) == "Features and label: drift"
    assert "default against repaid" in words(part)
    rows = part.one("tbody").all("tr")
    assert [words(row.one("th")) for row in rows] == ["Interest_Rate", "Credit_Mix", "Occupation", "fe_10_mean"]
    assert [words(cell) for cell in rows[0].all("td")] == ["drifted", "0.310", "0.020", "", "−0.290", "< 0.0001"]  # noqa: RUF001 - as it is written
    assert words(rows[3].all("td")[0]) == "not judged"


def test_relations_of_several_pairs_of_classes_name_the_pair_of_each() -> None:
    given = relation()
    table = given.table.assign(classes=["a against b", "a against c", "b against c", ""])
    part = section(
        read_page(render_batch(replace(binary_report(), correlation=RelationDrift(given.verdict, table)))),
        "correlation",
    )
    assert words(part.one("tbody").all("tr")[0].all("td")[1]) == "a against b"


def test_a_table_of_relations_without_a_needed_column_is_refused() -> None:
    with pytest.raises(ReportContentError, match="relations lacks strength_current, pvalue_adjusted"):
        RelationDrift(Verdict(None), relation().table.drop(columns=["strength_current", "pvalue_adjusted"]))


def test_relations_and_the_whole_table_are_told_as_the_drift_room_finds_them() -> None:
    rng = np.random.default_rng(5)
    outcome = pd.Series(["repaid", "default"] * 400)
    late = (outcome == "default").to_numpy()
    before = pd.DataFrame({"income": rng.normal(size=800) - late, "age": rng.normal(size=800)})
    now = before.assign(income=before["income"] + late)
    compared = CorrelationReference.fit(before, outcome).compare(now, outcome)
    verdict = judge_correlation(compared)
    found = relation_from(correlation_drift_of(compared, verdict))
    too_few = judge_whole_table(WholeTable(math.nan, math.nan, math.nan, math.nan, 800, 12, ()))
    whole = whole_table_from(whole_table_drift_of(too_few))
    page = read_page(render_batch(replace(binary_report(), correlation=found, whole_table=whole)))
    rows = section(page, "correlation").one("tbody").all("tr")
    assert [words(row.all("td")[0]) for row in rows] == ["drifted", NOTHING]
    assert "Not judged: the batch has 12 rows and the reference 800" in words(section(page, "whole"))
    assert words(section(page, "whole").one("h2")) == "Whole table: no verdict"


def test_whole_table_score_is_told_with_its_threshold_and_what_tells_the_sides_apart() -> None:
    part = section(read_page(render_batch(binary_report())), "whole")
    assert "AUC is 0.930 (95 % interval 0.910 to 0.950) on 1,042 rows of both sides" in words(part)
    assert "it counts as drift from 0.750" in words(part)
    assert [words(each) for each in part.one("tbody").all("th")] == [
        "fe_10_mean",
        "Credit_Mix",
        "Monthly_Inhand_Salary",
    ]


def test_rule_for_retraining_is_told_part_by_part() -> None:
    page = read_page(render_batch(binary_report()))
    assert "Rule for retraining. The rule fires: recall < 0.50 holds" in words(page.one("header"))
    rows = section(page, "governance").one("tbody").all("tr")
    assert [words(row.all("td")[-1]) for row in rows] == ["does not fire", "not known", "fires"]
    assert words(rows[1].all("td")[0]) == NOTHING


def test_mixed_features_share_one_column_of_p_values() -> None:
    table = section(read_page(render_batch(binary_report())), "statistics").one("table")
    heads = [words(each) for each in table.all("th", scope="col")]
    assert heads.count("p, adjusted") == 1
    assert {"KS", "χ²"} <= set(heads)
    at = heads.index("p, adjusted") - 1
    cells = {words(row.one("th")): words(row.all("td")[at]) for row in table.one("tbody").all("tr")}
    assert cells["Credit_Mix"] == cells["Monthly_Inhand_Salary"] == "< 0.0001"
    assert cells["fe_10_mean"] == NOTHING


def test_a_feature_without_any_value_says_so_in_its_picture() -> None:
    changed = section(read_page(render_batch(binary_report())), "changed")
    svg = next(each for each in changed.all("svg", role="img") if words(each.all("title")[0]).startswith("fe_10_mean"))
    assert "no value in this batch" in [words(each) for each in svg.all("text")]


def test_twins_of_every_task_are_strict_json_with_their_blocks() -> None:
    for report, block in ((binary_report(), "performance"), (anomaly_report(), "anomaly"), (empty_report(), None)):
        twin = json.loads(json_bytes(batch_json(report)))
        assert twin["task"] == report.task
        assert [name for name in ("performance", "anomaly") if twin[name]] == ([block] if block else [])
    twin = batch_json(binary_report())
    assert twin["performance"]["metric"] == "auc"
    assert twin["performance"]["binary"]["positive"] == "default"
    assert twin["baseline"] == {"auc": 0.79, "rows": "later batches than it had seen"}
    assert twin["governance"]["parts"][2] == {"fires": True, "text": "recall < 0.50", "value": 0.455}
    assert twin["whole_table"]["strongest"][0] == {"feature": "fe_10_mean", "loss": 0.61}
    assert twin["correlation_drift"]["statistics"]["Interest_Rate"]["change"] == -0.29
    assert batch_json(anomaly_report())["anomaly"]["top"][0].keys() == {"id", "score"}


def test_no_text_of_the_new_parts_becomes_markup() -> None:
    binary = binary_report()
    performance = replace(
        binary.performance, classes=("repaid", HOSTILE), binary=replace(binary.performance.binary, positive=HOSTILE)
    )
    table = binary.correlation.table.assign(feature=HOSTILE, classes=HOSTILE)
    report = replace(
        binary,
        performance=performance,
        correlation=RelationDrift(Verdict(True, "low", (), HOSTILE, HOSTILE), table),
        whole_table=replace(binary.whole_table, strongest=((HOSTILE, 0.5),)),
        governance=Governance(
            rule=HOSTILE, fires=True, parts=(RulePart(text=HOSTILE, value=0.1, fires=True),), reason=HOSTILE
        ),
        quality_page=HOSTILE,
    )
    anomaly = anomaly_report()
    anomaly = replace(anomaly, anomaly=replace(anomaly.anomaly, top=((HOSTILE, 0.9),), reason=HOSTILE))
    for each in (report, anomaly):
        html = render_batch(each)
        assert "<script>alert" not in html
        assert len(read_page(html).all("script")) == 1


def test_pages_of_every_task_stay_small() -> None:
    for report in (binary_report(), anomaly_report(), empty_report()):
        assert len(render_batch(report).encode()) < 250_000


def test_a_metric_that_is_not_measured_is_refused_by_its_name() -> None:
    with pytest.raises(ReportContentError, match="judged by 'rate_fit', which is not measured of its task"):
        performance_from(loan_metrics()[0], metric="rate_fit")


def test_the_whole_table_is_told_under_the_threshold_that_it_was_judged_by() -> None:
    policy = WholeTablePolicy(auc=0.75)
    found = judge_whole_table(WholeTable(0.7, 0.66, 0.74, 1e-9, 2000, 500, ()), policy)
    assert whole_table_from(whole_table_drift_of(found)).threshold == 0.75


def test_a_report_of_an_anomaly_task_takes_no_performance() -> None:
    with pytest.raises(ReportContentError, match="batch 8: a task of kind anomaly has no 'performance'"):
        replace(full_report(), task="anomaly")
    with pytest.raises(ReportContentError, match="the task is 'regression'; valid values are multiclass"):
        BatchReport(model="m", batch="8", rows=1, verdict=Verdict(None), task="regression")


def test_statistics_without_rows_give_a_page() -> None:
    nothing = pd.DataFrame(columns=["ks", "psi", "drifted"], index=pd.Index([], name="feature"))
    report = replace(empty_report(), statistics=nothing, champion=scorer("1", "6"))
    assert "No rows in this batch" in render_batch(report).replace("no rows", "No rows")
