from __future__ import annotations

import re
from dataclasses import replace

import pandas as pd

from driftwatch_assets.drift import Reference, judge
from driftwatch_assets.reporting import (
    BatchReport,
    Decision,
    HistoryEntry,
    Verdict,
    histograms,
    render_batch,
    verdict_from,
)
from driftwatch_assets.reporting.wording import NOTHING
from driftwatch_assets.results import ClassDrift
from driftwatch_assets.steps.verdicts import data_drift_of
from driftwatch_assets_tests.reporting.examples import FEATURES, HISTORY, full_report, scorer
from driftwatch_assets_tests.reporting.page import read_page, section, words

HOSTILE = "<script>alert('x')</script>\"&"


def test_headline_tells_the_verdict_with_its_numbers() -> None:
    page = read_page(render_batch(full_report()))
    assert words(page.one("h1")) == "Drift of high severity in 64 of 128 features"
    assert "64 of 128 features drifted" in words(page.one("header"))


def test_reasons_are_written_as_sentences() -> None:
    header = words(read_page(render_batch(full_report())).one("header"))
    assert "Retraining requested. Drift of high severity in 2 of the last 2 batches." in header
    assert "Degraded." in header


def test_all_features_are_listed_strongest_first_with_fifteen_open() -> None:
    report = full_report()
    tables = section(read_page(render_batch(report)), "statistics").all("table")
    assert [len(each.all("tr")) - 1 for each in tables] == [15, 113]
    listed = [words(head) for table in tables for head in table.all("th", scope="row")]
    assert sorted(listed) == sorted(FEATURES)
    assert listed[: len(report.verdict.drifted_features)] == list(report.verdict.drifted_features)


def test_columns_that_would_repeat_one_number_are_told_once() -> None:
    statistics = section(read_page(render_batch(full_report())), "statistics")
    heads = [words(each) for each in statistics.all("table")[0].all("th", scope="col")]
    assert heads == ["Feature", "Verdict", "KS", "p, adjusted", "PSI", "W₁", "W₁/sd"]
    assert "400 rows of the batch against 900 of the reference." in words(statistics)
    assert "No value is missing on either side." in words(statistics)


def test_missing_rates_get_columns_when_a_value_is_missing() -> None:
    reference = Reference.fit(pd.DataFrame({"fe_10": range(200), "fe_11": range(200)}))
    batch = pd.DataFrame({"fe_10": [None] * 200, "fe_11": range(200)}, dtype="float64")
    compared = reference.compare(batch)
    verdict = judge(compared)
    report = replace(
        full_report(),
        statistics=verdict.mark(compared),
        verdict=verdict_from(data_drift_of(verdict, {})),
        distributions=(),
        rows=200,
    )
    table = section(read_page(render_batch(report)), "statistics").all("table")[0]
    heads = [words(each) for each in table.all("th", scope="col")]
    assert {"missing before", "missing now", "reference rows", "batch rows"} <= set(heads)
    first = table.all("tr")[1]
    assert words(first.one("th")) == "fe_10"
    assert words(first.all("td")[0]) == "drifted: missing rate"
    assert words(first.all("td")[heads.index("missing now") - 1]) == "100.0 %"


def test_new_and_lost_categories_are_named() -> None:
    reference = Reference.fit(pd.DataFrame({"credit_mix": ["good", "bad"] * 200}))
    batch = pd.DataFrame({"credit_mix": ["good", "odd"] * 200})
    compared = reference.compare(batch)
    verdict = judge(compared)
    report = replace(
        full_report(),
        statistics=verdict.mark(compared),
        verdict=verdict_from(data_drift_of(verdict, {})),
        distributions=histograms(reference, batch, ["credit_mix"]),
    )
    page = read_page(render_batch(report))
    assert "new: odd; lost: bad" in words(section(page, "statistics"))
    assert "new: odd · lost: bad" in words(section(page, "changed"))


def test_every_drawn_feature_has_both_distributions_described_and_as_numbers() -> None:
    report = full_report()
    changed = section(read_page(render_batch(report)), "changed")
    for each in report.distributions:
        drawn = [
            svg
            for svg in changed.all("svg", role="img")
            if words(svg.one("title")) == f"{each.feature}: reference and batch"
        ]
        assert len(drawn) == 1
        assert "The median is" in words(drawn[0].one("desc"))
        assert drawn[0].all("path", class_="fill-reference")
        assert drawn[0].all("path", class_="fill-current")
    assert len(changed.one("details").all("table")) == len(report.distributions)


def test_figures_are_labelled_by_ids_that_exist_once() -> None:
    html = render_batch(full_report())
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    for named in re.findall(r'aria-labelledby="([^"]+)"', html):
        assert set(named.split()) <= set(ids)


def test_confusion_matrix_holds_the_counts_by_actual_and_predicted() -> None:
    report = full_report()
    table = section(read_page(render_batch(report)), "performance").one("table", class_="confusion")
    rows = [[words(cell) for cell in row.all("td")] for row in table.one("tbody").all("tr")]
    assert rows == [[f"{count:,}" for count in row] for row in report.performance.confusion]
    first = table.one("tbody").all("td")[1]
    count = report.performance.confusion[0, 1]
    assert first.attributes["title"].startswith(f"{count} rows of ammonia predicted as ethanol")


def test_a_class_that_was_never_predicted_has_no_precision() -> None:
    report = full_report()
    per_class = report.performance.per_class.copy()
    per_class.loc["toluene", "precision"] = float("nan")
    page = read_page(render_batch(replace(report, performance=replace(report.performance, per_class=per_class))))
    row = section(page, "performance").all("table")[1].all("tr")[-1]
    assert words(row.all("td")[0]) == NOTHING


def test_history_marks_retrainings_the_frozen_model_and_this_batch() -> None:
    history = section(read_page(render_batch(full_report())), "history")
    wide, narrow = (svg for svg in history.all("svg", role="img"))
    for svg in (wide, narrow):
        assert len(svg.all("circle", class_="dot-live")) == 2
        assert len(svg.all("circle", class_="dot-frozen")) == 2
        assert len(svg.all("path", class_="flag")) == 1
        assert len(svg.all("path", class_="flag refused")) == 1
        assert len(svg.all("rect", class_="here")) == 1
        assert "Retrained through batch 8: challenger refused" in words(svg)
    assert len(history.one("details").all("tr")) == 1 + len(HISTORY)


def test_line_breaks_where_a_batch_has_no_labels_yet() -> None:
    history = (
        HistoryEntry("1", accuracy=0.9, champion_trained_through="0"),
        HistoryEntry("2", champion_trained_through="0"),
        HistoryEntry("3", accuracy=0.8, champion_trained_through="0"),
    )
    svg = section(read_page(render_batch(replace(full_report(), history=history))), "history").all("svg", role="img")[0]
    line = svg.one("path", class_="line-live").attributes["d"]
    assert line.count("M") == 2
    assert "L" not in line


def test_quarantine_is_listed_by_reason_most_rows_first() -> None:
    quality = section(read_page(render_batch(full_report())), "quality")
    assert "12 rows rejected" in words(quality)
    rows = [[words(cell) for cell in row.all("td")] for row in quality.one("tbody").all("tr")]
    assert rows == [["column x17 is no number", "9"], ["index 131 is outside 1 to 128", "3"]]


def test_page_of_a_batch_before_the_first_champion() -> None:
    report = BatchReport(
        model="gas_sensors",
        batch="1",
        rows=445,
        verdict=Verdict(None),
        decision=Decision(retraining_requested=False, reason="the first champion needs 6 batches"),
    )
    page = read_page(render_batch(report))
    assert words(page.one("h1")) == "No verdict: no champion had been trained before this batch"
    assert "no reference to compare it with" in words(section(page, "statistics"))
    assert "nothing was predicted" in words(section(page, "performance"))
    assert "No retraining. The first champion needs 6 batches." in words(page.one("header"))
    assert "all 445 were accepted" in words(section(page, "quality"))


def test_page_while_labels_are_not_known() -> None:
    report = replace(
        full_report(),
        performance=None,
        performance_missing="Labels of batch 8 come six months later",
        label_drift=None,
        within_classes=(),
    )
    page = read_page(render_batch(report))
    assert "Labels of batch 8 come six months later." in words(page.one("header"))
    assert "Accuracy" not in words(page.one("dl", class_="tiles"))
    assert "0.710" in words(page.one("dl", class_="tiles"))
    assert words(section(page, "columns").all("h3")[0]).startswith("Prediction drift: drift")
    assert not [each for each in page.all("section") if each.attributes["aria-labelledby"] == "within"]


def test_page_without_enough_data_gives_no_verdict() -> None:
    rng_rows = pd.DataFrame({"x": range(200)})
    compared = Reference.fit(rng_rows).compare(pd.DataFrame({"x": range(12)}))
    verdict = judge(compared)
    report = BatchReport(
        model="gas_sensors",
        batch="8",
        rows=12,
        verdict=verdict_from(data_drift_of(verdict, {})),
        statistics=verdict.mark(compared),
        champion=scorer("1", "7"),
    )
    page = read_page(render_batch(report))
    assert words(page.one("h1")) == "No verdict: there is not enough data in 12 rows"
    assert "Not judged: the batch has 12 rows" in words(page.one("header"))
    assert "not judged" in words(section(page, "statistics").one("table"))


def within(name: str, rows: int, drifted: int | None, strongest: str = "") -> ClassDrift:
    return ClassDrift(
        name=name,
        n_reference=1132,
        n_current=rows,
        features=128,
        drifted=drifted,
        share_drifted=None if drifted is None else drifted / 128,
        drift_detected=None if drifted is None else drifted > 0,
        severity="none",
        strongest=strongest,
    )


def test_a_class_with_too_few_rows_is_told_not_judged() -> None:
    report = replace(full_report(), within_classes=(within("toluene", 4, None),))
    assert [words(cell) for cell in section(read_page(render_batch(report)), "within").all("td")] == [
        "1,132",
        "4",
        "not enough rows",
    ]


def test_no_text_of_the_content_becomes_markup() -> None:
    source = full_report()
    renamed = source.statistics.rename(index={source.features[0]: HOSTILE})
    drifted = tuple(HOSTILE if each == source.features[0] else each for each in source.verdict.drifted_features)
    performance = replace(
        source.performance,
        classes=(HOSTILE, *source.performance.classes[1:]),
        per_class=source.performance.per_class.rename(index={"ammonia": HOSTILE}),
        reason=HOSTILE,
        baseline_rows=HOSTILE,
    )
    report = replace(
        source,
        model=HOSTILE,
        title=HOSTILE,
        batch=HOSTILE,
        verdict=Verdict(True, "high", drifted, HOSTILE, HOSTILE),
        statistics=renamed,
        champion=scorer(HOSTILE, HOSTILE, HOSTILE),
        quarantine={HOSTILE: 3},
        reference=HOSTILE,
        performance=performance,
        within_classes=(within(HOSTILE, 1, 1, HOSTILE),),
        distributions=tuple(
            replace(each, feature=HOSTILE)
            for each in (*source.distributions, replace(source.label_drift.distribution, categories=(HOSTILE,) * 3))
        ),
        decision=Decision(True, HOSTILE),
        history=(HistoryEntry(HOSTILE, accuracy=0.5, champion_trained_through=HOSTILE, promoted=True, severity="low"),),
        provenance={HOSTILE: HOSTILE},
    )
    html = render_batch(report)
    page = read_page(html)
    assert len(page.all("script")) == 1
    assert "alert(" not in page.one("script").text
    assert "<script>alert" not in html
    assert HOSTILE in page.one("p", class_="path").text
    assert not [each for each in re.findall(r"<\w+[^>]*>", html) if re.search(r"\son\w+=", each)]


def test_page_asks_for_nothing_outside_of_itself() -> None:
    html = render_batch(full_report())
    page = read_page(html)
    assert "http:" not in html
    assert "https:" not in html
    assert not re.search(r"@import|url\(", html)
    assert [each.attributes["href"] for each in page.all("link")] == ["data:,"]
    assert not page.all("img")
    assert not page.all("iframe")
    assert page.one("script").attributes == {}
    policy = page.one("meta", **{"http-equiv": "Content-Security-Policy"}).attributes["content"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-")
    assert {each.attributes["href"] for each in page.all("a")} == {"summary.html", "batch-8.json"}


def test_same_content_gives_the_same_bytes() -> None:
    report = full_report()
    again = replace(
        report,
        quarantine=dict(reversed(list(report.quarantine.items()))),
        provenance=dict(reversed(list(report.provenance.items()))),
        statistics=report.statistics.iloc[::-1],
    )
    assert render_batch(report) == render_batch(again)


def test_statistics_as_read_back_from_the_lake_give_the_same_page() -> None:
    report = full_report()
    stored = report.statistics.reset_index(names="feature")
    assert render_batch(replace(report, statistics=stored)) == render_batch(report)


def test_verdict_marks_the_features_when_the_statistics_do_not() -> None:
    report = full_report()
    bare = report.statistics.drop(columns=["drifted", "because", "judged", "effect"])
    table = section(read_page(render_batch(replace(report, statistics=bare))), "statistics")
    assert len(table.all("tr", class_="flagged")) == len(report.verdict.drifted_features)


def test_page_of_128_features_is_small() -> None:
    assert len(render_batch(full_report()).encode()) < 300_000


def test_degraded_performance_is_in_the_headline_where_nothing_drifted() -> None:
    report = full_report()
    assert report.performance is not None
    degraded = replace(report, verdict=Verdict(False), performance=replace(report.performance, degraded=True))
    page = read_page(render_batch(degraded))
    assert words(page.one("h1")).startswith("Performance degraded without drift: 0 of 128 features drifted")
    assert page.one("header").all("svg")[0].attributes["class"] == "drift"
    well = read_page(render_batch(replace(degraded, performance=replace(report.performance, degraded=False))))
    assert words(well.one("h1")) == "No drift: 0 of 128 features drifted"
    assert well.one("header").all("svg")[0].attributes["class"] == "stable"
