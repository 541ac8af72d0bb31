"""What the real tables hold, and what the leaks in them are worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from driftwatch_assets.defs.loan_eligibility.transforms import FEATURES
from driftwatch_assets_tests.loan_eligibility.tables import auc, bronze, gold, judged, silver, with_leaks

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LAST_TWO_WEEKS = "2015-05-18"


@pytest.fixture(scope="module")
def cleaned(real_data: Callable[[str], Path]) -> dict[str, pd.DataFrame]:
    return silver(bronze(real_data("loan_eligibility")))


@pytest.fixture(scope="module")
def loans(cleaned: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return gold(cleaned)


def test_silver_keeps_every_row_and_counts_what_it_corrects(cleaned: dict[str, pd.DataFrame]) -> None:
    assert {name: len(rows) for name, rows in cleaned.items()} == {
        "loan_details": 6688,
        "customer_details": 4230,
        "credit_details": 4230,
    }
    assert all(rows["reject_reason"].isna().all() for rows in cleaned.values())
    applications, credit = cleaned["loan_details"], cleaned["credit_details"]
    assert (applications["current_loan_amount_as_delivered"] == 99999999).sum() == 821
    assert applications["current_loan_amount"].isna().sum() == 821
    assert (credit["credit_score_as_delivered"] > 850).sum() == 324
    assert credit["credit_score"].max() == 751
    assert (applications["loan_status"] == "loan given").mean() == pytest.approx(0.776, abs=0.0005)


def test_text_becomes_the_same_tables(real_data: Callable[[str], Path], cleaned: dict[str, pd.DataFrame]) -> None:
    for name, rows in silver(bronze(real_data("loan_eligibility"), as_text=True)).items():
        pd.testing.assert_frame_equal(rows, cleaned[name])


def test_the_loans_that_cannot_be_judged_are_counted_and_all_of_them_were_given(loans: pd.DataFrame) -> None:
    assert (~loans["customer_on_file"]).mean() == pytest.approx(0.368, abs=0.0005)
    assert loans["reject_reason"].value_counts().to_dict() == {
        "the customer has no row in customer_details: nothing is known of the applicant": 2458,
        "current_loan_amount is the placeholder 99999999: the amount is not known": 568,
    }
    assert set(loans.loc[loans["reject_reason"].notna(), "loan_status"]) == {"loan given"}
    assert len(judged(loans)) == 3662
    assert (judged(loans)["loan_status"] == "loan refused").mean() == pytest.approx(0.408, abs=0.0005)


def test_the_leaks_are_worth_a_tenth_of_auc_and_more(loans: pd.DataFrame) -> None:
    leaking = auc(with_leaks(loans), before=LAST_TWO_WEEKS)
    honest = auc(judged(loans), before=LAST_TWO_WEEKS)
    assert leaking == pytest.approx(0.94, abs=0.01)
    assert honest == pytest.approx(0.82, abs=0.01)


def test_nulls_alone_would_not_have_closed_them(loans: pd.DataFrame) -> None:
    assert auc(loans, before=LAST_TWO_WEEKS) > 0.92
    assert auc(loans[loans["customer_on_file"]], before=LAST_TWO_WEEKS) > 0.85


def test_corrected_scores_say_no_more_than_the_others(loans: pd.DataFrame) -> None:
    kept = judged(loans)
    right = kept[~(kept["credit_score_as_delivered"] > 850)]
    assert auc(kept, before=LAST_TWO_WEEKS) - auc(right, before=LAST_TWO_WEEKS) < 0.05
    delivered = kept.assign(credit_score=kept["credit_score_as_delivered"])
    assert auc(delivered, before=LAST_TWO_WEEKS) - auc(kept, before=LAST_TWO_WEEKS) > 0.02


def test_no_feature_of_a_judged_loan_has_a_value_that_gives_the_outcome_away(loans: pd.DataFrame) -> None:
    kept = judged(loans)
    refused = kept["loan_status"] == "loan refused"
    for name in FEATURES:
        shares = refused.groupby(kept[name], dropna=False).agg(["mean", "size"])
        often = shares[shares["size"] >= 100]["mean"]
        assert often.between(0.05, 0.95).all(), (name, often.to_dict())
