from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from driftwatch_assets.drift import Reference
from driftwatch_assets.reporting import histogram, histograms, strongest
from driftwatch_assets.reporting.axes import Axis, round_values
from driftwatch_assets.reporting.figures import small_multiple

VALUES = st.lists(st.floats(-1e9, 1e9, allow_nan=False), min_size=1, max_size=60)


@given(reference=VALUES, current=VALUES)
@example(reference=[0.0], current=[5e-324])
@example(reference=[1e-310], current=[1e-310])
def test_no_row_is_lost_between_the_bins(reference: list[float], current: list[float]) -> None:
    found = histogram("x", pd.Series(reference), pd.Series(current))
    assert sum(found.reference) == len(reference)
    assert sum(found.current) == len(current)
    assert list(found.edges) == sorted(set(found.edges))


@given(reference=VALUES, current=VALUES)
def test_every_histogram_can_be_drawn_within_its_box(reference: list[float], current: list[float]) -> None:
    figure = small_multiple(histogram("x", pd.Series(reference), pd.Series(current)))
    assert all(0 <= tick.at <= figure.width for tick in figure.ticks)
    assert "nan" not in figure.current + figure.reference


def test_an_outlier_does_not_flatten_the_picture() -> None:
    rng = np.random.default_rng(0)
    found = histogram("x", pd.Series([*rng.normal(size=999), 1e6]), pd.Series(rng.normal(size=999)))
    assert found.edges[-1] < 10
    assert found.beyond_reference > 0
    assert sum(found.reference) == 1000


def test_infinite_and_missing_values_are_counted_as_missing() -> None:
    found = histogram("x", pd.Series([1.0, 2.0, np.inf]), pd.Series([1.0, None, np.nan]))
    assert (found.missing_reference, found.missing_current) == (1, 2)


def test_a_side_without_any_value_is_drawn_empty() -> None:
    found = histogram("x", pd.Series([1.0, 2.0]), pd.Series([None, None], dtype="float64"))
    assert sum(found.current) == 0
    assert found.median_current is None
    assert small_multiple(found).medians[0][0] == "reference"


def test_constant_values_get_a_bin() -> None:
    found = histogram("x", pd.Series([3.0] * 5), pd.Series([3.0] * 7))
    assert max(found.reference) == 5
    assert max(found.current) == 7


def test_rare_categories_are_counted_together() -> None:
    names = pd.Series([name for at, name in enumerate("abcdefghijklmnop") for _ in range(40 - at)])
    found = histogram("x", names, names)
    assert found.categories == (*"abcdefghijkl", "(other values)")
    assert sum(found.reference) == len(names)


def test_a_kept_reference_counts_like_its_rows() -> None:
    rng = np.random.default_rng(1)
    rows = pd.DataFrame({"x": rng.normal(size=500), "gas": rng.choice(["a", "b"], 500)})
    batch = pd.DataFrame({"x": rng.normal(1, size=300), "gas": rng.choice(["a", "c"], 300)})
    assert histograms(Reference.fit(rows), batch, ["x", "gas"]) == histograms(rows, batch, ["x", "gas"])


def test_a_feature_that_is_not_there_is_named() -> None:
    with pytest.raises(KeyError, match="fe_9"):
        histograms(pd.DataFrame({"x": [1.0]}), pd.DataFrame({"x": [1.0]}), ["fe_9"])


def test_drifted_features_are_drawn_before_stronger_ones_that_are_not() -> None:
    frame = pd.DataFrame({"feature": ["a", "b"], "effect": [np.inf, 0.2], "drifted": [False, True]})
    assert strongest(frame) == ("b", "a")


@given(low=st.floats(-1e6, 1e6), span=st.floats(1e-3, 1e6), count=st.integers(2, 8))
def test_ticks_are_within_the_axis_and_not_too_many(low: float, span: float, count: int) -> None:
    values = round_values(low, low + span, count)
    assert len(values) <= count + 1
    assert all(low - 1e-6 * span <= each <= low + span + 1e-6 * span for each in values)
    axis = Axis(low, low + span, 0.0, 100.0)
    assert all(-0.01 <= tick.at <= 100.01 for tick in axis.ticks(count))


def test_a_batch_without_any_value_is_drawn_as_its_reference_is_whatever_type_it_has() -> None:
    nothing = pd.Series([None, None], dtype=object)
    numbers = histogram("x", pd.Series([1.0, 2.0, 3.0]), nothing)
    assert numbers.edges
    assert small_multiple(numbers).missing == "no value in this batch"
    names = histogram("x", pd.Series(["a", "b", "b"]), pd.Series([np.nan, np.nan]))
    assert names.categories == ("a", "b")
    assert names.missing_current == 2
    assert small_multiple(names).missing == "no value in this batch"


def test_numbers_among_objects_are_drawn_as_numbers() -> None:
    found = histogram("x", pd.Series([1.0, 2.0]), pd.Series([1, None, 3], dtype=object))
    assert found.edges
    assert (sum(found.current), found.missing_current) == (2, 1)


@pytest.mark.parametrize("dtype", ["float64", "object"])
def test_a_side_without_rows_is_drawn_empty(dtype: str) -> None:
    rows = pd.DataFrame({"x": [1.0, 2.0], "gas": ["a", "b"]})
    empty = pd.DataFrame({"x": pd.Series(dtype=dtype), "gas": pd.Series(dtype="object")})
    for found in (*histograms(rows, empty, ["x", "gas"]), *histograms(empty, empty, ["x", "gas"])):
        assert sum(found.current) == 0
        assert small_multiple(found).missing in {"no value in this batch", "no value on either side"}


def test_long_names_of_categories_stay_apart_where_they_are_cut() -> None:
    names = pd.Series([f"Occupation_number_{at}" for at in range(5)] * 3)
    labels = [bar.label for bar in small_multiple(histogram("x", names, names)).bars]
    assert len(set(labels)) == 5
    assert all(len(each) <= 13 for each in labels)
