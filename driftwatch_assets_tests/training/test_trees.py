"""A forest that asks its trees in turn: every probability as scikit-learn gives it, bit by bit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pytest
import sklearn.ensemble._forest as sklearns
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from driftwatch_assets.training import trees_in_turn
from driftwatch_assets.training.temperature import TemperatureScaled
from driftwatch_assets_tests.serving.garden import FEATURES, iris_gold

if TYPE_CHECKING:
    import pandas as pd

ROWS = iris_gold("000001")
GAPS = ROWS[list(FEATURES)].mask(np.arange(len(ROWS) * 4).reshape(-1, 4) % 7 == 0)
SPECIES = ROWS["species"].to_numpy()
FORESTS = {
    "bare": lambda: RandomForestClassifier(n_estimators=30, random_state=1),
    "for several threads": lambda: ExtraTreesClassifier(n_estimators=30, n_jobs=2, random_state=2),
    "in a pipeline": lambda: make_pipeline(StandardScaler(), RandomForestClassifier(n_estimators=30, random_state=3)),
}


def no_tasks(**_: object) -> None:
    pytest.fail("a task was made of each tree")


def as_sklearn_says(fitted: Any, rows: pd.DataFrame) -> np.ndarray[Any, Any]:
    with joblib.parallel_config(backend="sequential"):
        return np.asarray(fitted.predict_proba(rows))


@pytest.mark.parametrize("count", [1, 150])
@pytest.mark.parametrize("kind", FORESTS)
def test_every_probability_is_the_same_bit_by_bit(kind: str, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    fitted = TemperatureScaled.around(FORESTS[kind]().fit(GAPS, SPECIES), 0.7)
    rows = GAPS.head(count) * 1.01
    expected = as_sklearn_says(fitted, rows)
    quick = trees_in_turn(fitted)
    assert as_sklearn_says(fitted, rows).tobytes() == expected.tobytes(), "the fitted one stays as it is"
    monkeypatch.setattr(sklearns, "Parallel", no_tasks)
    assert quick.predict_proba(rows).tobytes() == expected.tobytes()
    with pytest.raises(pytest.fail.Exception, match="a task was made"):
        fitted.predict_proba(rows)


def test_rows_are_refused_as_before() -> None:
    fitted = trees_in_turn(RandomForestClassifier(n_estimators=3).fit(ROWS[list(FEATURES)], SPECIES))
    with pytest.raises(ValueError, match="feature names should match"):
        fitted.predict_proba(ROWS[list(FEATURES[::-1])])
    with pytest.raises(ValueError, match="contains infinity"):
        fitted.predict_proba(GAPS.fillna(np.inf))


def test_what_is_no_forest_stays_as_it_is() -> None:
    fitted = LogisticRegression(max_iter=1000).fit(ROWS[list(FEATURES)], SPECIES)
    assert trees_in_turn(fitted) is fitted
