"""`conflicting_labels` counts the rows that are the same and are labelled differently."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from driftwatch_assets.quality import SuiteError, TableColumns, check_columns, parse_suite
from driftwatch_assets_tests.quality.conftest import judge

KNOWN = TableColumns(features=("a", "b"), identity=("id",))
SUITE = {"expect": "conflicting_labels", "label": "y"}


def _frame(rows: list[tuple[object, object, object]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["a", "b", "y"]).assign(id=range(1, len(rows) + 1))


def test_rows_that_contradict_each_other_are_counted_and_the_first_is_named() -> None:
    frame = _frame([(1, "x", "yes"), (1, "x", "no"), (1, "x", "yes"), (1, "z", "no"), (2, "x", "no"), (2, "x", "no")])
    (verdict,) = judge(frame, SUITE, columns=KNOWN).verdicts
    assert not verdict.passed
    assert verdict.observed["unexpected_count"] == 3
    assert verdict.observed["unexpected_share"] == 0.5
    assert verdict.observed["conflicting_groups"] == 1
    assert [place["row"] for place in verdict.observed["first_rows"]] == [1, 2, 3]
    assert verdict.sentence == (
        "broken: rows that are equal in the features have the same y; "
        "3 rows (50.00%) in 1 group of equal rows contradict each other; first in row 1"
    )


def test_a_share_may_be_allowed() -> None:
    frame = _frame([(1, "x", "yes"), (1, "x", "no"), *((number, "x", "no") for number in range(2, 10))])
    assert judge(frame, {**SUITE, "max_share": 0.2}, columns=KNOWN).passed
    assert not judge(frame, {**SUITE, "max_share": 0.19}, columns=KNOWN).passed


def test_missing_values_are_equal_and_rows_without_a_label_are_left_out() -> None:
    frame = _frame([(None, "x", "yes"), (None, "x", "no"), (3, "x", "no"), (3, "x", None), (None, None, "no")])
    (verdict,) = judge(frame, SUITE, columns=KNOWN).verdicts
    assert (verdict.observed["unexpected_count"], verdict.observed["missing_count"]) == (2, 1)


def test_repeated_rows_with_one_label_are_no_conflict() -> None:
    (verdict,) = judge(_frame([(1, "x", "no")] * 50), SUITE, columns=KNOWN).verdicts
    assert verdict.passed


@pytest.mark.parametrize("dtype", ["category", "string", "string[pyarrow]", "object"])
def test_conflicts_are_found_whatever_holds_the_values(dtype: str) -> None:
    frame = _frame([("1", "x", "yes"), ("1", "x", "no"), (None, "x", "no")])
    frame = frame.astype({"a": dtype, "b": dtype, "y": dtype})
    (verdict,) = judge(frame, SUITE, columns=KNOWN).verdicts
    assert verdict.observed["unexpected_count"] == 2


def test_the_count_is_that_of_a_plain_loop() -> None:
    rng = np.random.default_rng(8)
    frame = pd.DataFrame(rng.integers(0, 6, size=(400, 3)), columns=["a", "b", "y"])
    frame.loc[::7, "y"] = np.nan
    expected = sum(
        any(row.a == other.a and row.b == other.b and row.y != other.y for other in frame.dropna().itertuples())
        for row in frame.dropna().itertuples()
    )
    (verdict,) = judge(frame, SUITE, columns=KNOWN).verdicts
    assert verdict.observed["unexpected_count"] == expected


def test_the_label_is_no_feature() -> None:
    with pytest.raises(SuiteError, match="the label 'y' stands among the columns too"):
        parse_suite([{**SUITE, "columns": ["a", "y"]}])
    with pytest.raises(SuiteError, match="all columns are only the label 'y'"):
        check_columns(parse_suite([{**SUITE, "columns": "all"}]), TableColumns(types={"y": "string"}))


def test_the_label_is_left_out_of_a_group() -> None:
    frame = _frame([(1, "x", "yes"), (1, "x", "no")])
    (verdict,) = judge(frame, {**SUITE, "columns": "all"}, columns=TableColumns(identity=("id",))).verdicts
    assert verdict.observed["unexpected_count"] == 2
