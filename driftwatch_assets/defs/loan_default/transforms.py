"""How four tables of loans and customers become typed rows, 15 features, and labels that come six months later.

A loan starts on the first of a month and is repaid in ten monthly instalments. Its month is its batch. What is known
of the customer in that month is what a model may see: the ledger's later rows, and clicks of later months, are not.
The label is 30 days past due at month-on-book 6: an amount overdue at instalment 6, six months after the start.

Cells that cannot be believed become null and are imputed inside the model, where training and scoring share it. A row
is rejected only when it cannot be used as a whole, and a loan is set aside only when its customer cannot be believed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from driftwatch_assets.defs.loan_default.cells import identifiers, month_number, months, numbers, words
from driftwatch_assets.defs.loan_default.rejection import doubtful_cells, joined, rejected

if TYPE_CHECKING:
    from typing import Any

FEATURES = (
    "Credit_History_Months",
    "Age",
    "Monthly_Inhand_Salary",
    "loan_amt",
    "tenure",
    "Interest_Rate",
    "fe_10_mean",
    "fe_10_std",
    "Savings_Ratio",
    "DTI",
    "Num_Bank_Accounts",
    "Num_Credit_Card",
    "Amount_invested_monthly",
    "Credit_Mix",
    "Occupation",
)
"""What a model sees of a loan, in this order; the last two are categories."""

CLICKS = tuple(f"fe_{at}" for at in range(1, 21))

LIMITS: dict[str, tuple[float, float]] = {
    "Age": (18, 100),
    "Annual_Income": (0, 200_000),
    "Monthly_Inhand_Salary": (0, 50_000),
    "Num_Bank_Accounts": (0, 20),
    "Num_Credit_Card": (0, 20),
    "Interest_Rate": (0, 60),
    "Num_of_Loan": (0, 15),
    "Delay_from_due_date": (-31, 366),
    "Num_of_Delayed_Payment": (0, 40),
    "Changed_Credit_Limit": (-100, 100),
    "Num_Credit_Inquiries": (0, 25),
    "Outstanding_Debt": (0, 1_000_000),
    "Credit_Utilization_Ratio": (0, 100),
    "Total_EMI_per_month": (0, 5_000),
    "Amount_invested_monthly": (0, 50_000),
    "Monthly_Balance": (-50_000, 50_000),
}
"""Within which bounds a customer's number is believed, in the files' units (years, currency, counts, percent, days)."""

MOST_DOUBTFUL_CELLS = 3
"""Doubtful cells of one customer up to which the loan is scored; with more, the customer as a whole is not believed."""

LABEL_INSTALMENT = 6

_FINANCIAL_NUMBERS = tuple(name for name in LIMITS if name != "Age")
_FINANCIAL_WORDS = ("Type_of_Loan", "Credit_Mix", "Payment_of_Min_Amount", "Payment_Behaviour")
_LEDGER_NUMBERS = ("tenure", "loan_amt", "due_amt", "paid_amt", "overdue_amt", "balance")

SILVER_TYPES: dict[str, dict[str, str]] = {
    "feature_clickstream": {
        "Customer_ID": "string",
        "snapshot_date": "datetime",
        **dict.fromkeys(CLICKS, "float"),
    },
    "features_attributes": {
        "Customer_ID": "string",
        "snapshot_date": "datetime",
        "Age": "float",
        "Occupation": "string",
        "doubtful_cells": "integer",
    },
    "features_financials": {
        "Customer_ID": "string",
        "snapshot_date": "datetime",
        **dict.fromkeys(_FINANCIAL_NUMBERS, "float"),
        "Credit_History_Months": "float",
        **dict.fromkeys(_FINANCIAL_WORDS, "string"),
        "doubtful_cells": "integer",
    },
    "lms_loan_daily": {
        "loan_id": "string",
        "Customer_ID": "string",
        "loan_start_date": "datetime",
        "snapshot_date": "datetime",
        "installment_num": "integer",
        **dict.fromkeys(_LEDGER_NUMBERS, "float"),
    },
}
"""Type by silver column of each table, as the suites' `schema` expects them; numbers that may be null are float."""


def silver_feature_clickstream(bronze: pd.DataFrame) -> pd.DataFrame:
    """Type the clicks: twenty counts a customer and month, of any sign.

    Parameters
    ----------
    bronze
        Readable rows: ``source_line``, ``snapshot_date`` (datetime), the other columns as text, null where missing.

    Returns
    -------
    pandas.DataFrame
        Under the index of `bronze`: the columns of `SILVER_TYPES` and ``reject_reason``, set for a row without a
        customer or month and for one that repeats the customer and month of an earlier row.

    Examples
    --------
    >>> row = {"source_line": 2, "Customer_ID": "CUS_0x1", "snapshot_date": pd.Timestamp("2023-01-01")}
    >>> clicks = pd.DataFrame([row | dict.fromkeys(CLICKS, "-7_")])
    >>> silver_feature_clickstream(clicks)[["fe_10", "reject_reason"]].values.tolist()
    [[-7.0, None]]
    """
    typed = _customer_month(bronze)
    for name in CLICKS:
        typed[name] = numbers(bronze[name])
    typed["reject_reason"] = rejected(bronze["source_line"], typed, ("Customer_ID", "snapshot_date"))
    return typed


def silver_features_attributes(bronze: pd.DataFrame) -> pd.DataFrame:
    """Type what is known of a customer as a person: age in years and occupation; name and number stay in bronze.

    Parameters
    ----------
    bronze
        As for `silver_feature_clickstream`.

    Returns
    -------
    pandas.DataFrame
        As there; ``doubtful_cells`` counts the cells that were filled and are not believed.

    Examples
    --------
    >>> row = {"source_line": 2, "Customer_ID": "CUS_0x1", "snapshot_date": pd.Timestamp("2023-01-01")}
    >>> people = pd.DataFrame([row | {"Age": "-500", "Occupation": "_______"}])
    >>> silver_features_attributes(people)[["Age", "Occupation", "doubtful_cells"]].values.tolist()
    [[nan, None, 2]]
    """
    typed = _customer_month(bronze)
    typed["Age"] = numbers(bronze["Age"], *LIMITS["Age"])
    typed["Occupation"] = words(bronze["Occupation"])
    typed["doubtful_cells"] = doubtful_cells(bronze, typed, {name: name for name in ("Age", "Occupation")})
    typed["reject_reason"] = rejected(bronze["source_line"], typed, ("Customer_ID", "snapshot_date"))
    return typed


def silver_features_financials(bronze: pd.DataFrame) -> pd.DataFrame:
    """Type a customer's finances, and believe of the numbers those within `LIMITS`.

    Parameters
    ----------
    bronze
        As for `silver_feature_clickstream`; ``Credit_History_Age`` is a span such as ``10 Years and 9 Months``.

    Returns
    -------
    pandas.DataFrame
        As for `silver_features_attributes`; the span is ``Credit_History_Months``.
    """
    typed = _customer_month(bronze)
    for name in _FINANCIAL_NUMBERS:
        typed[name] = numbers(bronze[name], *LIMITS[name])
    typed["Credit_History_Months"] = months(bronze["Credit_History_Age"])
    for name in _FINANCIAL_WORDS:
        typed[name] = words(bronze[name])
    source = {name: name for name in (*_FINANCIAL_NUMBERS, *_FINANCIAL_WORDS)}
    typed["doubtful_cells"] = doubtful_cells(bronze, typed, source | {"Credit_History_Months": "Credit_History_Age"})
    typed["reject_reason"] = rejected(bronze["source_line"], typed, ("Customer_ID", "snapshot_date"))
    return typed


def silver_lms_loan_daily(bronze: pd.DataFrame) -> pd.DataFrame:
    """Type the ledger: one row a loan and instalment, instalment k in the k-th month after the start.

    Parameters
    ----------
    bronze
        As for `silver_feature_clickstream`; ``loan_start_date`` is datetime too.

    Returns
    -------
    pandas.DataFrame
        As there. A ledger's row is believed wholly or rejected: when it lacks a loan, a customer, a date or an amount,
        has an amount below 0, repeats an instalment, or stands in another month than its instalment.
    """
    typed = pd.DataFrame(index=bronze.index)
    typed["loan_id"] = identifiers(bronze["loan_id"])
    typed["Customer_ID"] = identifiers(bronze["Customer_ID"])
    typed["loan_start_date"] = bronze["loan_start_date"]
    typed["snapshot_date"] = bronze["snapshot_date"]
    instalment = numbers(bronze["installment_num"], 0, 1_000)
    instalment = instalment.where(instalment == np.floor(instalment))
    for name in _LEDGER_NUMBERS:
        typed[name] = numbers(bronze[name], 0)
    typed["installment_num"] = instalment.fillna(-1).astype(np.int64)
    typed = typed.loc[:, list(SILVER_TYPES["lms_loan_daily"])]
    elapsed = month_number(typed["snapshot_date"]) - month_number(typed["loan_start_date"])
    misplaced = elapsed.notna() & instalment.notna() & (elapsed != instalment)
    typed["reject_reason"] = rejected(
        bronze["source_line"],
        typed.assign(installment_num=instalment),
        ("loan_id", "installment_num"),
        needed=typed.columns,
        faults=[(misplaced, "installment_num is not the number of months from loan_start_date to snapshot_date")],
    )
    return typed


def gold(
    *,
    feature_clickstream: pd.DataFrame,
    features_attributes: pd.DataFrame,
    features_financials: pd.DataFrame,
    lms_loan_daily: pd.DataFrame,
) -> pd.DataFrame:
    """Give the loans that start in the batch, with what was known of their customers in the month of the start.

    Rows of a later month than a loan's start are left out for that loan, whichever were given, and of the ledger only
    the instalment 0 is looked at (``tenure`` in months, ``loan_amt`` in currency).

    - ``fe_10_mean, fe_10_std``: over the customer's months up to the start; the standard deviation is that of a sample
      (n - 1), null for one month. Histories grow, so both spread less from month to month: the declaration compares
      them with the newest months;
    - ``DTI = Total_EMI_per_month / Monthly_Inhand_Salary``: the share of a month's salary that goes into debts;
    - ``Savings_Ratio = Monthly_Balance / Monthly_Inhand_Salary``: the share of it that is left at the month's end;
    - both are null where a part is null or the salary is 0.

    Parameters
    ----------
    feature_clickstream, features_attributes, features_financials, lms_loan_daily
        Silver tables of the batch, the clicks with those of earlier batches.

    Returns
    -------
    pandas.DataFrame
        One row a loan: ``loan_id, Customer_ID, loan_start_date``, the `FEATURES` and ``reject_reason``: set where a
        customer has no row in attributes or financials, or more than `MOST_DOUBTFUL_CELLS` doubtful cells in them.
    """
    loans = lms_loan_daily.loc[lms_loan_daily["installment_num"] == 0].reset_index(drop=True)
    person = _newest_known(loans, features_attributes)
    finances = _newest_known(loans, features_financials)
    clicks = _known(loans, feature_clickstream[["Customer_ID", "snapshot_date", "fe_10"]]).groupby("loan")["fe_10"]
    salary = finances["Monthly_Inhand_Salary"]
    salary = salary.where(salary > 0)
    columns = {
        "loan_id": loans["loan_id"],
        "Customer_ID": loans["Customer_ID"],
        "loan_start_date": loans["loan_start_date"],
        "Credit_History_Months": finances["Credit_History_Months"],
        "Age": person["Age"],
        "Monthly_Inhand_Salary": finances["Monthly_Inhand_Salary"],
        "loan_amt": loans["loan_amt"],
        "tenure": loans["tenure"],
        "Interest_Rate": finances["Interest_Rate"],
        "fe_10_mean": clicks.mean().reindex(loans.index).astype(np.float64),
        "fe_10_std": clicks.std(ddof=1).reindex(loans.index).astype(np.float64),
        "Savings_Ratio": finances["Monthly_Balance"] / salary,
        "DTI": finances["Total_EMI_per_month"] / salary,
        "Num_Bank_Accounts": finances["Num_Bank_Accounts"],
        "Num_Credit_Card": finances["Num_Credit_Card"],
        "Amount_invested_monthly": finances["Amount_invested_monthly"],
        "Credit_Mix": _text(finances["Credit_Mix"]),
        "Occupation": _text(person["Occupation"]),
    }
    doubtful = person["doubtful_cells"].fillna(0) + finances["doubtful_cells"].fillna(0)
    reasons = [
        (person["Customer_ID"].isna(), "the customer has no row in features_attributes by the loan's month"),
        (finances["Customer_ID"].isna(), "the customer has no row in features_financials by the loan's month"),
        (
            doubtful > MOST_DOUBTFUL_CELLS,
            f"more than {MOST_DOUBTFUL_CELLS} of the customer's cells are filled with what cannot be believed",
        ),
    ]
    return pd.DataFrame(columns).assign(reject_reason=joined(reasons, loans.index))


def labels(*, lms_loan_daily: pd.DataFrame) -> pd.DataFrame:
    """Give the labels that the ledger of a month makes known: ``default`` where an amount is overdue at instalment 6.

    Parameters
    ----------
    lms_loan_daily
        Silver ledger of one month; the loans are those that started six months before.

    Returns
    -------
    pandas.DataFrame
        ``loan_id`` and ``label`` (``default`` or ``repaid``), one row a loan.

    Examples
    --------
    >>> ledger = pd.DataFrame({"loan_id": ["a", "b"], "installment_num": [6, 5], "overdue_amt": [1000.0, 0.0]})
    >>> labels(lms_loan_daily=ledger).values.tolist()
    [['a', 'default']]
    """
    due = lms_loan_daily.loc[lms_loan_daily["installment_num"] == LABEL_INSTALMENT].reset_index(drop=True)
    label = np.where(due["overdue_amt"] > 0, "default", "repaid").astype(object)
    return pd.DataFrame({"loan_id": due["loan_id"], "label": pd.Series(label, index=due.index, dtype=object)})


def _customer_month(bronze: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {"Customer_ID": identifiers(bronze["Customer_ID"]), "snapshot_date": bronze["snapshot_date"]},
        index=bronze.index,
    )


def _known(loans: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Give the customers' rows up to the month of the loan's start, with the loan's position as ``loan``."""
    asked = loans[["Customer_ID"]].assign(loan=loans.index, start=month_number(loans["loan_start_date"]))
    found = asked.merge(table, on="Customer_ID", how="inner")
    return found[month_number(found["snapshot_date"]) <= found["start"]]


def _newest_known(loans: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Give each loan's customer as last known by the month of the start; nulls where there is no row."""
    found = _known(loans, table).sort_values(["loan", "snapshot_date"], kind="stable")
    newest = found.drop_duplicates("loan", keep="last").set_index("loan")
    return newest[list(table.columns)].reindex(loans.index)


def _text(column: pd.Series[Any]) -> pd.Series[Any]:
    """Give text with one kind of null: to an encoder None and NaN are two categories."""
    values = [value if isinstance(value, str) else None for value in column]
    return pd.Series(values, index=column.index, dtype=object)
