"""How applications, customers and credit records become features, and which loans are set aside."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from driftwatch_assets.defs.loan_eligibility.transforms import (
    CARRIED,
    FEATURES,
    SILVER_TYPES,
    silver_credit_details,
    silver_customer_details,
    silver_loan_details,
)
from driftwatch_assets.settings import PROJECT
from driftwatch_assets_tests.loan_eligibility.tables import gold, judged, silver

LOAN = {
    "loan_id": "l1",
    "customer_id": "c1",
    "loan_status": "loan given",
    "application_time": "2015-04-16 10:30:00",
    "current_loan_amount": 5000.0,
    "term": "short term",
    "tax_liens": 0.0,
    "purpose": "debt consolidation",
    "no_of_properties": 2.0,
}
CUSTOMER = {
    "customer_id": "c1",
    "home_ownership": "rent",
    "annual_income": 50000.0,
    "years_in_current_job": "3 years",
    "months_since_last_delinquent": None,
    "no_of_cars": 1.0,
    "no_of_children": 0.0,
}
CREDIT = {
    "customer_id": "c1",
    "credit_score": 740.0,
    "monthly_debt": 400.5,
    "years_of_credit_history": 15.0,
    "no_of_open_accounts": 8.0,
    "no_of_credit_problems": 0.0,
    "current_credit_balance": 3000.0,
    "max_open_credit": 12000.0,
    "bankruptcies": 0.0,
}
EMPTY = {
    name: pd.DataFrame(columns=["source_line", *(one for one in types if not one.endswith("_as_delivered"))])
    for name, types in SILVER_TYPES.items()
}
NUMPY = {"float": "float64", "datetime": "datetime64[ns]", "string": "object"}


def rows(base: dict[str, Any], *changes: dict[str, Any]) -> pd.DataFrame:
    """Make a bronze table, a row for each set of changes."""
    return pd.DataFrame([{"source_line": line, **base, **changed} for line, changed in enumerate(changes, 2)])


def joined(loans: pd.DataFrame, customers: pd.DataFrame, credit: pd.DataFrame) -> pd.DataFrame:
    return gold(silver({"loan_details": loans, "customer_details": customers, "credit_details": credit}))


def test_every_table_has_its_declared_columns_and_types_also_when_it_is_empty() -> None:
    full = {
        "loan_details": rows(LOAN, {}),
        "customer_details": rows(CUSTOMER, {}),
        "credit_details": rows(CREDIT, {}),
    }
    for tables in (full, EMPTY):
        for name, typed in silver(tables).items():
            assert typed.drop(columns="reject_reason").dtypes.astype(str).to_dict() == {
                column: NUMPY[kind] for column, kind in SILVER_TYPES[name].items()
            }
            assert typed.index.equals(tables[name].index)


def test_text_gives_the_same_rows_as_numbers() -> None:
    typed = silver_loan_details(rows(LOAN, {}))
    written = silver_loan_details(rows({name: str(value) for name, value in LOAN.items()}, {}))
    pd.testing.assert_frame_equal(typed, written)


def test_the_placeholder_amount_is_no_amount_and_what_was_delivered_stays() -> None:
    typed = silver_loan_details(rows(LOAN, {"current_loan_amount": 99999999.0}, {"loan_id": "l2"}))
    assert np.isnan(typed["current_loan_amount"].iloc[0])
    assert typed["current_loan_amount_as_delivered"].tolist() == [99999999.0, 5000.0]
    assert typed["reject_reason"].isna().all()


@pytest.mark.parametrize(
    ("delivered", "used"),
    [(850.0, 850.0), (7410.0, 741.0), (5870.0, 587.0), (8500.0, 850.0), (8510.0, None), (99999.0, None), (None, None)],
)
def test_a_score_above_the_scale_is_divided_by_ten(delivered: float | None, used: float | None) -> None:
    typed = silver_credit_details(rows(CREDIT, {"credit_score": delivered}))
    assert typed["credit_score"].replace({np.nan: None}).tolist() == [used]
    assert typed["credit_score_as_delivered"].replace({np.nan: None}).tolist() == [delivered]


@pytest.mark.parametrize(
    ("text", "years"),
    [("< 1 year", 0.0), ("<1 year", 0.0), ("1 year", 1.0), ("9 years", 9.0), ("10+ years", 10.0), (None, None)],
)
def test_years_in_the_job_are_a_number(text: str | None, years: float | None) -> None:
    typed = silver_customer_details(rows(CUSTOMER, {"years_in_current_job": text}))
    assert typed["years_in_current_job"].replace({np.nan: None}).tolist() == [years]
    assert typed["reject_reason"].isna().all()


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"loan_id": None}, "loan_id is missing"),
        ({"loan_id": "  "}, "loan_id is missing"),
        ({"application_time": None}, "application_time is missing"),
        ({"application_time": "yesterday"}, "application_time 'yesterday' is no time"),
        ({"loan_status": "perhaps"}, "loan_status 'perhaps' is none of loan given, loan refused"),
        ({"current_loan_amount": "much"}, "current_loan_amount 'much' is no number"),
        ({"tax_liens": float("inf")}, "tax_liens inf is no number"),
    ],
)
def test_a_loan_that_cannot_be_used_is_rejected_with_the_reason(changed: dict[str, Any], reason: str) -> None:
    typed = silver_loan_details(rows(LOAN, changed, {"loan_id": "other"}))
    assert typed["reject_reason"].tolist() == [reason, None]


def test_an_unreadable_job_rejects_the_customer() -> None:
    typed = silver_customer_details(rows(CUSTOMER, {"years_in_current_job": "long"}))
    assert typed["reject_reason"].tolist() == [
        "years_in_current_job 'long' cannot be read; expected '< 1 year' to '10+ years'"
    ]


def test_a_repeated_id_is_rejected_with_the_line_that_it_repeats() -> None:
    typed = silver_loan_details(rows(LOAN, {}, {}, {"term": "long term"}, {"loan_id": "l2"}))
    assert typed["reject_reason"].tolist() == [
        None,
        "duplicate of line 2",
        "loan_id 'l1' of line 2 comes again with other values",
        None,
    ]


def test_a_rejected_row_is_not_repeated_by_a_good_one() -> None:
    typed = silver_customer_details(rows(CUSTOMER, {"years_in_current_job": "long"}, {}))
    assert typed["reject_reason"].notna().tolist() == [True, False]


def test_a_label_that_is_not_known_yet_is_no_reason_to_reject() -> None:
    table = joined(rows(LOAN, {"loan_status": None}), rows(CUSTOMER, {}), rows(CREDIT, {}))
    assert table["loan_status"].tolist() == [None]
    assert table["reject_reason"].isna().all()


def test_spellings_are_one_and_a_mean_among_counts_is_no_count() -> None:
    typed = silver_loan_details(rows(LOAN, {"purpose": " Major_Purchase ", "tax_liens": 0.025}))
    assert typed["purpose"].tolist() == ["major purchase"]
    assert typed["tax_liens"].isna().all()


def test_gold_has_the_times_parts_and_the_balance_ratio() -> None:
    table = joined(rows(LOAN, {}), rows(CUSTOMER, {}), rows(CREDIT, {}))
    assert table.columns.tolist() == [
        "loan_id",
        "application_time",
        *FEATURES,
        *CARRIED,
        "loan_status",
        "reject_reason",
    ]
    row = table.iloc[0]
    assert (row["application_hour"], row["application_weekday"], row["balance_ratio"]) == (10.5, 3.0, 0.25)


def test_without_open_credit_there_is_no_ratio() -> None:
    table = joined(rows(LOAN, {}), rows(CUSTOMER, {}), rows(CREDIT, {"max_open_credit": 0.0}))
    assert table["balance_ratio"].isna().tolist() == [True]


def test_loans_that_cannot_be_judged_are_set_aside_with_the_reason_and_never_lost() -> None:
    loans = rows(
        LOAN,
        {},
        {"loan_id": "l2", "customer_id": "nobody"},
        {"loan_id": "l3", "customer_id": "c3"},
        {"loan_id": "l4", "current_loan_amount": 99999999.0},
        {"loan_id": "l5", "customer_id": None},
    )
    table = joined(loans, rows(CUSTOMER, {}, {"customer_id": "c3"}), rows(CREDIT, {}))
    nothing = "the customer has no row in customer_details: nothing is known of the applicant"
    assert table["reject_reason"].tolist() == [
        None,
        nothing,
        "the customer has no row in credit_details: nothing is known of the applicant's credit",
        "current_loan_amount is the placeholder 99999999: the amount is not known",
        nothing,
    ]
    assert table["customer_on_file"].tolist() == [True, False, False, True, False]
    assert judged(table)["loan_id"].tolist() == ["l1"]


def test_no_value_is_filled_in() -> None:
    loans = rows(LOAN, {}, {"loan_id": "l2", "customer_id": "nobody"})
    table = joined(loans, rows(CUSTOMER, {}), rows(CREDIT, {}))
    from_elsewhere = [*SILVER_TYPES["customer_details"], *SILVER_TYPES["credit_details"], "balance_ratio"]
    filled = table[table["loan_id"] == "l2"][[name for name in from_elsewhere if name in FEATURES]]
    assert filled.isna().all(axis=None)


@pytest.mark.parametrize("absent", list(EMPTY))
def test_a_window_without_rows_has_the_same_columns_and_types(absent: str) -> None:
    full = {
        "loan_details": rows(LOAN, {}),
        "customer_details": rows(CUSTOMER, {}),
        "credit_details": rows(CREDIT, {}),
    }
    whole = gold(silver(full))
    without = gold(silver({**full, absent: EMPTY[absent]}))
    assert without.dtypes.to_dict() == whole.dtypes.to_dict()
    assert len(without) == (0 if absent == "loan_details" else 1)
    assert gold(silver(EMPTY)).dtypes.to_dict() == whole.dtypes.to_dict()


def test_a_customer_with_several_loans_counts_for_each() -> None:
    table = joined(rows(LOAN, {}, {"loan_id": "l2"}), rows(CUSTOMER, {}), rows(CREDIT, {}))
    assert table["annual_income"].tolist() == [50000.0, 50000.0]


def test_features_that_no_source_table_has_are_told_to_who_asks_for_predictions() -> None:
    made = set(FEATURES) - set().union(*SILVER_TYPES.values())
    assert made == {"application_hour", "application_weekday", "balance_ratio"}
    told = (PROJECT / "docs/tour.md").read_text(encoding="utf-8").partition("## Served")[2].partition("\n## ")[0]
    assert {name for name in made if f"| `{name}` |" not in told} == set()
