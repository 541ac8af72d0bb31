"""A crash is not a verdict: it is raised, and names the check, the table and the batch."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest

from driftwatch_assets.quality import SuiteCrashed, SuiteError
from driftwatch_assets.quality.values import Between
from driftwatch_assets_tests.quality.conftest import judge

if TYPE_CHECKING:
    import pandas as pd


def test_an_exception_inside_great_expectations_own_expectation_is_raised(readings: pd.DataFrame) -> None:
    readings["s001"] = [[number] for number in range(len(readings))]
    with pytest.raises(SuiteCrashed, match="silver/readings, batch 7: the check pair crashed") as caught:
        judge(
            readings,
            {"expect": "row_count", "min": 1},
            {"expect": "unique", "columns": ["s001", "s002"], "name": "pair"},
        )
    assert (caught.value.table, caught.value.batch, caught.value.check) == ("silver/readings", "7", "pair")
    assert "unhashable" in str(caught.value)
    assert "Traceback" in caught.value.__notes__[0]


def test_an_exception_inside_a_table_wide_expectation_is_raised(
    readings: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        message = "the counting is broken"
        raise ZeroDivisionError(message)

    monkeypatch.setattr(Between, "examine", broken)
    with pytest.raises(SuiteCrashed, match=r"between_features crashed.*the counting is broken"):
        judge(readings, {"expect": "schema"}, {"expect": "between", "columns": "features", "min": 0})


def test_an_exception_while_an_expectation_is_prepared_or_read_is_raised(
    readings: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        message = "no such thing"
        raise KeyError(message)

    with monkeypatch.context() as patched:
        patched.setattr("driftwatch_assets.quality.counts.RowCount.build", broken)
        with pytest.raises(SuiteCrashed, match=r"row_count crashed.*KeyError"):
            judge(readings, {"expect": "row_count", "min": 1})
    monkeypatch.setattr("driftwatch_assets.quality.counts.RowCount.locate", broken)
    with pytest.raises(SuiteCrashed, match=r"row_count crashed.*KeyError"):
        judge(readings, {"expect": "row_count", "min": 1})


def test_a_table_with_a_column_twice_is_refused(readings: pd.DataFrame) -> None:
    with pytest.raises(SuiteCrashed, match="there twice cannot be validated: s001"):
        judge(readings.rename(columns={"s002": "s001"}), {"expect": "schema"})


def test_a_suite_that_does_not_fit_the_declared_columns_is_the_declarations_fault(readings: pd.DataFrame) -> None:
    with pytest.raises(SuiteError, match="no column 'gass'"):
        judge(readings, {"expect": "not_null", "columns": ["gass"]})


def test_a_crash_survives_the_way_between_processes() -> None:
    crash = pickle.loads(pickle.dumps(SuiteCrashed("it crashed", "silver/readings", "7", "schema")))  # noqa: S301 - own bytes
    assert (str(crash), crash.check) == ("it crashed", "schema")
