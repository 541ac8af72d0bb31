"""Nothing from after a loan's start reaches its features: the future is planted, and gold does not change."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from driftwatch_assets.defs.loan_default.transforms import gold
from driftwatch_assets_tests.loan_default.tables import clicks, finances, instalment, kept, person, silver

START = "2023-03-01"
MONTHS = pd.date_range("2023-01-01", "2023-12-01", freq="MS").strftime("%Y-%m-%d").tolist()


@pytest.fixture
def tables() -> dict[str, pd.DataFrame]:
    """Give the silver tables of one loan that starts in March, with all that is known up to March."""
    rows = {
        "feature_clickstream": [clicks(10 * at, month) for at, month in enumerate(MONTHS[:3], 1)],
        "features_attributes": [person(snapshot_date=START)],
        "features_financials": [finances(snapshot_date=START)],
        "lms_loan_daily": [instalment(0, start=START)],
    }
    return {name: kept(silver(name, pd.DataFrame(given))) for name, given in rows.items()}


def with_more(tables: dict[str, pd.DataFrame], name: str, rows: list[dict[str, str | None]]) -> dict[str, pd.DataFrame]:
    later = kept(silver(name, pd.DataFrame(rows)))
    return tables | {name: pd.concat([later, tables[name]], ignore_index=True)}


def test_clicks_of_later_months_change_nothing(tables: dict[str, pd.DataFrame]) -> None:
    planted = with_more(tables, "feature_clickstream", [clicks(9_999, month) for month in MONTHS[3:]])

    pd.testing.assert_frame_equal(gold(**planted), gold(**tables))
    assert gold(**planted)["fe_10_mean"].tolist() == [20.0]
    assert gold(**planted)["fe_10_std"].tolist() == [10.0]


def test_clicks_of_the_start_month_itself_count_on_any_day(tables: dict[str, pd.DataFrame]) -> None:
    late_in_month = with_more(tables, "feature_clickstream", [clicks(100, "2023-03-31")])

    assert gold(**late_in_month)["fe_10_mean"].tolist() == [40.0]


def test_repayments_after_the_start_change_nothing(tables: dict[str, pd.DataFrame]) -> None:
    rows = [
        instalment(number, start=START, overdue_amt="9000.0", paid_amt="0.0", balance="1.0", loan_amt="77", tenure="3")
        for number in range(1, 11)
    ]

    pd.testing.assert_frame_equal(gold(**with_more(tables, "lms_loan_daily", rows)), gold(**tables))


def test_what_is_learned_of_a_customer_later_changes_nothing(tables: dict[str, pd.DataFrame]) -> None:
    older = with_more(tables, "features_attributes", [person(Age="60", snapshot_date="2023-04-01")])
    planted = with_more(older, "features_financials", [finances(Interest_Rate="33", snapshot_date="2023-12-01")])

    pd.testing.assert_frame_equal(gold(**planted), gold(**tables))


def test_a_customer_known_only_later_is_not_known(tables: dict[str, pd.DataFrame]) -> None:
    only_later = {
        name: tables[name].assign(snapshot_date=pd.Timestamp("2023-04-01"))
        for name in ("features_attributes", "features_financials", "feature_clickstream")
    }
    table = gold(**tables | only_later)

    assert table["reject_reason"].str.contains("no row in features_attributes by the loan's month").all()
    assert table[["Age", "Interest_Rate", "fe_10_mean"]].isna().all(axis=None)


def test_each_loan_of_a_batch_is_held_to_its_own_month(tables: dict[str, pd.DataFrame]) -> None:
    both = with_more(tables, "lms_loan_daily", [instalment(0, start="2023-01-01")])
    table = gold(**both).set_index("loan_start_date")

    assert table["fe_10_mean"].to_dict() == {pd.Timestamp("2023-01-01"): 10.0, pd.Timestamp(START): 20.0}
    assert np.isnan(table.loc["2023-01-01", "Age"])
