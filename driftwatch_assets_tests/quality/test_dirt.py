"""Each kind of dirt is caught, with the right counts and the first place."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from driftwatch_assets_tests.quality.conftest import COLUMNS, GASES, SENSORS, judge

GAS = {"expect": "values_in", "column": "gas", "values": list(GASES)}
WHOLE = (
    {"expect": "schema"},
    {"expect": "row_count", "min": 50, "max": 5000},
    GAS,
    {"expect": "not_null", "columns": "features"},
    {"expect": "between", "columns": "features", "min": -1, "max": 1},
    {"expect": "unique", "columns": ["reading"]},
    {"expect": "no_duplicates"},
    {"expect": "rejected", "max_share": 0.05},
)


def test_a_clean_table_passes_every_check_in_the_order_of_the_suite(readings: pd.DataFrame) -> None:
    report = judge(readings, *WHOLE)
    assert report.passed
    assert not report.halts
    assert (report.table, report.batch, report.rows) == ("silver/readings", "7", 200)
    assert [one.name for one in report.verdicts] == [
        "schema",
        "row_count",
        "values_in_gas",
        "not_null_features",
        "between_features",
        "unique_reading",
        "no_duplicates",
        "rejected",
    ]
    assert all(one.sentence.startswith("holds: ") for one in report.verdicts)


@pytest.mark.parametrize(("rows", "short"), [(200, 0), (49, 1), (0, 50)])
def test_too_few_rows(readings: pd.DataFrame, rows: int, short: int) -> None:
    (verdict,) = judge(readings.head(rows), {"expect": "row_count", "min": 50}).verdicts
    assert verdict.passed is (short == 0)
    assert (verdict.observed["rows"], verdict.observed["unexpected_count"]) == (rows, short)


def test_too_many_rows(readings: pd.DataFrame) -> None:
    (verdict,) = judge(readings, {"expect": "row_count", "max": 150}).verdicts
    assert not verdict.passed
    assert verdict.observed["unexpected_count"] == 50
    assert verdict.sentence == "broken: the table has at most 150 rows; it has 200"


def test_values_outside_the_bounds_are_counted_by_column_and_the_first_is_named(readings: pd.DataFrame) -> None:
    readings.loc[9, "s002"] = 1.5
    readings.loc[[4, 9, 20], "s128"] = [-7.0, 2.0, np.inf]
    report = judge(readings, {"expect": "between", "columns": "features", "min": -1, "max": 1})
    (verdict,) = report.verdicts
    assert report.halts
    assert verdict.observed == {
        "rows": 200,
        "unexpected_count": 4,
        "unexpected_share": 3 / 200,
        "missing_count": 0,
        "worst_columns": {"s128": 3, "s002": 1},
        "first_rows": [
            {"row": 5, "column": "s128", "value": -7.0},
            {"row": 10, "column": "s002", "value": 1.5},
            {"row": 10, "column": "s128", "value": 2.0},
            {"row": 21, "column": "s128", "value": "inf"},
        ],
        "allowed_share": 0.0,
    }
    assert verdict.sentence == (
        "broken: every value of the features lies in [-1, 1]; 4 exceptions in 200 rows (1.50% of the worst column); "
        "most in s128 3, s002 1; first in row 5: s128 = -7.0"
    )


def test_bounds_are_inclusive(readings: pd.DataFrame) -> None:
    readings["s001"] = np.where(np.arange(200) % 2, 1.0, -1.0)
    assert judge(readings, {"expect": "between", "columns": ["s001"], "min": -1, "max": 1}).passed
    assert not judge(readings, {"expect": "between", "columns": ["s001"], "min": -1, "max": 0.999}).passed


def test_an_infinity_is_outside_even_where_that_side_has_no_bound(readings: pd.DataFrame) -> None:
    readings.loc[3, "s001"] = np.inf
    (verdict,) = judge(readings, {"expect": "between", "columns": "features", "min": -1}).verdicts
    assert verdict.observed["unexpected_count"] == 1


def test_a_missing_value_is_not_outside_but_missing(readings: pd.DataFrame) -> None:
    readings.loc[[3, 5], "s001"] = np.nan
    between, not_null = judge(
        readings,
        {"expect": "between", "columns": "features", "min": -1, "max": 1},
        {"expect": "not_null", "columns": "features"},
    ).verdicts
    assert between.passed
    assert between.observed["missing_count"] == 2
    assert not not_null.passed
    assert not_null.observed["worst_columns"] == {"s001": 2}
    assert not_null.observed["first_rows"][0] == {"row": 4, "column": "s001", "value": None}


def test_the_allowed_share_is_of_each_column_and_not_of_the_table(readings: pd.DataFrame) -> None:
    readings.loc[:19, "s001"] = np.nan
    suite = {"expect": "not_null", "columns": "features"}
    assert judge(readings, {**suite, "max_share": 0.1}).passed
    (verdict,) = judge(readings, {**suite, "max_share": 0.0999}).verdicts
    assert not verdict.passed
    assert verdict.observed["unexpected_share"] == 0.1


def test_at_most_ten_columns_and_five_rows_are_named(readings: pd.DataFrame) -> None:
    readings[list(SENSORS)] = 9.0
    (verdict,) = judge(readings, {"expect": "between", "columns": "features", "max": 1}).verdicts
    assert verdict.observed["unexpected_count"] == 200 * 128
    assert len(verdict.observed["worst_columns"]) == 10
    assert len(verdict.observed["first_rows"]) == 5


def test_an_unknown_class_is_counted_and_named(readings: pd.DataFrame) -> None:
    readings.loc[[0, 7, 8], "gas"] = ["butane", "butane", "Ethanol"]
    readings.loc[30, "gas"] = None
    (verdict,) = judge(readings, GAS).verdicts
    assert not verdict.passed
    assert verdict.observed["unexpected_count"] == 3
    assert verdict.observed["missing_count"] == 1
    assert verdict.observed["unexpected_share"] == 3 / 199
    assert verdict.observed["unexpected_values"] == {"butane": 2, "Ethanol": 1}
    assert verdict.observed["first_rows"][0] == {"row": 1, "column": "gas", "value": "butane"}


def test_a_share_of_unknown_classes_may_be_allowed(readings: pd.DataFrame) -> None:
    readings.loc[:9, "gas"] = "butane"
    assert judge(readings, {**GAS, "max_share": 0.05}).passed
    assert not judge(readings, {**GAS, "max_share": 0.0499}).passed


def test_unreadable_rows_are_counted_with_what_was_wrong(readings: pd.DataFrame) -> None:
    bronze = readings.rename(columns={"reading": "source_line"}).assign(problem=None)
    bronze.loc[[2, 5], "problem"] = ["index 129 is outside 1-128", "x7 is not a number"]
    known = {"columns": COLUMNS.__class__(identity=("source_line",))}
    (verdict,) = judge(bronze, {"expect": "readable", "max_share": 0.005}, **known).verdicts
    assert not verdict.passed
    assert verdict.observed["unexpected_share"] == 0.01
    assert verdict.observed["first_rows"] == [
        {"row": 3, "column": "problem", "value": "index 129 is outside 1-128"},
        {"row": 6, "column": "problem", "value": "x7 is not a number"},
    ]
    assert judge(bronze, {"expect": "readable", "max_share": 0.01}, **known).passed


@pytest.mark.parametrize(("rejected", "passed"), [(0, True), (10, True), (11, False)])
def test_rejected_rows_are_a_share_of_what_was_delivered(readings: pd.DataFrame, rejected: int, passed: bool) -> None:
    (verdict,) = judge(readings.head(190), {"expect": "rejected", "max_share": 0.05}, rejected=rejected).verdicts
    assert verdict.passed is passed
    assert verdict.observed["unexpected_share"] == rejected / (190 + rejected)


def test_a_repeated_id_counts_every_row_that_has_it(readings: pd.DataFrame) -> None:
    readings.loc[[7, 8], "reading"] = 3
    (verdict,) = judge(readings, {"expect": "unique", "columns": ["reading"]}).verdicts
    assert verdict.observed["unexpected_count"] == 3
    assert verdict.observed["surplus_rows"] == 2
    assert [place["row"] for place in verdict.observed["first_rows"]] == [3, 3, 3]


def test_several_columns_are_unique_together(readings: pd.DataFrame) -> None:
    readings["s001"], readings["s002"] = np.arange(200) // 2, np.arange(200) % 2
    pair = {"expect": "unique", "columns": ["s001", "s002"]}
    assert judge(readings, pair).passed
    readings.loc[1, "s002"] = 0
    (verdict,) = judge(readings, pair).verdicts
    assert verdict.observed["unexpected_count"] == 2
    readings.loc[1, "s001"] = np.nan
    (verdict,) = judge(readings, pair).verdicts
    assert verdict.passed
    assert verdict.observed["missing_count"] == 1


def test_repeated_rows_are_found_although_their_ids_differ(readings: pd.DataFrame) -> None:
    twice = pd.concat([readings, readings.iloc[[4]].assign(reading=201)])
    report = judge(twice, {"expect": "no_duplicates", "severity": "warn"})
    (verdict,) = report.verdicts
    assert not verdict.passed
    assert not report.halts
    assert verdict.observed["unexpected_count"] == 2
    assert verdict.observed["surplus_rows"] == 1
    assert [place["row"] for place in verdict.observed["first_rows"]] == [5, 201]


def test_rows_that_miss_the_same_values_are_the_same(readings: pd.DataFrame) -> None:
    readings.loc[[0, 1], ["gas", *SENSORS]] = None
    (verdict,) = judge(readings, {"expect": "no_duplicates", "columns": "all"}).verdicts
    assert verdict.observed["unexpected_count"] == 2


def test_the_schema_names_missing_undeclared_and_wrong_columns(readings: pd.DataFrame) -> None:
    spoilt = readings.drop(columns=["s003"]).assign(s004=readings["s004"].astype(str), note="x")
    (verdict,) = judge(spoilt, {"expect": "schema"}).verdicts
    assert not verdict.passed
    assert verdict.observed["unexpected_count"] == 3
    assert verdict.observed["missing_columns"] == ["s003"]
    assert verdict.observed["extra_columns"] == ["note"]
    assert verdict.observed["wrong_types"] == {"s004": "string (object) instead of float64"}
    assert "missing: s003; not declared: note; wrong type: s004 is string" in verdict.sentence


def test_only_a_blocking_error_halts(readings: pd.DataFrame) -> None:
    few = {"expect": "row_count", "min": 9999}
    assert judge(readings, few).halts
    assert not judge(readings, {**few, "severity": "warn"}).halts
    assert not judge(readings, {**few, "blocking": False}).halts
