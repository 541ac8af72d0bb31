"""The whole-table score sees what a classifier can see, says so with an honest p-value, and gives the same twice."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from driftwatch_assets.drift import (
    ColumnRefused,
    ColumnsDiffer,
    DriftError,
    Reference,
    WholeTablePolicy,
    compare_whole_table,
    judge,
    judge_whole_table,
)


def mixed(rows: int, seed: int | np.random.Generator) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(rows, 4)), columns=[f"x{at}" for at in range(4)])
    frame["job"] = rng.choice(["clerk", "cook", "pilot"], rows, p=[0.6, 0.3, 0.1]).astype(object)
    frame["gappy"] = np.where(rng.random(rows) < 0.2, np.nan, rng.exponential(size=rows))
    frame.loc[rng.random(rows) < 0.1, "job"] = None
    return frame


REFERENCE = mixed(800, 0)


@pytest.mark.parametrize(("reference_rows", "batch_rows", "draws"), [(600, 150, 4), (100, 100, 6)])
def test_batches_without_drift_raise_no_alarm(reference_rows: int, batch_rows: int, draws: int) -> None:
    rng = np.random.default_rng(1)
    found = [compare_whole_table(mixed(reference_rows, rng), mixed(batch_rows, rng)) for _ in range(draws)]
    assert not any(judge_whole_table(each).drift_detected for each in found)
    assert np.mean([each.auc for each in found]) == pytest.approx(0.5, abs=0.04)


@pytest.mark.soak
@pytest.mark.parametrize(
    ("reference_rows", "batch_rows", "draws"), [(100, 100, 400), (600, 150, 150), (1000, 300, 100)]
)
def test_the_p_value_and_the_interval_keep_their_level(reference_rows: int, batch_rows: int, draws: int) -> None:
    rng = np.random.default_rng(2)
    found = [compare_whole_table(mixed(reference_rows, rng), mixed(batch_rows, rng)) for _ in range(draws)]
    # Twice the level is what chance allows in so many draws; independent folds would give 5 %.
    assert sum(judge_whole_table(each).drift_detected is True for each in found) <= 0.02 * draws
    assert sum(each.pvalue < 0.01 for each in found) <= 0.025 * draws
    assert sum(each.pvalue < 0.05 for each in found) <= 0.08 * draws
    assert sum(each.low <= 0.5 <= each.high for each in found) >= 0.92 * draws


def test_a_shift_is_seen_and_the_feature_that_shifted_named() -> None:
    batch = mixed(300, 3)
    batch["x2"] += 1.2
    verdict = judge_whole_table(compare_whole_table(REFERENCE, batch))
    assert (verdict.drift_detected, verdict.severity) == (True, "medium")
    assert verdict.drifted_features == ["x2"]
    assert verdict.reason.endswith("most of all by x2, so the severity is medium")
    assert verdict.statistic.low < verdict.statistic.auc < verdict.statistic.high


def test_a_changed_relation_between_two_columns_is_seen_where_neither_column_changed() -> None:
    rng = np.random.default_rng(4)

    def pair(rows: int, sign: int) -> pd.DataFrame:
        x = rng.normal(size=rows)
        return pd.DataFrame({"x": x, "y": sign * 0.9 * x + 0.44 * rng.normal(size=rows), "z": rng.normal(size=rows)})

    reference, batch = pair(1500, 1), pair(500, -1)
    assert judge(Reference.fit(reference).compare(batch)).drift_detected is False
    verdict = judge_whole_table(compare_whole_table(reference, batch))
    assert (verdict.drift_detected, verdict.severity) == (True, "high")
    assert set(verdict.drifted_features) == {"x", "y"}


@pytest.mark.parametrize(
    ("change", "feature"),
    [
        (lambda batch: batch.assign(job=batch["job"].replace("cook", "baker")), "job"),
        (lambda batch: batch.assign(gappy=np.full(len(batch), None)), "gappy"),
        (lambda batch: batch.assign(x1=batch["x1"].where(batch.index % 2 == 0)), "x1"),
        (lambda batch: batch.assign(x1=batch["x1"] * 3), "x1"),
    ],
    ids=["new category", "all values missing", "half missing", "wider"],
)
def test_new_categories_missing_values_and_wider_spreads_are_seen(change, feature: str) -> None:  # noqa: ANN001
    verdict = judge_whole_table(compare_whole_table(REFERENCE, change(mixed(300, 5))))
    assert verdict.drift_detected is True
    assert verdict.drifted_features[0] == feature


def test_columns_that_say_nothing_do_not_stop_the_comparison() -> None:
    def with_oddities(frame: pd.DataFrame) -> pd.DataFrame:
        identifiers = [f"id {at}" for at in range(len(frame))]
        return frame.assign(empty=np.nan, nothing=None, constant=1.0, flag=True, identifier=identifiers)

    verdict = judge_whole_table(compare_whole_table(with_oddities(REFERENCE), with_oddities(mixed(300, 6))))
    assert verdict.drift_detected is False
    found = compare_whole_table(REFERENCE.assign(note=None), mixed(300, 6).assign(note=["new", "words"] * 150))
    assert found.strongest[0][0] == "note"


def test_sides_that_have_nothing_in_common_have_an_interval_too() -> None:
    found = compare_whole_table(REFERENCE, mixed(300, 7) + {"x0": 50, "x1": 0, "x2": 0, "x3": 0, "gappy": 0, "job": ""})
    assert (found.auc, found.high) == (pytest.approx(1, abs=1e-3), 1)
    assert 0.98 < found.low < found.auc


def test_features_that_say_the_same_are_named_although_none_is_needed() -> None:
    rng = np.random.default_rng(15)

    def copies(rows: int, shift: float) -> pd.DataFrame:
        common = rng.normal(shift, 1, rows)
        return pd.DataFrame({f"x{at}": common + 0.01 * rng.normal(size=rows) for at in range(3)} | {"z": common * 0})

    found = compare_whole_table(copies(600, 0), copies(300, 4))
    assert found.auc > 0.98
    assert found.strongest
    assert {name for name, _ in found.strongest} <= {"x0", "x1", "x2"}


@pytest.mark.parametrize("rows", [0, 1, 99])
def test_too_few_rows_are_neither_pass_nor_failure(rows: int) -> None:
    verdict = judge_whole_table(compare_whole_table(REFERENCE, mixed(200, 8).head(rows)))
    assert (verdict.drift_detected, verdict.severity, verdict.drifted_features) == (None, "none", [])
    assert verdict.reason == f"not judged: the batch has {rows} rows and the reference 800; 100 on each side are needed"
    assert json.loads(json.dumps(verdict.as_dict(), allow_nan=False))["auc"] is None


def test_the_same_tables_give_the_same_whatever_the_index_and_the_order_of_columns() -> None:
    batch = mixed(300, 9)
    first = compare_whole_table(REFERENCE, batch)
    np.random.seed(1)  # noqa: NPY002 - what another part of the process does must not matter
    again = compare_whole_table(REFERENCE, batch.set_axis(range(7000, 7300))[list(reversed(batch.columns))])
    assert first == again
    assert compare_whole_table(REFERENCE, batch, WholeTablePolicy(seed=1)) != first


def test_large_sides_are_sampled() -> None:
    found = compare_whole_table(mixed(5000, 10), mixed(3000, 11), WholeTablePolicy(max_rows=400))
    assert (found.rows_reference, found.rows_current) == (400, 400)


def test_the_verdict_is_json_and_its_thresholds_are_declared() -> None:
    batch = mixed(300, 12)
    batch["x2"] += 0.5
    found = compare_whole_table(REFERENCE, batch)
    assert judge_whole_table(found, WholeTablePolicy(auc=0.55)).drift_detected is True
    verdict = judge_whole_table(found, WholeTablePolicy(auc=0.75))
    assert (verdict.drift_detected, verdict.share_drifted) == (False, 0)
    told = json.loads(json.dumps(verdict.as_dict(), allow_nan=False))
    assert told["policy"]["auc"] == 0.75
    assert told["strongest"][0]["feature"] == "x2"


def test_faulty_tables_are_refused_by_column() -> None:
    batch = mixed(300, 13)
    with pytest.raises(ColumnsDiffer, match="it lacks the column 'job'"):
        compare_whole_table(REFERENCE, batch.drop(columns="job"))
    with pytest.raises(ColumnRefused, match="column 'x0' of the batch has the type object"):
        compare_whole_table(REFERENCE, batch.assign(x0="high"))
    with pytest.raises(ColumnRefused, match="column 'x0' of the batch holds 300 infinite values"):
        compare_whole_table(REFERENCE, batch.assign(x0=np.inf))
    with pytest.raises(ColumnRefused, match=r"has the type datetime64\[ns\]"):
        compare_whole_table(REFERENCE.assign(day=pd.Timestamp(0)), batch.assign(day=pd.Timestamp(0)))
    with pytest.raises(DriftError, match="the reference has no columns"):
        compare_whole_table(REFERENCE[[]], batch[[]])


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"area": 0.6}, "Extra inputs"),
        ({"auc": 0.5}, "greater than 0.5"),
        ({"folds": 1}, "greater than or equal to 2"),
        ({"medium": 0.9}, "high is 0.8, below medium"),
        ({"min_rows": 5000}, "max_rows is 2000, below min_rows"),
    ],
)
def test_a_wrong_policy_is_refused(declared: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        WholeTablePolicy.model_validate(declared)
