"""`matches` counts every value that is not written as declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from driftwatch_assets.quality import SuiteError, TableColumns, parse_suite
from driftwatch_assets_tests.quality.conftest import judge

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KNOWN = TableColumns(identity=("line",))
DIRT = (
    ("features_attributes.csv", "Age", r"-?\d+", 637),
    ("features_attributes.csv", "SSN", r"\d{3}-\d{2}-\d{4}", 703),
    ("features_attributes.csv", "Occupation", r"(?!_+$).+", 880),
    ("features_financials.csv", "Annual_Income", r"\d+(\.\d+)?", 859),
    ("features_financials.csv", "Num_of_Loan", r"(?!-100$).*", 500),
    ("features_financials.csv", "Credit_Mix", r"[A-Za-z]+", 2611),
    ("features_financials.csv", "Payment_Behaviour", r"\w+", 998),
    ("features_financials.csv", "Amount_invested_monthly", r"(?!__10000__$).*", 558),
)


def _matches(column: str, pattern: str, **more: object) -> dict[str, object]:
    return {"expect": "matches", "column": column, "pattern": pattern, **more}


def test_every_other_value_is_counted_and_the_most_frequent_are_named() -> None:
    frame = pd.DataFrame({"line": range(2, 9), "age": ["23", "31_", None, "-5", "40", "31_", ""]})
    (verdict,) = judge(frame, _matches("age", r"\d+"), columns=KNOWN).verdicts
    assert not verdict.passed
    assert verdict.observed == {
        "rows": 7,
        "unexpected_count": 4,
        "unexpected_share": 4 / 6,
        "missing_count": 1,
        "worst_columns": {"age": 4},
        "first_rows": [
            {"row": 3, "column": "age", "value": "31_"},
            {"row": 5, "column": "age", "value": "-5"},
            {"row": 7, "column": "age", "value": "31_"},
            {"row": 8, "column": "age", "value": ""},
        ],
        "distinct_unexpected_values": 3,
        "unexpected_values": {"31_": 2, "-5": 1, "": 1},
        "allowed_share": 0.0,
    }
    assert verdict.sentence == (
        r"broken: every value of age matches \d+; 4 exceptions in 7 rows (66.67%); first in row 3: age = 31_"
    )


def test_the_whole_text_is_matched_and_not_its_beginning_nor_up_to_a_line_break() -> None:
    frame = pd.DataFrame({"code": ["A1", "A1x", "xA1", "A1\n"]})
    (verdict,) = judge(frame, _matches("code", r"A\d$|A\d"), columns=TableColumns()).verdicts
    assert verdict.observed["unexpected_count"] == 3


@pytest.mark.parametrize(
    ("values", "dtype", "pattern", "count"),
    [
        ([1, 20, 300], "int64", r"\d{1,2}", 1),
        ([1.0, 2.5, None], "float64", r"\d+\.0", 1),
        ([1, None, 300], "Int64", r"\d{1,2}", 1),
        (["a", None, "b1"], "category", r"[a-z]", 1),
        (["a", None, "b1"], "string[pyarrow]", r"[a-z]", 1),
        ([True, False, True], "bool", "True", 1),
        (["2023-01-01", None, "2023-02-01"], "datetime64[ns]", "2023-01-.*", 1),
    ],
)
def test_values_are_matched_as_text_whatever_holds_them(
    values: list[object], dtype: str, pattern: str, count: int
) -> None:
    frame = pd.DataFrame({"x": pd.Series(values).astype(dtype)})
    (verdict,) = judge(frame, _matches("x", pattern), columns=TableColumns()).verdicts
    assert verdict.observed["unexpected_count"] == count


def test_a_share_of_other_values_may_be_allowed() -> None:
    frame = pd.DataFrame({"x": ["a"] * 95 + ["1"] * 5})
    assert judge(frame, _matches("x", "[a-z]", max_share=0.05), columns=TableColumns()).passed
    assert not judge(frame, _matches("x", "[a-z]", max_share=0.0499), columns=TableColumns()).passed


@pytest.mark.parametrize("pattern", ["(a+)+", "(?:[a-z]*)*b", r"x(\w{2,})+", "((a+))+$", r"(?P<n>\d+)*"])
def test_a_repeated_repetition_is_refused_before_it_can_run(pattern: str) -> None:
    with pytest.raises(SuiteError, match=r"\.pattern: .* repeats a repetition .*; repeat it once"):
        parse_suite([_matches("x", pattern)])


@pytest.mark.parametrize("pattern", [r"(\w+ )*\w+", r"\d+(\.\d+)?", "(a|b)+", r"(\d{3})+", "(a+)b+", r"\(a+\)*"])
def test_a_harmless_repetition_is_taken(pattern: str) -> None:
    parse_suite([_matches("x", pattern)])


def test_no_regular_expression_is_refused_with_what_is_wrong() -> None:
    with pytest.raises(SuiteError, match=r"quality\.bronze\[0\]\.pattern: '\[' is no regular expression: untermin"):
        parse_suite([_matches("x", "[")], where="quality.bronze")


def test_a_huge_text_that_would_take_years_to_match_does_not_match() -> None:
    frame = pd.DataFrame({"x": ["a" * 5_000_000, "aa"]})
    (verdict,) = judge(frame, _matches("x", r".*.*.*b|a+"), columns=TableColumns()).verdicts
    assert verdict.observed["unexpected_count"] == 1


def test_each_of_a_repeated_text_is_counted() -> None:
    frame = pd.DataFrame({"x": np.tile(["loan", "card_", None], 100_000)})
    (verdict,) = judge(frame, _matches("x", "[a-z]+"), columns=TableColumns()).verdicts
    assert (verdict.observed["unexpected_count"], verdict.observed["missing_count"]) == (100_000, 100_000)


def test_each_kind_of_dirt_of_the_real_loans_has_its_count(real_data: Callable[[str], Path]) -> None:
    folder = real_data("loan_default")
    tables = {name: pd.read_csv(folder / name, dtype=str, keep_default_na=False) for name, *_ in DIRT}
    for name, column, pattern, count in DIRT:
        (verdict,) = judge(tables[name], _matches(column, pattern), columns=TableColumns()).verdicts
        assert (column, verdict.observed["unexpected_count"]) == (column, count)
