"""A candidate that does not take a column says which, with an example, and what to do."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from driftwatch_assets.training.candidate import Candidate
from driftwatch_assets.training.errors import ScoringFailed, TrainingFailed
from driftwatch_assets.training.fitting import fit
from driftwatch_assets.training.prediction import predict
from driftwatch_assets.training.task import Binary
from driftwatch_assets.training.window import Stack

TASK = Binary(kind="binary", id="row", label="y", positive="b", negative="a")
ROWS = pd.DataFrame({"price": [1.0, 2.0, 3.0, np.nan], "weight": [1.0, 2.0, 1.0, 2.0]})
LABELS = np.array(["a", "b", "a", "b"])
ARTICLES = ["7", "8", "sku-3784", "9"]


def why_not_fitted(frame: pd.DataFrame, *estimators: str) -> str:
    candidate = Candidate.model_validate(
        {
            "name": "line",
            "steps": [{"estimator": path} for path in (*estimators, "sklearn.linear_model.LogisticRegression")],
        }
    )
    with pytest.raises(TrainingFailed) as failed:
        fit(candidate, Stack(frame, LABELS, "batch 1"), task=TASK, seed=1)
    return str(failed.value)


@pytest.mark.parametrize("before", [(), ("sklearn.preprocessing.StandardScaler",), ("sklearn.impute.SimpleImputer",)])
def test_a_text_is_told_with_its_column_and_no_advice_on_another(before: tuple[str, ...]) -> None:
    told = why_not_fitted(ROWS.assign(name=["x", "y", "z", "w"], article=ARTICLES).astype({"name": object}), *before)
    assert "candidate 'line' could not be fitted on 4 rows of batch 1" in told
    assert "holds texts, such as '" in told
    assert "'article'" in told
    assert "put an encoder before it" in told
    assert "imputer" not in told.partition("Column ")[2]


def test_the_column_is_the_one_that_has_the_text() -> None:
    told = why_not_fitted(ROWS.assign(code=["1", "2", "3", "4"], article=ARTICLES))
    assert "Column 'article' holds texts, such as 'sku-3784' (so do 'code'), and the estimator takes numbers" in told


def test_a_date_is_told_with_its_column() -> None:
    told = why_not_fitted(ROWS.assign(day=pd.to_datetime(["2024-02-01"] * 4)))
    assert "Column 'day' holds dates, such as '2024-02-01 00:00:00', and the estimator takes numbers" in told


def test_an_infinity_is_told_with_its_column() -> None:
    assert "Features with infinite values: 1, first: weight (1)" in why_not_fitted(
        ROWS.fillna(0.0).assign(weight=[1, np.inf, 2, 3])
    )


def test_a_missing_value_is_told_with_its_column() -> None:
    assert "Features with missing values: 1, first: price (1); put an imputer" in why_not_fitted(ROWS)


def test_a_text_that_comes_after_the_training_is_told_when_it_is_scored() -> None:
    candidate = Candidate(name="line", estimator="sklearn.linear_model.LogisticRegression")
    features = ["price", "weight"]
    model = fit(candidate, Stack(ROWS.fillna(0.0), LABELS, "batch 1"), task=TASK, seed=1).estimator
    with pytest.raises(ScoringFailed, match=r"Column 'price' holds texts, such as 'sku-3784'"):
        predict(model, ROWS.assign(price=ARTICLES), features)


def test_a_long_text_makes_no_long_message() -> None:
    assert len(why_not_fitted(ROWS.assign(article=["x" * 100_000] * 4))) < 1_000
