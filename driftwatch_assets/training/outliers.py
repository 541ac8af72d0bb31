"""Outlier detectors whose threshold keeps what was declared on rows that no training saw."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray  # noqa: TC002 - read by scikit-learn's metadata routing
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone

from driftwatch_assets.training.task import ANOMALY, NORMAL
from driftwatch_assets.training.trees import in_one_thread

_FOLDS = 5


class ThresholdedDetector(MetaEstimatorMixin, BaseEstimator):  # type: ignore[misc]  # untyped bases
    """An outlier detector with the threshold above which a row is called anomalous.

    A detector scores the rows that it was fitted on as less anomalous than new ones, so a threshold that is read off
    them calls too many or too few new rows anomalous. Here it is the (1 - contamination) quantile of **out-of-fold**
    scores: the rows are parted at random into five folds, and each is scored by a copy that was fitted on the other
    four. The detector itself is then fitted on all rows::

        threshold = Q of s_k(x) + Q(s(all rows)) - Q(s_k(the other four folds)), over the rows x of all folds k
        anomaly  <=>  s(x) > threshold

    with s the detector's scores, s_k those of the copy for fold k, and Q the quantile at rank
    (n + 1)·(1 - contamination), under which the expected share of new rows above it is the contamination (Hyndman and
    Fan, "Sample Quantiles in Statistical Packages", The American Statistician 50, 1996, definition 6). The two further
    terms put the copies on the detector's scale: two forests that were grown on other rows differ in their level, by
    which alone the share of anomalies would miss the declared one by a point.

    A score is the negated `score_samples` of the detector, or `decision_function` where it has none: higher is more
    anomalous.

    Parameters
    ----------
    estimator
        An outlier detector, a density, or a pipeline that ends in one.
    contamination
        Share of rows that is called anomalous, in (0, 0.5).
    seed
        Seed of the folds.

    Attributes
    ----------
    threshold_
        The threshold, on the scale of the scores.

    Examples
    --------
    >>> from sklearn.neighbors import LocalOutlierFactor
    >>> rows = np.random.default_rng(1).normal(size=(500, 2))
    >>> model = ThresholdedDetector(LocalOutlierFactor(novelty=True), contamination=0.1).fit(rows[:400])
    >>> model.predict([[0.0, 0.0], [6.0, 6.0]]).tolist(), int((model.predict(rows[400:]) == "anomaly").sum())
    (['normal', 'anomaly'], 10)

    """

    def __init__(self, estimator: Any, contamination: float = 0.1, seed: int = 0) -> None:
        self.estimator = estimator
        self.contamination = contamination
        self.seed = seed

    def fit(self, X: Any, y: Any = None) -> ThresholdedDetector:  # noqa: ARG002, N803 - scikit-learn's names
        """Find the threshold out of fold, then fit a copy of the estimator on all rows."""
        from sklearn.model_selection import KFold  # noqa: PLC0415 - heavy: loaded by the step that needs it

        count = len(X)
        self.estimator_ = clone(self.estimator).fit(X)
        own_level = self._quantile(anomaly_scores(self.estimator_, X))
        scores = np.empty(count)
        folds = KFold(min(_FOLDS, count), shuffle=True, random_state=self.seed)
        for others, fold in folds.split(np.empty((count, 1))):
            copy = clone(self.estimator).fit(_rows(X, others))
            level = self._quantile(anomaly_scores(copy, _rows(X, others)))
            scores[fold] = anomaly_scores(copy, _rows(X, fold)) + own_level - level
        self.threshold_ = self._quantile(scores)
        return self

    def _quantile(self, scores: NDArray[np.float64]) -> float:
        return float(np.quantile(scores, 1 - self.contamination, method="weibull"))

    def anomaly_scores(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """Give the scores, shape (rows,); higher is more anomalous."""
        return anomaly_scores(self.estimator_, X)

    def named(self, scores: NDArray[np.float64]) -> NDArray[Any]:
        """Give the class name a score."""
        return np.where(scores > self.threshold_, ANOMALY, NORMAL).astype(object)

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: N803
        """Give the class name a row: `anomaly` or `normal`."""
        return self.named(self.anomaly_scores(X))


def anomaly_scores(fitted: Any, rows: Any) -> NDArray[np.float64]:
    """Give a fitted detector's scores, shape (rows,); higher is more anomalous.

    They are asked in one thread: see `ask`.
    """
    method = fitted.score_samples if hasattr(fitted, "score_samples") else fitted.decision_function
    with in_one_thread():
        return -np.asarray(method(rows), dtype=float)


def _rows(table: Any, at: NDArray[np.int64]) -> Any:
    return table.iloc[at] if hasattr(table, "iloc") else np.asarray(table)[at]
