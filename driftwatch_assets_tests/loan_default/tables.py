"""The four loan tables as the sources give them to silver: text as it came, dates read, personal columns gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from driftwatch_assets.defs.loan_default import transforms
from driftwatch_assets.defs.loan_default.transforms import CLICKS, SILVER_TYPES

if TYPE_CHECKING:
    from pathlib import Path

DATES = ("snapshot_date", "loan_start_date")
PERSONAL = ("Name", "SSN")
JANUARY = pd.Timestamp("2023-01-01")


def raw(file: Path) -> pd.DataFrame:
    """Read a file's cells as text, null where there is nothing."""
    return pd.read_csv(file, dtype=str, keep_default_na=False, na_values=[""])


def bronze(cells: pd.DataFrame, date_format: str = "%Y-%m-%d") -> pd.DataFrame:
    """Give what silver receives of a file's cells."""
    table = cells.drop(columns=[name for name in PERSONAL if name in cells])
    for name in DATES:
        if name in table:
            table[name] = pd.to_datetime(table[name], format=date_format)
    table.insert(0, "source_line", range(2, len(table) + 2))
    return table


def silver(name: str, cells: pd.DataFrame, date_format: str = "%Y-%m-%d") -> pd.DataFrame:
    """Give a table's silver rows with their reasons."""
    typed: pd.DataFrame = getattr(transforms, f"silver_{name}")(bronze(cells, date_format))
    return typed


def kept(typed: pd.DataFrame) -> pd.DataFrame:
    """Give the rows that go on."""
    return typed[typed["reject_reason"].isna()].drop(columns="reject_reason").reset_index(drop=True)


def kept_of_folder(folder: Path) -> dict[str, pd.DataFrame]:
    """Give all four silver tables of a folder with the four files."""
    return {name: kept(silver(name, raw(folder / f"{name}.csv"))) for name in SILVER_TYPES}


def person(**cells: str | None) -> dict[str, str | None]:
    """Give a row of features_attributes."""
    return {"Customer_ID": "CUS_0xa", "Age": "30", "Occupation": "Lawyer", "snapshot_date": "2023-01-01"} | cells


def finances(**cells: str | None) -> dict[str, str | None]:
    """Give a row of features_financials."""
    return {
        "Customer_ID": "CUS_0xa",
        "Annual_Income": "24000.5",
        "Monthly_Inhand_Salary": "2000.0",
        "Num_Bank_Accounts": "3",
        "Num_Credit_Card": "4",
        "Interest_Rate": "9",
        "Num_of_Loan": "2",
        "Type_of_Loan": "Auto Loan, and Mortgage Loan",
        "Delay_from_due_date": "-3",
        "Num_of_Delayed_Payment": "5",
        "Changed_Credit_Limit": "-1.5",
        "Num_Credit_Inquiries": "4.0",
        "Credit_Mix": "Good",
        "Outstanding_Debt": "800.1",
        "Credit_Utilization_Ratio": "30.5",
        "Credit_History_Age": "10 Years and 9 Months",
        "Payment_of_Min_Amount": "NM",
        "Total_EMI_per_month": "100.0",
        "Amount_invested_monthly": "50.0",
        "Payment_Behaviour": "High_spent_Small_value_payments",
        "Monthly_Balance": "400.0",
        "snapshot_date": "2023-01-01",
    } | cells


def instalment(number: int = 0, start: str = "2023-01-01", **cells: str | None) -> dict[str, str | None]:
    """Give a row of lms_loan_daily, in the month that its number says."""
    month = pd.Timestamp(start) + pd.DateOffset(months=number)
    return {
        "loan_id": f"{cells.get('Customer_ID', 'CUS_0xa')}_{start.replace('-', '_')}",
        "Customer_ID": "CUS_0xa",
        "loan_start_date": start,
        "tenure": "10",
        "installment_num": str(number),
        "loan_amt": "10000",
        "due_amt": "1000.0" if number else "0.0",
        "paid_amt": "1000.0" if number else "0.0",
        "overdue_amt": "0.0",
        "balance": str(10000.0 - 1000.0 * number),
        "snapshot_date": f"{month:%Y-%m-%d}",
    } | cells


def clicks(value: int, month: str = "2023-01-01", customer: str = "CUS_0xa") -> dict[str, str | None]:
    """Give a row of feature_clickstream with one number everywhere."""
    return {**dict.fromkeys(CLICKS, str(value)), "Customer_ID": customer, "snapshot_date": month}


def gold_of(
    *,
    lms_loan_daily: list[dict[str, str | None]],
    feature_clickstream: list[dict[str, str | None]] | None = None,
    features_attributes: list[dict[str, str | None]] | None = None,
    features_financials: list[dict[str, str | None]] | None = None,
) -> pd.DataFrame:
    """Give gold of rows as they stand in the files; a table that is left out has the customer CUS_0xa."""
    given = {
        "lms_loan_daily": (lms_loan_daily, instalment()),
        "feature_clickstream": ([clicks(1)] if feature_clickstream is None else feature_clickstream, clicks(1)),
        "features_attributes": ([person()] if features_attributes is None else features_attributes, person()),
        "features_financials": ([finances()] if features_financials is None else features_financials, finances()),
    }
    return transforms.gold(
        **{name: kept(silver(name, pd.DataFrame(rows, columns=list(one)))) for name, (rows, one) in given.items()}
    )
