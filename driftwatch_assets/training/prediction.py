"""Scoring rows with a fitted model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from driftwatch_assets.training.errors import FeaturesMissing, ScoringFailed
from driftwatch_assets.training.model_input import model_input
from driftwatch_assets.training.refused_rows import first_line, why_refused
from driftwatch_assets.training.trees import in_one_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray


def predict(estimator: Any, frame: pd.DataFrame, features: Sequence[str], *, what: str = "the model") -> pd.DataFrame:
    """Score rows; nothing is fitted.

    Parameters
    ----------
    estimator
        A fitted classifier with `predict_proba`, which may have a threshold (see `TemperatureScaled`), or a fitted
        `ThresholdedDetector`.
    frame
        Rows to score; may have more columns.
    features
        The columns that the estimator was fitted on.
    what
        What the model is, for an error.

    Returns
    -------
    pandas.DataFrame
        With the frame's index. Of a classifier: `predicted` (str), `confidence` (probability of the predicted class)
        and one `score_<class>` a class, the probabilities. Of a detector: `predicted` (`normal` or `anomaly`) and
        `score` (higher is more anomalous).

    Raises
    ------
    FeaturesMissing
        The frame lacks some of the features.
    ScoringFailed
        The model refused the rows, e.g. for a missing value that it has no imputer for.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> frame = pd.DataFrame({"x": [0.0, 1.0, 2.0, 3.0]})
    >>> model = LogisticRegression().fit(frame, ["low", "low", "high", "high"])
    >>> predict(model, frame, ["x"]).loc[[0, 3], ["predicted", "confidence"]].round(3).to_dict("list")
    {'predicted': ['low', 'high'], 'confidence': [0.808, 0.808]}

    """
    missing = [name for name in features if name not in frame.columns]
    if missing:
        raise FeaturesMissing(
            f"cannot score {len(frame)} rows: {len(missing)} of the model's {len(features)} features are missing, "
            f"first {missing[:5]}; the table has {list(frame.columns[:5])} and others. Re-materialize gold with the "
            f"transform that the model was trained on, or train a model on the new columns"
        )
    if hasattr(estimator, "anomaly_scores"):
        anomalous = np.empty(0)
        if len(frame):
            anomalous = ask(estimator.anomaly_scores, frame, features, what=what).astype(float)
        return pd.DataFrame({"predicted": estimator.named(anomalous), "score": anomalous}, index=frame.index)
    classes = np.asarray(estimator.classes_).astype(str)
    if len(frame) == 0:
        chances = np.empty((0, len(classes)))
    else:
        chances = ask(estimator.predict_proba, frame, features, what=what).astype(float)
    best = estimator.decided(chances) if hasattr(estimator, "decided") else chances.argmax(axis=1)
    scored = pd.DataFrame(chances, index=frame.index, columns=[f"score_{name}" for name in classes])
    scored.insert(0, "predicted", pd.Series(classes[best], index=frame.index, dtype=object))
    scored.insert(1, "confidence", chances[np.arange(len(frame)), best])
    return scored


def ask(
    method: Callable[[pd.DataFrame], Any], frame: pd.DataFrame, features: Sequence[str], *, what: str
) -> NDArray[Any]:
    """Call a fitted estimator's method on the features of some rows, in this thread alone.

    The trees of a forest that was declared for several threads would be added in the order in which the threads are
    done, so that the last bits of a score would be others each time.

    Raises
    ------
    ScoringFailed
        It raised; the message says which features it did not take.

    """
    rows = model_input(frame, features)
    try:
        with in_one_thread():
            return np.asarray(method(rows))
    except Exception as broken:
        raise ScoringFailed(
            f"{what} could not score {len(frame)} rows: {first_line(broken)}{why_refused(broken, rows)}"
        ) from broken
