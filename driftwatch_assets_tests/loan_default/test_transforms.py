"""How the four loan tables become typed rows, features and labels: each kind of dirt on a row made by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from driftwatch_assets.defs.loan_default import transforms
from driftwatch_assets.defs.loan_default.transforms import FEATURES, LIMITS, SILVER_TYPES, labels
from driftwatch_assets.quality.schema import fits
from driftwatch_assets_tests.loan_default.tables import (
    bronze,
    clicks,
    finances,
    gold_of,
    instalment,
    kept,
    person,
    silver,
)

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS: dict[str, Callable[[], dict[str, str | None]]] = {
    "feature_clickstream": lambda: clicks(7),
    "features_attributes": person,
    "features_financials": finances,
    "lms_loan_daily": instalment,
}


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        ("Annual_Income", "52312.68_", 52312.68),
        ("Annual_Income", "_", None),
        ("Annual_Income", "23834698.0", None),
        ("Monthly_Inhand_Salary", "9000.0", 9000.0),
        ("Monthly_Inhand_Salary", "-1.0", None),
        ("Num_Bank_Accounts", "1756", None),
        ("Num_Bank_Accounts", "-1", None),
        ("Num_Bank_Accounts", "0", 0.0),
        ("Num_Credit_Card", "1499", None),
        ("Interest_Rate", "5789", None),
        ("Interest_Rate", "34", 34.0),
        ("Num_of_Loan", "-100", None),
        ("Num_of_Loan", "3_", 3.0),
        ("Num_of_Delayed_Payment", "-2_", None),
        ("Num_of_Delayed_Payment", "4293", None),
        ("Delay_from_due_date", "-5", -5.0),
        ("Changed_Credit_Limit", "_", None),
        ("Changed_Credit_Limit", "-6.49", -6.49),
        ("Num_Credit_Inquiries", "2554.0", None),
        ("Outstanding_Debt", "1562.91_", 1562.91),
        ("Total_EMI_per_month", "81971.0", None),
        ("Amount_invested_monthly", "__10000__", None),
        ("Amount_invested_monthly", "10000", 10000.0),
        ("Monthly_Balance", "__-333333333333333333333333333__", None),
        ("Monthly_Balance", "-12.5", -12.5),
        ("Credit_Mix", "_", None),
        ("Credit_Mix", "Standard", "Standard"),
        ("Payment_Behaviour", "!@9#%8", None),
        ("Payment_of_Min_Amount", "NM", "NM"),
    ],
)
def test_a_financial_cell_is_read_or_null_and_never_changed(column: str, text: str, value: float | str | None) -> None:
    typed = silver("features_financials", pd.DataFrame([finances(**{column: text})]))

    assert typed[column].astype(object).where(typed[column].notna(), None).tolist() == [value]
    assert typed["doubtful_cells"].tolist() == [int(value is None)]
    assert typed["reject_reason"].tolist() == [None]


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("28", 28),
        ("28_", 28),
        ("-28", None),
        ("-500", None),
        ("17", None),
        ("18", 18),
        ("100", 100),
        ("101", None),
        ("8678_", None),
    ],
)
def test_an_age_is_between_18_and_100_years_with_its_sign(text: str, age: float | None) -> None:
    typed = silver("features_attributes", pd.DataFrame([person(Age=text)]))

    assert typed["Age"].astype(object).where(typed["Age"].notna(), None).tolist() == [age]


def test_an_occupation_of_underscores_is_none() -> None:
    typed = silver(
        "features_attributes", pd.DataFrame([person(Occupation="_______"), person(Occupation="Media_Manager")])
    )

    assert typed["Occupation"].tolist() == [None, "Media_Manager"]


def test_a_cell_that_was_empty_is_not_doubtful() -> None:
    typed = silver("features_financials", pd.DataFrame([finances(Type_of_Loan=None, Annual_Income=None)]))

    assert typed["doubtful_cells"].tolist() == [0]
    assert typed[["Type_of_Loan", "Annual_Income"]].isna().all(axis=None)


def test_clicks_may_be_negative() -> None:
    assert silver("feature_clickstream", pd.DataFrame([clicks(-101)]))["fe_10"].tolist() == [-101.0]


def test_the_credit_history_is_in_months() -> None:
    typed = silver("features_financials", pd.DataFrame([finances()]))

    assert typed["Credit_History_Months"].tolist() == [129.0]


@pytest.mark.parametrize("table", ["feature_clickstream", "features_attributes", "features_financials"])
def test_a_customer_comes_once_a_month_and_with_a_name(table: str) -> None:
    row = ROWS[table]()
    rows = [row, row | {"snapshot_date": "2023-02-01"}, row, row | {"Customer_ID": None}, row | {"snapshot_date": None}]

    assert silver(table, pd.DataFrame(rows))["reject_reason"].tolist() == [
        None,
        None,
        "repeats the Customer_ID and snapshot_date of line 2",
        "Customer_ID is missing or cannot be read",
        "snapshot_date is missing or cannot be read",
    ]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"loan_amt": "much"}, "loan_amt is missing or cannot be read"),
        ({"overdue_amt": "-1000.0"}, "overdue_amt is missing or cannot be read"),
        ({"installment_num": "1.5"}, "installment_num is missing or cannot be read"),
        (
            {"loan_id": None, "tenure": None},
            "loan_id is missing or cannot be read; tenure is missing or cannot be read",
        ),
        ({"loan_start_date": None}, "loan_start_date is missing or cannot be read"),
        (
            {"snapshot_date": "2023-03-01"},
            "installment_num is not the number of months from loan_start_date to snapshot_date",
        ),
    ],
)
def test_a_row_of_the_ledger_is_believed_wholly_or_not(cells: dict[str, str | None], reason: str) -> None:
    rows = [instalment(0), instalment(1, **cells), instalment(2)]

    assert silver("lms_loan_daily", pd.DataFrame(rows))["reject_reason"].tolist() == [None, reason, None]


def test_a_repeated_instalment_is_rejected_and_an_unbelievable_row_hides_no_good_one() -> None:
    wrong = instalment(1) | {"snapshot_date": "2023-04-01"}
    typed = silver("lms_loan_daily", pd.DataFrame([wrong, instalment(1), instalment(1)]))

    assert typed["reject_reason"].notna().tolist() == [True, False, True]
    assert typed["reject_reason"].iloc[2] == "repeats the loan_id and installment_num of line 3"


@pytest.mark.parametrize("table", list(ROWS))
def test_silver_has_the_declared_columns_and_types_with_and_without_rows(table: str) -> None:
    cells = pd.DataFrame([ROWS[table](), ROWS[table]()])
    for rows in (cells, cells.iloc[:0]):
        typed = silver(table, rows).drop(columns="reject_reason")

        assert set(typed.columns) == set(SILVER_TYPES[table])
        assert [name for name, wanted in SILVER_TYPES[table].items() if not fits(typed[name], wanted)] == []


@pytest.mark.parametrize("table", list(ROWS))
def test_silver_keeps_the_index_and_does_not_change_what_it_was_given(table: str) -> None:
    rows = bronze(pd.DataFrame([ROWS[table](), ROWS[table]()])).set_axis([9, 4])
    before = rows.copy(deep=True)
    typed = getattr(transforms, f"silver_{table}")(rows)

    assert typed.index.tolist() == [9, 4]
    pd.testing.assert_frame_equal(rows, before)


def test_silver_has_no_personal_column() -> None:
    assert not {"Name", "SSN"} & {column for types in SILVER_TYPES.values() for column in types}


def test_gold_has_the_fifteen_features_by_name() -> None:
    table = gold_of(lms_loan_daily=[instalment()])

    assert table.columns.tolist() == ["loan_id", "Customer_ID", "loan_start_date", *FEATURES, "reject_reason"]
    assert len(FEATURES) == 15
    assert table.loc[0, list(FEATURES)].tolist() == pytest.approx(
        [129, 30, 2000, 10000, 10, 9, 1, np.nan, 0.2, 0.05, 3, 4, 50, "Good", "Lawyer"], nan_ok=True
    )


def test_ratios_are_null_where_the_salary_is_zero_or_not_known() -> None:
    for salary in ("0.0", "_", None):
        table = gold_of(lms_loan_daily=[instalment()], features_financials=[finances(Monthly_Inhand_Salary=salary)])

        assert table[["DTI", "Savings_Ratio"]].isna().all(axis=None)


def test_only_the_loans_that_start_in_the_month_are_scored() -> None:
    earlier = instalment(3, start="2022-10-01", Customer_ID="CUS_0xb")

    assert gold_of(lms_loan_daily=[instalment(), earlier])["Customer_ID"].tolist() == ["CUS_0xa"]


def test_clicks_are_averaged_over_the_months_so_far() -> None:
    one = gold_of(lms_loan_daily=[instalment()], feature_clickstream=[clicks(10)])
    three = gold_of(
        lms_loan_daily=[instalment(start="2023-03-01")],
        feature_clickstream=[clicks(10), clicks(20, "2023-02-01"), clicks(60, "2023-03-01")],
        features_attributes=[person(snapshot_date="2023-03-01")],
        features_financials=[finances(snapshot_date="2023-03-01")],
    )

    assert one["fe_10_mean"].tolist() == [10.0]
    assert one["fe_10_std"].isna().all()
    assert three["fe_10_mean"].tolist() == [30.0]
    assert three["fe_10_std"].tolist() == pytest.approx([np.std([10, 20, 60], ddof=1)])


def test_a_loan_without_clicks_is_scored_without_them() -> None:
    table = gold_of(lms_loan_daily=[instalment()], feature_clickstream=[])

    assert table[["fe_10_mean", "fe_10_std"]].isna().all(axis=None)
    assert table[["fe_10_mean", "fe_10_std"]].dtypes.tolist() == [np.float64, np.float64]
    assert table["reject_reason"].tolist() == [None]


def test_a_loan_without_a_customer_is_set_aside_with_the_reason() -> None:
    loans = [instalment(), instalment(Customer_ID="CUS_0xb")]

    assert gold_of(lms_loan_daily=loans)["reject_reason"].tolist() == [
        None,
        (
            "the customer has no row in features_attributes by the loan's month; "
            "the customer has no row in features_financials by the loan's month"
        ),
    ]


def test_a_customer_of_whom_much_cannot_be_believed_is_set_aside() -> None:
    three = {"Credit_Mix": "_", "Num_of_Loan": "-100", "Interest_Rate": "5789"}
    for occupation, reason in (
        ("Lawyer", None),
        ("_______", "more than 3 of the customer's cells are filled with what cannot be believed"),
    ):
        table = gold_of(
            lms_loan_daily=[instalment()],
            features_financials=[finances(**three)],
            features_attributes=[person(Occupation=occupation)],
        )
        assert table["reject_reason"].tolist() == [reason]


def test_a_category_that_is_not_known_is_null_in_one_way() -> None:
    unknown = {"features_financials": [finances(Credit_Mix="_")], "features_attributes": [person(Occupation=None)]}

    for tables in (unknown, {"features_financials": [], "features_attributes": []}):
        table = gold_of(lms_loan_daily=[instalment()], **tables)
        assert table[["Credit_Mix", "Occupation"]].to_numpy().tolist() == [[None, None]]


def test_two_loans_of_one_customer_in_a_month_are_both_scored() -> None:
    table = gold_of(lms_loan_daily=[instalment(), instalment(loan_id="another")])

    assert table["loan_id"].tolist() == ["CUS_0xa_2023_01_01", "another"]
    assert table["Age"].tolist() == [30.0, 30.0]


def test_a_month_without_loans_gives_the_same_columns_and_types() -> None:
    full = gold_of(lms_loan_daily=[instalment()], feature_clickstream=[clicks(1)])
    empty = gold_of(lms_loan_daily=[])
    nothing = gold_of(lms_loan_daily=[], feature_clickstream=[], features_attributes=[], features_financials=[])

    assert empty.empty
    assert empty.dtypes.to_dict() == nothing.dtypes.to_dict() == full.dtypes.to_dict()


def test_labels_are_those_of_instalment_six() -> None:
    rows = [
        *(instalment(number, overdue_amt="1000.0") for number in (0, 5, 7, 10)),
        instalment(6),
        instalment(6, Customer_ID="CUS_0xb", overdue_amt="1000.0"),
    ]
    ledger = kept(silver("lms_loan_daily", pd.DataFrame(rows)))

    assert labels(lms_loan_daily=ledger).to_numpy().tolist() == [
        ["CUS_0xa_2023_01_01", "repaid"],
        ["CUS_0xb_2023_01_01", "default"],
    ]
    assert labels(lms_loan_daily=ledger.iloc[:0]).columns.tolist() == ["loan_id", "label"]


def test_every_financial_number_has_bounds() -> None:
    typed = {
        name
        for table in ("features_attributes", "features_financials")
        for name, kind in SILVER_TYPES[table].items()
        if kind == "float"
    }

    assert typed - set(LIMITS) == {"Credit_History_Months"}
