"""`references` counts the rows that refer to nothing in another table of the batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from driftwatch_assets.quality import SuiteError, TableColumns, check_columns, parse_suite
from driftwatch_assets_tests.quality.conftest import judge

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from driftwatch_assets.quality import QualityVerdict

SUITE = {"expect": "references", "column": "customer", "table": "customers"}
KNOWN = TableColumns(identity=("loan",))


def _loans(customers: list[object]) -> pd.DataFrame:
    return pd.DataFrame({"loan": range(1, len(customers) + 1), "customer": customers})


def _judged(loans: pd.DataFrame, customers: pd.DataFrame, **more: object) -> QualityVerdict:
    (verdict,) = judge(loans, {**SUITE, **more}, columns=KNOWN, tables={"customers": customers}).verdicts
    return verdict


def test_the_gaps_are_counted_by_rows_and_by_values() -> None:
    verdict = _judged(_loans(["a", "x", "b", "x", None, "y"]), pd.DataFrame({"customer": ["a", "b", "b", None]}))
    assert not verdict.passed
    assert verdict.name == "references_customer_in_customers"
    observed = verdict.observed
    assert (observed["unexpected_count"], observed["missing_count"]) == (3, 1)
    assert observed["unexpected_share"] == 3 / 5
    assert (observed["distinct_unexpected_values"], observed["unexpected_values"]) == (2, {"x": 2, "y": 1})
    assert (observed["referred_rows"], observed["referred_values"]) == (4, 2)
    assert observed["first_rows"][0] == {"row": 2, "column": "customer", "value": "x"}
    assert verdict.sentence == (
        "broken: every customer is in customers; 3 of 5 rows (60.00%) have no row there, with 2 different values; "
        "customers has 4 rows"
    )


def test_a_share_of_gaps_may_be_allowed_and_the_other_column_may_have_another_name() -> None:
    loans, customers = _loans(["a", "x", "b", "b"]), pd.DataFrame({"id": ["a", "b"]})
    assert _judged(loans, customers, key="id", max_share=0.25).passed
    verdict = _judged(loans, customers, key="id", max_share=0.2)
    assert not verdict.passed
    assert "every customer is in customers as id, but for at most 20.00%" in verdict.sentence


def test_an_absent_table_breaks_it_and_says_which_there_are() -> None:
    (verdict,) = judge(_loans(["a"]), SUITE, columns=KNOWN, tables={"customer": pd.DataFrame()}).verdicts
    assert not verdict.passed
    assert verdict.sentence == (
        "broken: every customer is in customers; the batch has no table customers, so nothing could be looked up; "
        "did you mean 'customer'? tables: 'customer'"
    )
    (verdict,) = judge(_loans([]), {**SUITE, "max_share": 0.9}, columns=KNOWN).verdicts
    assert not verdict.passed


def test_an_absent_column_of_the_other_table_breaks_it() -> None:
    verdict = _judged(_loans(["a"]), pd.DataFrame({"customer_id": ["a"]}))
    assert not verdict.passed
    assert "the table customers has no column customer, so nothing could be looked up; did you mean" in verdict.sentence


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("int64", "float64"),
        ("Int64", "int64"),
        ("int64", "object"),
        ("str", "string[pyarrow]"),
        ("category", "str"),
        ("str", "category"),
        ("int64", "category"),
    ],
)
def test_values_are_compared_whatever_holds_them(left: str, right: str) -> None:
    numbers = "int" in left or "int" in right
    values, keys = ([1, 2, 3], [1, 2]) if numbers else (["1", "2", "3"], ["1", "2"])
    loans = _loans(values).astype({"customer": left})
    verdict = _judged(loans, pd.DataFrame({"customer": keys}).astype(right))
    assert verdict.observed["unexpected_count"] == 1
    assert "of_different_types" not in verdict.observed


def test_numbers_and_texts_never_match_and_the_verdict_says_so() -> None:
    verdict = _judged(_loans([1, 2]), pd.DataFrame({"customer": ["1", "2"]}))
    assert verdict.observed["unexpected_count"] == 2
    assert verdict.sentence.endswith("customer is integer, customers.customer is string")


def test_rows_of_no_table_refer_to_nothing_and_an_empty_one_holds_nothing() -> None:
    assert _judged(_loans([]), pd.DataFrame({"customer": ["a"]})).passed
    assert _judged(_loans([]), pd.DataFrame({"customer": []})).passed
    assert _judged(_loans(["a", "b"]), pd.DataFrame({"customer": []})).observed["unexpected_share"] == 1.0


def test_gaps_that_give_the_label_away_are_told_beside_the_other_rows() -> None:
    loans = _loans(["a"] * 20 + ["x"] * 10).assign(status=["given"] * 10 + ["refused"] * 10 + ["given"] * 10)
    verdict = _judged(loans, pd.DataFrame({"customer": ["a"]}), label="status")
    told = verdict.observed["label_of_gaps"]
    assert (told["label"], told["rows"], told["labelled_rows"], told["share_of_others"]) == ("given", 10, 10, 0.5)
    assert told["gives_away"] is True
    assert verdict.sentence.endswith(
        "all rows without one have status = given (50.0% of the others), so that the gap gives status away"
    )


def test_gaps_with_one_label_by_chance_or_with_several_give_nothing_away() -> None:
    customers = pd.DataFrame({"customer": ["a"]})
    few = _loans(["a"] * 20 + ["x"] * 3).assign(status=["given"] * 17 + ["refused"] * 3 + ["given"] * 3)
    verdict = _judged(few, customers, label="status")
    assert verdict.sentence.endswith("all rows without one have status = given (85.0% of the others)")
    mixed = _loans(["a"] * 20 + ["x"] * 10).assign(status=["given", "refused"] * 15)
    assert _judged(mixed, customers, label="status").observed["label_of_gaps"]["gives_away"] is False
    unknown = _loans(["a", "x"]).assign(status=None)
    assert "label_of_gaps" not in _judged(unknown, customers, label="status").observed


def test_an_undeclared_table_or_column_is_refused_before_data_where_the_tables_are_known() -> None:
    suite = parse_suite([SUITE])
    known = {"customer": TableColumns()}
    with pytest.raises(SuiteError, match=r"silver\[0\] \(references_.*no table 'customers'; did you mean 'customer'"):
        check_columns(suite, TableColumns(), where="silver", tables=known)
    known = {"customers": TableColumns(types={"customer_id": "string"})}
    with pytest.raises(SuiteError, match="the table 'customers' has no column 'customer'; did you mean 'customer_id'"):
        check_columns(suite, TableColumns(), tables=known)
    check_columns(suite, TableColumns(), tables={"customers": TableColumns()})
    check_columns(suite, TableColumns())


def test_the_loans_without_a_customer_are_counted_on_the_real_data(real_data: Callable[[str], Path]) -> None:
    folder = real_data("loan_eligibility")
    loans = pd.read_csv(folder / "loan_details.csv", usecols=["loan_id", "customer_id"])
    (verdict,) = judge(
        loans,
        {"expect": "references", "column": "customer_id", "table": "customer_details", "severity": "warn"},
        columns=TableColumns(),
        tables={"customer_details": pd.read_csv(folder / "customer_details.csv", usecols=["customer_id"])},
    ).verdicts
    assert not verdict.passed
    assert (verdict.observed["unexpected_count"], verdict.observed["rows"]) == (2458, 6688)
    assert "2,458 of 6,688 rows (36.75%) have no row there" in verdict.sentence
