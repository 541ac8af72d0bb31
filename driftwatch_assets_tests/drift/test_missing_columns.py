"""Columns without any value, on one side or on both, are judged by name; they never stop a comparison."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from driftwatch_assets.drift import ColumnRefused, Policy, Reference, fit_within, judge, judge_within

ROWS = 200
RNG = np.random.default_rng(0)
EMPTY = {
    "NaN": np.full(ROWS, np.nan),
    "None": np.full(ROWS, None),
    "NA": pd.array([None] * ROWS, dtype="Int64"),
    "NaT": pd.array([pd.NaT] * ROWS, dtype="datetime64[ns]"),
    "no category": pd.Categorical([None] * ROWS, categories=["a", "b"]),
}
FILLED = {
    "numbers": RNG.normal(size=ROWS),
    "integers": pd.array([1, None] * (ROWS // 2), dtype="Int64"),
    "numbers as objects": np.array([1.5, None] * (ROWS // 2), dtype=object),
    "text": RNG.choice(list("abc"), ROWS).astype(object),
    "strings": pd.array(["a", None] * (ROWS // 2), dtype="string"),
    "flags": RNG.random(ROWS) < 0.5,
    "categories": pd.Categorical(["a", "b"] * (ROWS // 2)),
}


def verdict_on(reference: object, batch: object):  # noqa: ANN201 - Verdict
    fitted = Reference.from_bytes(Reference.fit(pd.DataFrame({"x": reference})).to_bytes())
    return judge(fitted.compare(pd.DataFrame({"x": batch})))


@pytest.mark.parametrize("empty", EMPTY)
@pytest.mark.parametrize("filled", FILLED)
def test_a_column_that_lost_or_found_all_its_values_drifted_by_its_missing_rate(filled: str, empty: str) -> None:
    lost = verdict_on(FILLED[filled], EMPTY[empty])
    assert (lost.drifted_features, lost.features[0].because) == (["x"], ("missing rate",))
    if empty != "NaT":
        found = verdict_on(EMPTY[empty], FILLED[filled])
        assert (found.drifted_features, found.features[0].because) == (["x"], ("missing rate",))


@pytest.mark.parametrize("before", ["NaN", "None", "NA", "no category"])
@pytest.mark.parametrize("now", EMPTY)
def test_a_column_without_values_on_both_sides_is_judged_and_did_not_drift(before: str, now: str) -> None:
    verdict = verdict_on(EMPTY[before], EMPTY[now])
    assert (verdict.drift_detected, verdict.judged_features) == (False, 1)


def test_one_of_many_columns_that_went_missing_is_found_by_name_and_can_be_left_alone() -> None:
    rng = np.random.default_rng(1)
    names = [f"fe_{at}" for at in range(1, 16)]
    reference = pd.DataFrame(rng.normal(size=(3000, 15)), columns=names)
    batch = pd.DataFrame(rng.normal(size=(500, 15)), columns=names).assign(fe_10=np.full(500, None))
    statistics = Reference.fit(reference).compare(batch)
    verdict = judge(statistics)
    assert (verdict.drift_detected, verdict.drifted_features) == (True, ["fe_10"])
    assert "fe_10 (missing 0 % before and 100 % now)" in verdict.reason
    assert judge(statistics, Policy(missing_rate_change=None)).drift_detected is False


@pytest.mark.parametrize("kind", FILLED)
def test_a_batch_without_rows_is_not_judged(kind: str) -> None:
    reference = Reference.fit(pd.DataFrame({"x": FILLED[kind], "y": FILLED["numbers"]}))
    verdict = judge(reference.compare(pd.DataFrame({"x": [], "y": []}, dtype=object)))
    assert verdict.drift_detected is None
    assert "the batch has 0 rows" in verdict.reason


def test_numbers_among_objects_are_numbers_but_text_among_them_is_refused() -> None:
    reference = Reference.fit(pd.DataFrame({"x": np.array([*range(100), None], dtype=object)}))
    assert reference.categorical == ()
    with pytest.raises(ColumnRefused, match=r"column 'x' of the batch has the type object \(first value 'many'\)"):
        reference.compare(pd.DataFrame({"x": ["many"]}))


def test_the_kind_of_a_column_is_the_same_within_every_class() -> None:
    frame = pd.DataFrame({"x": [1, 2] * 50 + ["many", "few"] * 50})
    labels = pd.Series(["a"] * 100 + ["b"] * 100)
    references = fit_within(frame, labels)
    assert [each.categorical for each in references.references.values()] == [("x",), ("x",)]
    assert judge_within(references.compare(frame, labels[::-1]))["drift_detected"].tolist() == [True, True]
