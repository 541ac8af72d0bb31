"""Tables that are odd but no fault of the code: each gives a verdict."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pandas as pd
import pytest

from driftwatch_assets.quality import TableColumns
from driftwatch_assets.quality.schema import fits
from driftwatch_assets_tests.quality.conftest import SENSORS, judge
from driftwatch_assets_tests.quality.test_dirt import GAS, WHOLE

MOMENTS = pd.to_datetime(["2023-01-01 00:00", "2022-12-31 23:59", "2023-06-30 00:00", None])


def test_an_empty_table_breaks_the_row_count_and_nothing_else(readings: pd.DataFrame) -> None:
    report = judge(readings.iloc[:0], *WHOLE)
    assert [one.name for one in report.failed] == ["row_count"]


def test_a_table_of_no_columns_breaks_what_needs_them(readings: pd.DataFrame) -> None:
    report = judge(readings[[]], *WHOLE)
    assert [one.name for one in report.failed] == [
        "schema",
        "values_in_gas",
        "not_null_features",
        "between_features",
        "unique_reading",
        "no_duplicates",
    ]


@pytest.mark.parametrize(
    "item",
    [
        GAS,
        {"expect": "not_null", "columns": ["gas"]},
        {"expect": "between", "columns": ["gas"], "min": 0},
        {"expect": "unique", "columns": ["gas"]},
        {"expect": "no_duplicates", "columns": ["gas", "s001"]},
        {"expect": "readable", "column": "gas"},
    ],
)
def test_a_missing_column_breaks_an_expectation_and_does_not_crash_it(
    readings: pd.DataFrame, item: dict[str, object]
) -> None:
    (verdict,) = judge(readings.drop(columns="gas"), item).verdicts
    assert not verdict.passed
    assert verdict.observed["absent_columns"] == ["gas"]
    assert "the table has no column gas" in verdict.sentence


def test_a_misspelt_column_of_an_undeclared_table_is_told_with_the_nearest(readings: pd.DataFrame) -> None:
    (verdict,) = judge(readings, {"expect": "not_null", "columns": ["gass"]}, columns=TableColumns()).verdicts
    assert verdict.observed["nearest"].startswith("did you mean 'gas'?")


def test_columns_without_any_value_pass_between_and_values_in_and_break_not_null(readings: pd.DataFrame) -> None:
    readings["s001"], readings["gas"] = np.nan, None
    report = judge(readings, *WHOLE)
    assert [one.name for one in report.failed] == ["not_null_features"]
    assert report.verdicts[2].observed["missing_count"] == 200


def test_text_among_numbers_is_outside_of_any_bounds(readings: pd.DataFrame) -> None:
    readings["s001"] = readings["s001"].astype(str)
    (verdict,) = judge(readings, {"expect": "between", "columns": "features", "min": -1, "max": 1}).verdicts
    assert verdict.observed["unexpected_count"] == 200
    assert verdict.observed["uncomparable_columns"] == ["s001"]
    assert "of a type that has no such bounds: s001" in verdict.sentence


@pytest.mark.parametrize("dtype", ["float32", "Float64", "Int64", "int8", "float64[pyarrow]", "object", "category"])
def test_numbers_are_compared_whatever_holds_them(readings: pd.DataFrame, dtype: str) -> None:
    values = [5, 1, 3 if dtype == "int8" else None, 3] + [1] * 196
    readings["s001"] = pd.Series(values).astype(dtype)
    (verdict,) = judge(readings, {"expect": "between", "columns": ["s001"], "min": 1, "max": 3}).verdicts
    assert verdict.observed["unexpected_count"] == 1
    assert verdict.observed["missing_count"] == (dtype != "int8")
    assert verdict.observed["first_rows"] == [{"row": 1, "column": "s001", "value": 5}]


@pytest.mark.parametrize("dtype", ["object", "category", "string", "string[pyarrow]"])
def test_classes_are_compared_whatever_holds_them(readings: pd.DataFrame, dtype: str) -> None:
    readings.loc[[0, 1], "gas"] = ["butane", None]
    readings["gas"] = readings["gas"].astype(dtype)
    (verdict,) = judge(readings, GAS).verdicts
    assert (verdict.observed["unexpected_count"], verdict.observed["missing_count"]) == (1, 1)


def test_an_allowed_class_that_a_batch_lacks_is_no_breach(readings: pd.DataFrame) -> None:
    assert judge(readings[readings["gas"] != "acetone"], GAS).passed


@pytest.mark.parametrize(
    "column",
    [
        MOMENTS,
        MOMENTS.tz_localize("UTC"),
        MOMENTS.as_unit("s"),
        [dt.date(2023, 1, 1), dt.date(2022, 12, 31), dt.date(2023, 6, 30), None],
        [dt.date(2023, 1, 1), dt.date(9999, 12, 31), dt.date(2023, 6, 30), None],
    ],
    ids=["plain", "zone", "seconds", "dates", "year-9999"],
)
def test_dates_have_inclusive_bounds_too(column: object) -> None:
    frame = pd.DataFrame({"day": column})
    suite = {"expect": "between", "columns": ["day"], "min": "2023-01-01", "max": "2023-06-30"}
    (verdict,) = judge(frame, suite, columns=TableColumns()).verdicts
    assert verdict.observed["unexpected_count"] == 1
    assert verdict.observed["first_rows"][0]["row"] == 1
    assert verdict.observed["missing_count"] == 1


def test_a_date_is_not_between_numbers_nor_a_number_between_dates() -> None:
    frame = pd.DataFrame({"day": pd.to_datetime(["2023-01-01"]), "n": [5]})
    days, numbers = judge(
        frame,
        {"expect": "between", "columns": ["day"], "min": 0},
        {"expect": "between", "columns": ["n"], "min": "2023-01-01"},
        columns=TableColumns(),
    ).verdicts
    assert not days.passed
    assert not numbers.passed


def test_bounds_with_a_zone_are_compared_in_utc() -> None:
    frame = pd.DataFrame({"at": pd.to_datetime(["2023-01-01 00:30"]).tz_localize("Europe/Berlin")})
    suite = {"expect": "between", "columns": ["at"], "min": "2023-01-01"}
    assert not judge(frame, suite, columns=TableColumns()).passed
    assert judge(frame, {**suite, "min": "2023-01-01T00:00+01:00"}, columns=TableColumns()).passed


@pytest.mark.parametrize(
    ("values", "dtype", "wanted", "expected"),
    [
        ([1, 2], "int64", "integer", True),
        ([1, 2], "int32", "int64", False),
        ([1, 2], "Int64", "number", True),
        ([1.0, None], "float64", "number", True),
        ([1.0, None], "float64", "integer", False),
        ([True, False], "bool", "boolean", True),
        ([True, None], "object", "boolean", True),
        (["a", None], "object", "string", True),
        (["a", None], "string", "string", True),
        (["a", 1], "object", "string", False),
        ([None, None], "object", "string", True),
        ([None, None], "object", "float", False),
        ([None, None], "float64", "string", False),
        (["a", "b"], "category", "category", True),
        (["a", "b"], "category", "string", False),
        (["2023-01-01", None], "datetime64[ns]", "datetime", True),
        ([dt.date(2023, 1, 1)], "object", "date", True),
        ([dt.date(2023, 1, 1)], "object", "datetime", False),
    ],
)
def test_a_type_is_a_family_or_an_exact_dtype(values: list[object], dtype: str, wanted: str, expected: bool) -> None:
    assert fits(pd.Series(values, dtype=dtype), wanted) is expected


def test_the_index_of_the_frame_does_not_matter(readings: pd.DataFrame) -> None:
    readings.loc[5, "s001"] = 9.0
    readings.loc[6, "gas"] = "butane"
    shuffled = readings.set_axis([1] * len(readings))
    plain, odd = judge(readings, *WHOLE), judge(shuffled, *WHOLE)
    assert plain == odd
    assert len(plain.failed) == 2


def test_without_an_identity_a_row_is_known_by_its_position(readings: pd.DataFrame) -> None:
    readings.loc[5, "s001"] = 9.0
    known = {"columns": TableColumns(features=SENSORS)}
    (verdict,) = judge(readings, {"expect": "between", "columns": "features", "max": 1}, **known).verdicts
    assert verdict.observed["first_rows"][0]["row"] == 5


def test_two_expectations_on_the_same_thing_with_other_names_get_a_verdict_each(readings: pd.DataFrame) -> None:
    readings.loc[0, "gas"] = "butane"
    report = judge(readings, {**GAS, "name": "strict"}, {**GAS, "name": "lenient", "max_share": 0.5})
    assert [(one.name, one.passed) for one in report.verdicts] == [("strict", False), ("lenient", True)]
    report = judge(readings, {**GAS, "name": "grave"}, {**GAS, "name": "mild", "severity": "warn"})
    assert [(one.name, one.passed) for one in report.verdicts] == [("grave", False), ("mild", False)]


def test_an_empty_suite_gives_no_verdict(readings: pd.DataFrame) -> None:
    assert judge(readings).verdicts == ()


def test_the_evidence_is_plain_enough_for_strict_json(readings: pd.DataFrame) -> None:
    readings.loc[0, ["s001", "s002"]] = [np.inf, np.nan]
    readings.loc[1, "gas"] = "x" * 1000
    for verdict in judge(readings, *WHOLE, {"expect": "readable", "column": "gas"}).verdicts:
        assert json.loads(json.dumps(verdict.observed, allow_nan=False)) == verdict.observed


def test_the_frame_is_left_as_it_was(readings: pd.DataFrame) -> None:
    before = readings.copy(deep=True)
    judge(readings, *WHOLE)
    pd.testing.assert_frame_equal(readings, before)
