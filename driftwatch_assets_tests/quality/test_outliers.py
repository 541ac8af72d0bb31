"""`outliers` counts the values that lie far outside, by measures that outliers do not move."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch_assets.quality import SuiteError, TableColumns, parse_suite
from driftwatch_assets.quality.outliers import Outliers
from driftwatch_assets_tests.quality.conftest import judge

METHODS = ("iqr", "mad")


def _found(values: object, **more: object) -> dict[str, object]:
    frame = pd.DataFrame({"x": values})
    (verdict,) = judge(frame, {"expect": "outliers", "columns": ["x"], **more}, columns=TableColumns()).verdicts
    return dict(verdict.observed)


def test_outliers_are_counted_by_column_with_the_bounds_that_they_break() -> None:
    frame = pd.DataFrame({"age": [*range(20, 60), 8698, -500], "debt": [*range(41), 23_800_000], "kind": "a"})
    (verdict,) = judge(
        frame,
        {"expect": "outliers", "columns": "features", "max_share": 0.02},
        columns=TableColumns(features=("age", "debt", "kind")),
    ).verdicts
    assert not verdict.passed
    assert verdict.observed["worst_columns"] == {"age": 2, "debt": 1}
    assert verdict.observed["unexpected_share"] == 2 / 42
    assert verdict.observed["bounds"]["age"] == [-32.25, 111.25]
    assert verdict.observed["not_numbers"] == ["kind"]
    assert "most in age 2, debt 1; first in row 40: age = 8698" in verdict.sentence


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("values", "count"),
    [
        ([7.0] * 50, 0),
        ([7.0] * 50 + [None], 0),
        ([0.0] * 95 + [1.0] * 5, 0),
        ([0.0] * 95 + [1.0, 1.1, 0.9, 1.0, 5000.0], 1),
        ([7.0] * 50 + [np.inf, -np.inf], 2),
        ([np.inf] * 3, 3),
        ([None] * 3, 0),
        ([], 0),
        ([5.0], 0),
        ([True, False] * 20, 40),
        (["a", "b", None], 2),
    ],
)
def test_odd_columns_have_defined_answers(method: str, values: list[object], count: int) -> None:
    found = _found(values, method=method)
    assert found["unexpected_count"] == count
    assert found["unexpected_share"] == (0 if not count else found["unexpected_share"])


@pytest.mark.parametrize("method", METHODS)
def test_a_fifth_of_wild_values_does_not_hide_itself(method: str) -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(50, 5, 1000)
    values[:200] = 1e9
    assert _found(values, method=method, factor=6)["unexpected_count"] == 200


@pytest.mark.parametrize("dtype", ["int64", "Int64", "float32", "float64[pyarrow]", "object", "category"])
def test_numbers_are_judged_whatever_holds_them(dtype: str) -> None:
    assert _found(pd.Series([*range(50), 10_000]).astype(dtype))["unexpected_count"] == 1


def test_nothing_is_an_outlier_of_a_normal_column_at_factor_three() -> None:
    assert _found(np.random.default_rng(1).normal(size=2000))["unexpected_count"] == 0


@given(st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=60), st.floats(0.1, 100), st.floats(-1e3, 1e3))
def test_scaling_and_shifting_a_column_does_not_change_what_is_far(
    values: list[float], scale: float, shift: float
) -> None:
    rounded = np.round(np.array(values), 3)
    for method in METHODS:
        rule = Outliers(expect="outliers", columns="all", method=method)  # type: ignore[arg-type]
        low, high = rule.bounds(rounded)
        scaled_low, scaled_high = rule.bounds(rounded * scale + shift)
        if np.isfinite(low) and np.isfinite(scaled_low):
            assert scaled_low == pytest.approx(low * scale + shift, rel=1e-6, abs=1e-3)
            assert scaled_high == pytest.approx(high * scale + shift, rel=1e-6, abs=1e-3)


@pytest.mark.parametrize(
    ("item", "told"),
    [
        ({"factor": 0}, r"\.factor: .*greater than 0, found 0"),
        ({"factor": float("inf")}, r"\.factor: .*finite number"),
        ({"method": "z"}, r"\.method: .*'iqr' or 'mad', found 'z'"),
    ],
)
def test_a_wrong_declaration_is_told(item: dict[str, object], told: str) -> None:
    with pytest.raises(SuiteError, match=told):
        parse_suite([{"expect": "outliers", "columns": "features", **item}])
