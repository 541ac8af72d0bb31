"""Both leaks of the real loan applications are named, and honest sensors are not where leaks must lie apart."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from driftwatch_assets.defs.gas_sensors.transforms import FEATURES, silver
from driftwatch_assets.quality import TableColumns
from driftwatch_assets.quality.leaks import find_leaks
from driftwatch_assets.sources import LibsvmSource, readable, split
from driftwatch_assets_tests.quality.conftest import judge
from driftwatch_assets_tests.quality.test_label_leak import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from driftwatch_assets.quality import QualityVerdict

IDS = ("loan_id", "customer_id", "loan_status")
LEAKS = {"current_loan_amount", "credit_score"}


@pytest.fixture(scope="module")
def loans(real_data: Callable[[str], Path]) -> pd.DataFrame:
    folder = real_data("loan_eligibility")
    details, customers, credit = (
        pd.read_csv(folder / f"{name}_details.csv") for name in ("loan", "customer", "credit")
    )
    joined = details.merge(customers, on="customer_id", how="left").merge(credit, on="customer_id", how="left")
    return joined.assign(application_time=pd.to_datetime(joined["application_time"]))


def _features(frame: pd.DataFrame) -> list[str]:
    return [name for name in frame.columns if name not in IDS]


def _judged(frame: pd.DataFrame, **more: object) -> QualityVerdict:
    (verdict,) = judge(
        frame,
        {"expect": "label_leak", "label": "loan_status", **more},
        columns=TableColumns(features=tuple(_features(frame)), identity=("loan_id",)),
    ).verdicts
    return verdict


def test_both_leaks_are_named_with_their_regions_and_nothing_else(loans: pd.DataFrame) -> None:
    verdict = _judged(loans)
    leaks = {leak["feature"]: leak for leak in verdict.observed["leaks"]}
    assert set(leaks) == LEAKS
    amount, score = leaks["current_loan_amount"], leaks["credit_score"]
    assert (amount["region"], amount["rows"], amount["others"]) == ("current_loan_amount = 99999999", 821, 0)
    assert (score["kind"], score["rows"], score["others"]) == ("highest", 324, 0)
    assert score["nearest_outside"] < 850 < score["edge"]
    assert (amount["label"], score["label"]) == ("loan given", "loan refused")
    assert "current_loan_amount = 99999999 (821 of 6,688 rows, all loan given)" in verdict.sentence


@pytest.mark.parametrize("gap", [0, 5])
def test_both_leaks_are_named_in_every_week(loans: pd.DataFrame, gap: float) -> None:
    for _, week in loans.groupby(loans["application_time"].dt.to_period("W")):
        assert {leak["feature"] for leak in _judged(week, gap=gap).observed["leaks"]} == LEAKS


def test_the_leak_of_the_rare_label_is_named_on_most_days_and_nothing_false_on_any(loans: pd.DataFrame) -> None:
    days = Counter[str]()
    for _, day in loans.groupby(loans["application_time"].dt.date):
        days.update({leak["feature"] for leak in _judged(day).observed["leaks"]})
    assert set(days) == {"credit_score"}
    assert days["credit_score"] >= 30


def test_that_all_loans_without_a_customer_row_are_given_is_named_where_missing_values_count(
    loans: pd.DataFrame,
) -> None:
    leaks = {leak["region"]: leak for leak in _judged(loans, missing=True).observed["leaks"]}
    assert (leaks["home_ownership is missing"]["rows"], leaks["home_ownership is missing"]["others"]) == (2458, 0)


def test_the_real_loans_with_permuted_labels_raise_no_alarm(loans: pd.DataFrame) -> None:
    rng = np.random.default_rng(20)
    week = loans.iloc[2000:3000].reset_index(drop=True)
    label = pd.factorize(week["loan_status"])[0]
    alarms = [find_leaks(week, _features(week), rng.permutation(label), 2, DEFAULT)[0] for _ in range(100)]
    assert not any(alarms)


@pytest.mark.parametrize("number", range(1, 11))
def test_strong_sensors_are_no_leaks_where_a_range_must_lie_apart(real_gas_sensors: Path, number: int) -> None:
    file = real_gas_sensors / f"batch{number}.dat"
    source = LibsvmSource(features=len(FEATURES), label_fields=("label", "concentration"))
    bronze = source.read(file).to_pandas()
    frame = split(bronze, silver(readable(bronze)), file.name).kept.reset_index(drop=True)
    known = TableColumns(features=FEATURES, identity=("reading",))
    apart, every = judge(
        frame,
        {"expect": "label_leak", "label": "gas", "gap": 5, "auc": None, "name": "apart"},
        {"expect": "label_leak", "label": "gas", "auc": None},
        columns=known,
    ).verdicts
    assert apart.passed
    for leak in every.observed["leaks"]:
        values = frame[leak["feature"]]
        region = values >= leak["edge"] if leak["kind"] == "highest" else values <= leak["edge"]
        share = (frame["gas"][region] == leak["label"]).mean()
        assert (region.sum(), share) == (leak["rows"], pytest.approx(leak["purity"]))
        assert share >= 0.99
        assert region.sum() >= max(5, 0.01 * len(frame))
