"""Simulated applications: the real tables' format, dirt and proportions, and a drift that matters."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from driftwatch_assets.defs.loan_eligibility.simulate import (
    CREDIT_COLUMNS,
    CUSTOMER_COLUMNS,
    DRIFT_DAY,
    FIRST_DAY,
    LOAN_COLUMNS,
    NEW_PURPOSE,
    simulate,
)
from driftwatch_assets.defs.loan_eligibility.transforms import FEATURES
from driftwatch_assets.drift import Policy, Reference, judge
from driftwatch_assets_tests.loan_eligibility.tables import auc, bronze, gold, judged, silver, with_leaks

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("loan_details", "customer_details", "credit_details")
DRIFT = str(FIRST_DAY + pd.Timedelta(days=DRIFT_DAY))

# SHA-256 of the files of seed 1: the same on every platform and with every supported version of Python and NumPy.
DIGESTS = {
    "loan_details.csv": "c9802b3c044be54f8afa56cbaca6645f2a76686c02e33f48ee4271e63ecc5bbb",
    "customer_details.csv": "15df6dbd4aa073d97291d5e03dee42ea9b1ab37f4866fbe29096344e7762f8cd",
    "credit_details.csv": "acf1d8d273d50d4ae7a2ae8b28f9ef2e77ef22b74e7dd8aaab919ddaff468aca",
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return simulate(tmp_path_factory.mktemp("simulated"), seed=1)


@pytest.fixture(scope="module")
def raw(files: list[Path]) -> dict[str, pd.DataFrame]:
    return bronze(files[0].parent)


@pytest.fixture(scope="module")
def loans(raw: dict[str, pd.DataFrame]) -> pd.DataFrame:
    cleaned = silver(raw)
    assert all(rows["reject_reason"].isna().all() for rows in cleaned.values())
    return gold(cleaned)


def test_the_files_are_the_same_bytes_everywhere(files: list[Path]) -> None:
    assert {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files} == DIGESTS


def test_the_tables_have_the_real_headers_and_are_in_order_of_time(raw: dict[str, pd.DataFrame]) -> None:
    for name, columns in zip(NAMES, (LOAN_COLUMNS, CUSTOMER_COLUMNS, CREDIT_COLUMNS), strict=True):
        assert raw[name].columns.tolist() == ["source_line", *columns]
    moments = raw["loan_details"]["application_time"]
    assert moments.is_monotonic_increasing
    assert (moments.min().date(), moments.max().date()) == (FIRST_DAY, FIRST_DAY + pd.Timedelta(days=44))
    assert moments.dt.date.value_counts().between(120, 180).all()


def test_headers_are_those_of_the_real_files(files: list[Path], request: pytest.FixtureRequest) -> None:
    real = request.getfixturevalue("real_data")("loan_eligibility")
    for file in files:
        with file.open() as mine, (real / file.name).open() as theirs:
            assert mine.readline() == theirs.readline()


def test_each_leak_is_there_in_about_the_real_proportion(loans: pd.DataFrame) -> None:
    placeholder = loans["current_loan_amount_as_delivered"] == 99999999
    tenfold = loans["credit_score_as_delivered"] > 850
    absent = ~loans["customer_on_file"]
    assert placeholder.mean() == pytest.approx(0.12, abs=0.02)
    assert tenfold.mean() == pytest.approx(0.048, abs=0.015)
    assert absent.mean() == pytest.approx(0.37, abs=0.04)
    assert set(loans.loc[placeholder | absent, "loan_status"]) == {"loan given"}
    assert set(loans.loc[tenfold, "loan_status"]) == {"loan refused"}
    assert (loans["loan_status"] == "loan given").mean() == pytest.approx(0.776, abs=0.03)


def test_values_are_missing_as_in_the_real_tables(raw: dict[str, pd.DataFrame], loans: pd.DataFrame) -> None:
    customers, credit = raw["customer_details"], raw["credit_details"]
    assert customers["customer_id"].tolist() == credit["customer_id"].tolist()
    assert customers["annual_income"].isna().tolist() == credit["credit_score"].isna().tolist()
    assert customers["annual_income"].isna().mean() == pytest.approx(0.24, abs=0.03)
    assert customers["months_since_last_delinquent"].isna().mean() == pytest.approx(0.56, abs=0.05)
    assert customers["years_in_current_job"].isna().mean() == pytest.approx(0.04, abs=0.02)
    assert 0 < (raw["loan_details"]["tax_liens"] % 1 != 0).sum() < 20
    assert raw["loan_details"]["purpose"].str.contains("_").any()
    assert loans["loan_id"].is_unique


def test_another_seed_makes_other_applications(tmp_path: Path, files: list[Path]) -> None:
    for mine, other in zip(files, simulate(tmp_path, seed=2), strict=True):
        assert mine.read_bytes() != other.read_bytes()


def test_a_day_does_not_depend_on_how_many_are_asked_for(tmp_path: Path, files: list[Path]) -> None:
    for whole, begun in zip(files, simulate(tmp_path, seed=1, days=5), strict=True):
        assert whole.read_bytes().startswith(begun.read_bytes())


def test_the_leaks_are_worth_much_here_too(loans: pd.DataFrame) -> None:
    before = loans[loans["application_time"] < DRIFT]
    assert auc(with_leaks(before), before="2015-05-04") > 0.9
    assert 0.75 < auc(judged(before), before="2015-05-04") < 0.9


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.soak) for seed in (2, 3))])
def test_the_drift_is_found_and_a_model_of_the_days_before_it_loses(tmp_path: Path, seed: int) -> None:
    simulate(tmp_path, seed=seed, scale=2.0)
    rows = judged(gold(silver(bronze(tmp_path))))
    moments = rows["application_time"]
    reference = Reference.fit(rows.loc[moments < "2015-05-11", list(FEATURES)])
    week = rows[(moments >= "2015-05-11") & (moments < DRIFT)]
    calm = judge(reference.compare(week[list(FEATURES)]), policy=Policy())
    moved = judge(reference.compare(rows.loc[moments >= DRIFT, list(FEATURES)]), policy=Policy())
    assert calm.drift_detected is False, calm.reason
    assert {"monthly_debt", "purpose"} <= set(moved.drifted_features)
    assert set(rows.loc[rows["purpose"] == NEW_PURPOSE, "application_time"] >= DRIFT) == {True}

    frozen = auc(rows[(moments < DRIFT) | (moments >= "2015-05-25")], before=DRIFT)
    assert auc(rows, before="2015-05-11", until=DRIFT) - frozen > 0.03
    assert auc(rows, before="2015-05-25") - frozen > 0.03


@pytest.mark.parametrize("wrong", [{"seed": -1}, {"days": 0}, {"scale": 0.0}, {"scale": float("nan")}])
def test_a_wrong_argument_is_named(tmp_path: Path, wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(wrong))}=.*expected seed >= 0, days >= 1, scale > 0"):
        simulate(tmp_path, **{"seed": 1, **wrong})  # type: ignore[arg-type]


def test_a_small_scale_keeps_a_loan_a_day(tmp_path: Path) -> None:
    simulate(tmp_path, seed=1, days=3, scale=0.001)
    assert len(bronze(tmp_path)["loan_details"]) == 3
