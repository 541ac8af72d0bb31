"""The real loans: every kind of dirt as often as published, and an honest figure for what the features are worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from driftwatch_assets.defs.loan_default.transforms import FEATURES, SILVER_TYPES, gold, labels
from driftwatch_assets_tests.loan_default.tables import DATES, kept_of_folder, raw, silver

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# What a cell should look like, by table and column, and how many of the 12,500 rows have one that does not.
DIRT = [
    ("features_attributes", "Age", r"[^_]*", 637),
    ("features_attributes", "Age", r"(1[89]|[2-9][0-9]|100)_*", 988),
    ("features_attributes", "SSN", r"[0-9]{3}-[0-9]{2}-[0-9]{4}", 703),
    ("features_attributes", "Occupation", r".*[A-Za-z].*", 880),
    ("features_financials", "Annual_Income", r"[^_]*", 859),
    ("features_financials", "Num_of_Loan", r"(?!-100_*$).*", 500),
    ("features_financials", "Credit_Mix", r"[^_]+", 2_611),
    ("features_financials", "Payment_Behaviour", r"\w+", 998),
    ("features_financials", "Amount_invested_monthly", r"[^_]*", 558),
    ("features_financials", "Monthly_Balance", r"[^_]*", 1),
    ("features_financials", "Num_of_Loan", r"[^_]*", 623),
    ("features_financials", "Outstanding_Debt", r"[^_]*", 139),
    ("features_financials", "Num_of_Delayed_Payment", r"[^_]*", 374),
    ("features_financials", "Changed_Credit_Limit", r"[^_]*", 254),
    ("features_financials", "Credit_History_Age", r"[0-9]+ Years and ([0-9]|1[01]) Months", 0),
]

# Cells that were filled and that silver does not believe.
NOT_BELIEVED = {
    "Age": 988,
    "Occupation": 880,
    "Annual_Income": 114,
    "Monthly_Inhand_Salary": 0,
    "Num_Bank_Accounts": 171,
    "Num_Credit_Card": 296,
    "Interest_Rate": 270,
    "Credit_Mix": 2_611,
    "Payment_Behaviour": 998,
    "Amount_invested_monthly": 558,
    "Total_EMI_per_month": 396,
    "Changed_Credit_Limit": 254,
    "Monthly_Balance": 1,
}


@pytest.fixture(scope="module")
def folder(real_data: Callable[[str], Path]) -> Path:
    return real_data("loan_default")


@pytest.fixture(scope="module")
def tables(folder: Path) -> dict[str, pd.DataFrame]:
    return kept_of_folder(folder)


@pytest.fixture(scope="module")
def loans(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return gold(**tables).merge(labels(lms_loan_daily=tables["lms_loan_daily"]), on="loan_id", validate="1:1")


def test_every_kind_of_dirt_is_there_as_often_as_published(folder: Path) -> None:
    cells = {name: raw(folder / f"{name}.csv") for name in ("features_attributes", "features_financials")}
    found = [
        (table, column, pattern, int((~cells[table][column].str.fullmatch(pattern)).sum()))
        for table, column, pattern, _ in DIRT
    ]

    assert found == DIRT


def test_every_real_row_is_kept_and_cells_that_cannot_be_believed_are_null(
    folder: Path, tables: dict[str, pd.DataFrame]
) -> None:
    assert {name: len(table) for name, table in tables.items()} == {
        "feature_clickstream": 215_376,
        "features_attributes": 12_500,
        "features_financials": 12_500,
        "lms_loan_daily": 137_500,
    }
    customers = tables["features_attributes"].merge(tables["features_financials"], on="Customer_ID")
    cells = raw(folder / "features_attributes.csv").merge(raw(folder / "features_financials.csv"), on="Customer_ID")
    filled = cells.set_index("Customer_ID").loc[customers["Customer_ID"]].notna()
    found = {name: int((customers[name].isna().to_numpy() & filled[name].to_numpy()).sum()) for name in NOT_BELIEVED}

    assert found == NOT_BELIEVED


def test_the_other_date_format_gives_the_same_silver(folder: Path) -> None:
    for name in SILVER_TYPES:
        cells = raw(folder / f"{name}.csv")
        other = cells.copy()
        for column in DATES:
            if column in other:
                written = {iso: f"{int(iso[8:])}/{int(iso[5:7])}/{iso[:4]}" for iso in other[column].unique()}
                other[column] = other[column].map(written)
        assert not cells["snapshot_date"].equals(other["snapshot_date"])

        pd.testing.assert_frame_equal(silver(name, other, "%d/%m/%Y"), silver(name, cells))


def test_twelve_thousand_five_hundred_loans_become_gold_and_few_are_set_aside(loans: pd.DataFrame) -> None:
    assert len(loans) == 12_500
    assert (loans["label"] == "default").sum() == 3_602
    assert loans["reject_reason"].notna().sum() == 31


def test_the_clicks_end_with_the_loans_of_june_2024(loans: pd.DataFrame) -> None:
    missing = loans["fe_10_mean"].isna().groupby(loans["loan_start_date"]).mean()

    assert (missing[:"2024-06"] == 0).all()
    assert (missing["2024-07":] == 1).all()


def test_the_features_are_worth_their_figure_on_later_loans(loans: pd.DataFrame) -> None:
    # Fitted on loans that start up to 2024-06, asked for all that start later, of which none has clicks.
    from sklearn.compose import make_column_transformer  # noqa: PLC0415 - heavy, and only here
    from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415 - heavy, and only here
    from sklearn.impute import SimpleImputer  # noqa: PLC0415 - heavy, and only here
    from sklearn.metrics import roc_auc_score  # noqa: PLC0415 - heavy, and only here
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415 - heavy, and only here
    from sklearn.preprocessing import OneHotEncoder  # noqa: PLC0415 - heavy, and only here

    usable = loans[loans["reject_reason"].isna()]
    earlier, later = usable[usable["loan_start_date"] < "2024-07"], usable[usable["loan_start_date"] >= "2024-07"]
    model = make_pipeline(
        make_column_transformer(
            (SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True), list(FEATURES[:-2])),
            (
                make_pipeline(
                    SimpleImputer(strategy="constant", fill_value="missing", missing_values=None),
                    OneHotEncoder(handle_unknown="ignore", min_frequency=20),
                ),
                list(FEATURES[-2:]),
            ),
        ),
        HistGradientBoostingClassifier(
            learning_rate=0.05, max_iter=150, max_leaf_nodes=8, min_samples_leaf=40, l2_regularization=5, random_state=0
        ),
    )
    model.fit(earlier[list(FEATURES)], earlier["label"])
    auc = roc_auc_score(later["label"] == "default", model.predict_proba(later[list(FEATURES)])[:, 0])

    assert auc >= 0.778
