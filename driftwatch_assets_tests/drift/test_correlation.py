"""A feature's changed relation with the label is found by name; changed proportions and chance are not called one."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from driftwatch_assets.drift import (
    ColumnRefused,
    ColumnsDiffer,
    CorrelationPolicy,
    CorrelationReference,
    DriftError,
    Reference,
    ReferenceUnreadable,
    judge,
    judge_correlation,
)

STRENGTHS = np.array([0.0, 0.0, 0.5, 1.0, 2.0])


def table(
    rows: int, seed: int, strengths: np.ndarray = STRENGTHS, positive: float = 0.3
) -> tuple[pd.DataFrame, pd.Series]:
    rng = np.random.default_rng(seed)
    bad = rng.random(rows) < positive
    frame = pd.DataFrame(
        rng.normal(size=(rows, len(strengths))) + bad[:, None] * strengths,
        columns=[f"x{at}" for at in range(len(strengths))],
    )
    frame["job"] = np.where(bad, rng.choice(list("abcd"), rows, p=[0.1, 0.2, 0.3, 0.4]), rng.choice(list("abcd"), rows))
    frame.loc[rng.random(rows) < 0.1, "x4"] = np.nan
    frame.loc[rng.random(rows) < 0.1, "job"] = None
    return frame, pd.Series(np.where(bad, "default", "repaid"), name="outcome")


REFERENCE = CorrelationReference.fit(*table(3000, 0))


@pytest.mark.parametrize(("reference_rows", "batch_rows"), [(2000, 500), (300, 120)])
def test_at_most_one_draw_in_a_hundred_without_drift_raises_an_alarm(reference_rows: int, batch_rows: int) -> None:
    policy = CorrelationPolicy(min_share_of_features=0)
    alarms = sum(
        judge_correlation(
            CorrelationReference.fit(*table(reference_rows, 2 * seed)).compare(*table(batch_rows, 2 * seed + 1)), policy
        ).drift_detected
        is True
        for seed in range(200)
    )
    assert alarms <= 2


def test_at_most_one_draw_in_a_hundred_of_many_classes_raises_an_alarm() -> None:
    def draw(rows: int, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.Series]:
        classes = rng.choice(6, rows, p=[0.3, 0.25, 0.2, 0.15, 0.08, 0.02])
        frame = pd.DataFrame(rng.normal(size=(rows, 12)) + classes[:, None] * np.linspace(0, 1, 12))
        return frame, pd.Series(classes).map(lambda at: f"gas {at}")

    rng = np.random.default_rng(8)
    policy = CorrelationPolicy(min_share_of_features=0)
    alarms = sum(
        judge_correlation(CorrelationReference.fit(*draw(900, rng)).compare(*draw(300, rng)), policy).drift_detected
        is True
        for _ in range(200)
    )
    assert alarms <= 2


def test_a_relation_that_weakened_one_that_turned_and_one_that_appeared_are_found_by_name() -> None:
    verdict = judge_correlation(REFERENCE.compare(*table(800, 1, np.array([0.0, 0.8, 0.5, -1.0, 1.2]))))
    assert verdict.drift_detected is True
    assert verdict.drifted_features == ["x3", "x1", "x4"]
    assert "most of all x3 (default against repaid: 0.5" in verdict.reason
    assert verdict.severity == "high"


def test_a_categorys_changed_relation_is_found_by_name() -> None:
    frame, outcome = table(1500, 1)
    rng = np.random.default_rng(2)
    frame["job"] = rng.permutation(frame["job"].to_numpy())
    verdict = judge_correlation(REFERENCE.compare(frame, outcome))
    assert verdict.drifted_features == ["job"]
    row = REFERENCE.compare(frame, outcome).loc["job"]
    assert row["strength_reference"] == pytest.approx(0.2, abs=0.04)
    assert row["strength_current"] < 0.08
    assert row["kind"] == "categorical"


def test_changed_class_proportions_are_no_changed_relation() -> None:
    batch, outcome = table(1500, 1, positive=0.7)
    assert judge(Reference.fit(table(3000, 0)[0]).compare(batch)).drift_detected is True
    assert judge_correlation(REFERENCE.compare(batch, outcome)).drifted_features == []


def test_a_certain_change_that_is_too_small_to_matter_is_left_alone() -> None:
    reference = CorrelationReference.fit(*table(100_000, 0))
    statistics = reference.compare(*table(100_000, 1, STRENGTHS + np.array([0.06, 0, 0, 0, 0])))
    assert statistics.loc["x0", "pvalue"] < 1e-4
    assert judge_correlation(statistics).drifted_features == []
    assert judge_correlation(statistics, CorrelationPolicy(change=0.02)).drifted_features == ["x0"]


def test_the_pair_of_classes_that_changed_is_named() -> None:
    rng = np.random.default_rng(9)
    gas = pd.Series(rng.choice(["acetone", "ethanol", "toluene"], 3000))
    level = gas.map({"acetone": 0.0, "ethanol": 1.0, "toluene": 2.0}).to_numpy()
    reference = CorrelationReference.fit(pd.DataFrame({"r1": level + rng.normal(size=3000)}), gas)
    mixed = np.where(gas == "ethanol", 0.0, level) + rng.normal(size=3000)
    row = reference.compare(pd.DataFrame({"r1": mixed}), gas).loc["r1"]
    assert row["classes"] == "acetone against ethanol"
    assert (row["pairs"], row["strength_current"]) == (3, pytest.approx(0, abs=0.08))
    without = gas.where(gas != "ethanol")
    row = reference.compare(pd.DataFrame({"r1": mixed}), without).loc["r1"]
    assert (row["pairs"], row["classes"]) == (1, "acetone against toluene")
    assert row["pvalue"] > 0.01


def test_of_many_classes_the_twelve_most_frequent_are_compared() -> None:
    labels = pd.Series([f"c{at:02}" for at in range(20) for _ in range(100 - at)])
    reference = CorrelationReference.fit(pd.DataFrame({"x": np.arange(len(labels))}), labels)
    assert reference.classes == tuple(f"c{at:02}" for at in range(12))
    assert reference.compare(pd.DataFrame({"x": np.arange(len(labels))}), labels).loc["x", "pairs"] == 66


@pytest.mark.parametrize("rows", [0, 1, 25])
def test_too_few_rows_of_a_class_are_neither_pass_nor_failure(rows: int) -> None:
    frame, outcome = table(2000, 1)
    verdict = judge_correlation(REFERENCE.compare(frame.head(rows), outcome.head(rows)))
    assert (verdict.drift_detected, verdict.severity, verdict.drifted_features) == (None, "none", [])
    assert f"the batch has {rows} labelled rows" in verdict.reason
    assert json.dumps(verdict.as_dict(), allow_nan=False)


def test_labels_that_are_not_known_are_left_out_whatever_the_index() -> None:
    frame, outcome = table(1000, 1)
    outcome[::2] = None
    statistics = REFERENCE.compare(frame.set_axis(range(5000, 6000)), outcome)
    assert statistics.loc["x0", "n_current"] == 500
    assert judge_correlation(REFERENCE.compare(frame, outcome.where(outcome.isna(), None))).drift_detected is None


def test_columns_without_values_constants_and_new_categories_do_not_stop_the_others() -> None:
    frame, outcome = table(2000, 0)
    reference = CorrelationReference.fit(frame.assign(x0=np.nan, x1=1.0, note=None, flag=True), outcome)
    batch, labels = table(600, 1)
    batch = batch.assign(x0="text", x1=1.0, x2=np.full(600, None), note=["new"] * 600, flag=[True, False] * 300)
    batch["job"] = batch["job"].map({"a": "z"}).fillna(batch["job"])
    statistics = CorrelationReference.from_bytes(reference.to_bytes()).compare(batch, labels)
    verdict = judge_correlation(statistics)
    assert [each.feature for each in verdict.features if not each.judged] == ["x0", "x2", "note"]
    assert statistics.loc["x1", ["change", "pvalue"]].tolist() == [0, 1]
    assert verdict.drift_detected is not None


def test_a_stored_reference_gives_the_same_and_is_small() -> None:
    stored = REFERENCE.to_bytes()
    again = CorrelationReference.from_bytes(stored)
    batch = table(500, 1)
    pd.testing.assert_frame_equal(again.compare(*batch), REFERENCE.compare(*batch))
    assert again.fingerprint == REFERENCE.fingerprint
    assert (again.features, again.classes, again.rows) == (REFERENCE.features, ("default", "repaid"), 3000)
    assert len(stored) < 10_000


def test_what_is_no_reference_is_refused() -> None:
    with pytest.raises(ReferenceUnreadable, match="damaged"):
        CorrelationReference.from_bytes(REFERENCE.to_bytes()[:300])
    with pytest.raises(ReferenceUnreadable, match="'relations with the label'"):
        CorrelationReference.from_bytes(Reference.fit(table(100, 0)[0]).to_bytes())


def test_the_verdict_can_be_stored_and_marks_the_statistics(tmp_path) -> None:  # noqa: ANN001 - Path
    statistics = REFERENCE.compare(*table(800, 1, np.array([0.0, 0.0, 0.5, -1.0, 2.0])))
    path = tmp_path / "relations.parquet"
    statistics.reset_index().to_parquet(path)
    verdict = judge_correlation(pd.read_parquet(path))
    assert verdict == judge_correlation(statistics)
    told = json.loads(json.dumps(verdict.as_dict(), allow_nan=False))
    assert (told["drift_detected"], told["drifted_features"]) == (True, ["x3"])
    assert told["rule"].startswith("a relation with the label drifts when p < 0.01")
    assert verdict.mark(statistics)["drifted"].tolist() == [False, False, False, True, False, False]
    with pytest.raises(ValueError, match="their table lacks pvalue"):
        judge_correlation(statistics.drop(columns="pvalue"))


def test_faulty_tables_are_refused_by_column() -> None:
    frame, outcome = table(300, 1)
    with pytest.raises(ColumnsDiffer, match="it lacks the column 'x1'"):
        REFERENCE.compare(frame.drop(columns="x1"), outcome)
    with pytest.raises(ColumnRefused, match="column 'x1' of the batch has the type object"):
        REFERENCE.compare(frame.assign(x1="high"), outcome)
    with pytest.raises(ColumnRefused, match="column 'x1' of the batch holds 300 infinite values"):
        REFERENCE.compare(frame.assign(x1=np.inf), outcome)
    with pytest.raises(DriftError, match="10 labels for 300 rows"):
        REFERENCE.compare(frame, outcome.head(10))
    with pytest.raises(DriftError, match="have 1 classes"):
        CorrelationReference.fit(frame, pd.Series(["repaid"] * 300))


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"chnge": 0.1}, "Extra inputs"),
        ({"change": 0}, "greater than 0"),
        ({"alpha": 1}, "less than 1"),
        ({"min_rows": 3}, "greater than or equal to 10"),
        ({"medium": 0.9}, "high is 0.5, below medium"),
    ],
)
def test_a_wrong_policy_is_refused(declared: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        CorrelationPolicy.model_validate(declared)
