"""The simulated loans: the real files' shape and dirt, a label that the features tell of, and known changes."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from driftwatch_assets.defs.loan_default.dirt import DIRT
from driftwatch_assets.defs.loan_default.simulate import CLICKS_END, LOANS, RATES_RISE, RISE, simulate
from driftwatch_assets.defs.loan_default.transforms import CLICKS, FEATURES, gold, labels
from driftwatch_assets_tests.loan_default.tables import kept_of_folder, raw

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# SHA-256 of the files of seed 1: the same on every platform and with every supported version of Python and NumPy.
DIGESTS = {
    "feature_clickstream.csv": "74ca2ce46058146e7dfdf2162d623ec21c0f71273ba816ece6ddab65f8f21ab3",
    "features_attributes.csv": "e4f9fd6f45a40ea6d060a18764ed529716a072af3ef123c2aac7ae53589a19f7",
    "features_financials.csv": "85ee2bcb5c09ca7f45f2f5b6b46e5e7a8aa38d2be26e764f81729e234d5e05e5",
    "lms_loan_daily.csv": "1252753ee71f86f6c220a6dbc4a64a99d3571b89c1b8f8e32c27db6212409aac",
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {file.name: file for file in simulate(tmp_path_factory.mktemp("simulated"), seed=1)}


@pytest.fixture(scope="module")
def loans(files: dict[str, Path]) -> pd.DataFrame:
    tables = kept_of_folder(files["lms_loan_daily.csv"].parent)
    table = gold(**tables).merge(labels(lms_loan_daily=tables["lms_loan_daily"]), on="loan_id", validate="1:1")
    starts = table["loan_start_date"]
    return table.assign(month=(starts.dt.year - 2023) * 12 + starts.dt.month)


def test_the_files_are_the_same_bytes_everywhere(files: dict[str, Path]) -> None:
    assert {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in files.items()} == DIGESTS


def test_the_headers_are_those_of_the_real_files(files: dict[str, Path], real_data: Callable[[str], Path]) -> None:
    for name, file in files.items():
        with file.open() as mine, (real_data("loan_default") / name).open() as real:
            assert mine.readline() == real.readline()


def test_a_months_loans_do_not_depend_on_how_many_are_asked_for(files: dict[str, Path], tmp_path: Path) -> None:
    for file in simulate(tmp_path, seed=1, months=3):
        few, all_of_them = (set(path.read_text().splitlines()) for path in (file, files[file.name]))
        assert few <= all_of_them
        assert len(few) > 3 * 0.9 * LOANS


def test_another_seed_makes_other_loans(files: dict[str, Path], tmp_path: Path) -> None:
    for file in simulate(tmp_path, seed=2, months=2, scale=0.2):
        assert file.read_bytes() != files[file.name].read_bytes()


def test_the_dirt_comes_in_the_declared_shares(files: dict[str, Path]) -> None:
    cells = pd.concat(
        [raw(files[f"{name}.csv"]).set_index("Customer_ID") for name in ("features_attributes", "features_financials")],
        axis=1,
    )
    rows = len(cells)
    for column, kinds in DIRT.items():
        for kind in kinds:
            if kind.text in {"{number}", "{number}.0", "-{number}"}:
                number = pd.to_numeric(cells[column].str.rstrip("_"), errors="coerce").abs()
                found = int(
                    (
                        number.between(kind.low, kind.high) & cells[column].str.startswith("-").eq(kind.text[0] == "-")
                    ).sum()
                )
            else:
                found = int(cells[column].str.fullmatch(re.escape(kind.text).replace(r"\{value\}", ".+")).sum())
            spread = 5 * np.sqrt(kind.share * (1 - kind.share) / rows) + 1e-12
            assert abs(found / rows - kind.share) <= spread, (column, kind, found)


def test_names_and_numbers_are_plainly_made_up(files: dict[str, Path]) -> None:
    people = raw(files["features_attributes.csv"])

    assert people["Name"].str.fullmatch(r"Sample Person [0-9]{7}").all()
    assert people["Name"].is_unique
    numbers = people["SSN"][people["SSN"] != "#F%$D@*&8"]
    assert numbers.str.fullmatch(r"000-[0-9]{2}-[0-9]{4}").all()
    assert numbers.is_unique


def test_no_row_is_rejected_and_few_loans_are_set_aside(files: dict[str, Path], loans: pd.DataFrame) -> None:
    assert len(loans) == len(raw(files["features_attributes.csv"]))
    assert len(loans) * 11 == len(raw(files["lms_loan_daily.csv"]))
    assert loans["reject_reason"].notna().mean() < 0.01


def test_the_clicks_end_with_a_known_month(loans: pd.DataFrame) -> None:
    missing = loans["fe_10_mean"].isna().groupby(loans["month"]).mean()

    assert (missing.loc[:CLICKS_END] == 0).all()
    assert (missing.loc[CLICKS_END + 1 :] == 1).all()


def test_there_are_clicks_from_after_the_start_to_be_left_out(files: dict[str, Path], loans: pd.DataFrame) -> None:
    rows = raw(files["feature_clickstream.csv"]).merge(loans[["Customer_ID", "loan_start_date"]], on="Customer_ID")

    assert list(rows.columns[:20]) == list(CLICKS)
    assert (pd.to_datetime(rows["snapshot_date"]) > rows["loan_start_date"]).any()


def test_rates_rise_in_a_known_month_and_defaults_with_them(loans: pd.DataFrame) -> None:
    dear = loans["month"] >= RATES_RISE
    rates = loans["Interest_Rate"].groupby(dear).mean()
    defaults = (loans["label"] == "default").groupby(dear).mean()

    assert rates[True] - rates[False] == pytest.approx(RISE, abs=1)
    assert defaults[False] == pytest.approx(0.28, abs=0.03)
    assert defaults[True] > defaults[False] + 0.05


def test_the_label_is_learnable_and_a_frozen_model_loses(loans: pd.DataFrame) -> None:
    from sklearn.impute import SimpleImputer  # noqa: PLC0415 - heavy, and only here
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - heavy, and only here
    from sklearn.metrics import roc_auc_score  # noqa: PLC0415 - heavy, and only here
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415 - heavy, and only here
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415 - heavy, and only here

    numeric = list(FEATURES[:-2])

    def auc(learned: pd.Series[bool], asked: pd.Series[bool]) -> float:
        model = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression())
        model.fit(loans.loc[learned, numeric], loans.loc[learned, "label"])
        scores = model.predict_proba(loans.loc[asked, numeric])[:, 0]
        return float(roc_auc_score(loans.loc[asked, "label"] == "default", scores))

    month = loans["month"]
    before, after = (month > 7) & (month < RATES_RISE), month >= 21

    assert 0.74 < auc(month <= 7, before) < 0.84
    assert auc(month <= 7, after) < auc(month <= 7, before)
    assert auc(month <= 14, after) > auc(month <= 7, after)


@pytest.mark.parametrize(
    "wrong", [{"seed": -1}, {"months": 0}, {"months": 257}, {"scale": 0.0}, {"scale": float("nan")}]
)
def test_a_wrong_argument_is_named(tmp_path: Path, wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(wrong))}=.*expected seed >= 0"):
        simulate(tmp_path, **{"seed": 1, **wrong})  # type: ignore[arg-type]
