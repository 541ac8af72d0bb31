"""One meaning of confidence for every kind of estimator: temperature-scaled scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

_SMALLEST = 1e-6
_COLDEST, _HOTTEST = 1e-2, 1e2


class TemperatureScaled(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # untyped bases
    """A classifier whose probabilities are its scores divided by a temperature.

    With scores s, a probability is ``softmax(s / T)``: Guo et al., "On Calibration of Modern Neural Networks", ICML
    2017. The scores are the estimator's `decision_function`, or the logarithm of its `predict_proba` where it has
    none. One positive number changes no order, so the predicted class is the one with the highest score, and the
    confidence of a support vector machine, a forest and a discriminant can be compared.

    scikit-learn's `CalibratedClassifierCV(method="temperature")` finds the same number but binds it to the estimator
    that it was found on; here it is found with an earlier fit of the candidate, on rows that this fit has not seen, and
    then carried over to the judged estimator and to the refitted one: no row that helped to find it judges.

    Parameters
    ----------
    estimator
        A classifier with `decision_function` or `predict_proba`.
    temperature
        T > 0; above 1 the probabilities become more even, below 1 sharper.
    positive, threshold
        Of a task with two classes, the one that is looked for is predicted when its probability reaches the
        threshold; without them the class with the highest score is.

    Examples
    --------
    >>> from sklearn.svm import SVC
    >>> model = TemperatureScaled(SVC(kernel="linear"), temperature=0.5).fit([[0.0], [1.0]], ["low", "high"])
    >>> model.predict([[0.9]]).tolist(), model.predict_proba([[0.9]]).round(3).tolist()
    (['high'], [[0.69, 0.31]])

    """

    def __init__(
        self, estimator: Any, temperature: float = 1.0, positive: str | None = None, threshold: float | None = None
    ) -> None:
        self.estimator = estimator
        self.temperature = temperature
        self.positive = positive
        self.threshold = threshold

    def fit(self, X: Any, y: Any) -> TemperatureScaled:  # noqa: N803 - scikit-learn's names
        """Fit a copy of the estimator; the temperature stays."""
        self.estimator_ = clone(self.estimator).fit(X, y)
        return self

    @classmethod
    def around(
        cls, fitted: Any, temperature: float, *, positive: str | None = None, threshold: float | None = None
    ) -> TemperatureScaled:
        """Wrap an estimator that is fitted already."""
        scaled = cls(clone(fitted), temperature, positive, threshold)
        scaled.estimator_ = fitted
        return scaled

    @property
    def classes_(self) -> NDArray[Any]:
        """Class names, in the order of the probabilities' columns."""
        return np.asarray(self.estimator_.classes_)

    def predict_proba(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """Give the probabilities, shape (rows, classes), each row summing to 1."""
        return softmax(class_scores(self.estimator_, X) / self.temperature)

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: N803
        """Give the predicted class a row."""
        if self.threshold is None:
            return np.asarray(self.classes_[class_scores(self.estimator_, X).argmax(axis=1)])
        return np.asarray(self.classes_[self.decided(self.predict_proba(X))])

    def decided(self, chances: NDArray[np.float64]) -> NDArray[np.int64]:
        """Give the place of the predicted class in `classes_`, of probabilities of shape (rows, classes)."""
        if self.threshold is None:
            return np.asarray(chances.argmax(axis=1))
        at = [str(name) for name in self.classes_].index(str(self.positive))
        return np.where(chances[:, at] >= self.threshold, at, 1 - at)


def class_scores(fitted: Any, rows: Any) -> NDArray[np.float64]:
    """Give a fitted classifier's score of each class, shape (rows, classes).

    Parameters
    ----------
    fitted
        A classifier with `decision_function` or `predict_proba`.
    rows
        What it was fitted on, in the same form.

    """
    if not hasattr(fitted, "decision_function"):
        return np.asarray(np.log(np.clip(fitted.predict_proba(rows), _SMALLEST, None)))
    scores = np.asarray(fitted.decision_function(rows), dtype=float)
    return np.column_stack([-scores / 2, scores / 2]) if scores.ndim == 1 else scores


def best_temperature(scores: NDArray[np.float64], classes: Sequence[str], labels: ArrayLike) -> float:
    """Find the temperature under which the labels are likeliest.

    ``T = argmin over [0.01, 100] of -Σ (1 - ε)·log p[label] + ε·mean of log p[other classes]``, p = softmax(s / T),
    ε = 1 / (rows + 2); rows whose label is no known class are left out. The small doubt ε keeps a model that was right
    on all rows from being certain (Platt, "Probabilistic Outputs for Support Vector Machines", 1999).

    Parameters
    ----------
    scores
        Shape (rows, classes), of rows that the estimator was not fitted on.
    classes
        Class names in the order of the columns.
    labels
        Class names, shape (rows,).

    Returns
    -------
    float
        T; 1.0 where no row has a known class.

    Examples
    --------
    >>> scores = np.array([[2.0, 0.0]] * 10)
    >>> round(best_temperature(scores, ["a", "b"], ["a"] * 9 + ["b"]), 2)
    1.24

    """
    from scipy.optimize import minimize_scalar  # noqa: PLC0415 - heavy: loaded by the step that needs it

    column = {name: at for at, name in enumerate(classes)}
    known = [(row, column[name]) for row, name in enumerate(np.asarray(labels).astype(str)) if name in column]
    if not known:
        return 1.0
    rows, truth = np.array(known).T
    kept = scores[rows] - scores[rows].max(axis=1, keepdims=True)
    own = kept[np.arange(len(truth)), truth]
    others = (kept.sum(axis=1) - own) / (kept.shape[1] - 1)
    doubt = 1 / (len(truth) + 2)
    expected = (1 - doubt) * own + doubt * others

    def loss(log_temperature: float) -> float:
        heat = np.exp(log_temperature)
        return float(np.mean(np.log(np.exp(kept / heat).sum(axis=1)) - expected / heat))

    found = minimize_scalar(loss, bounds=(np.log(_COLDEST), np.log(_HOTTEST)), method="bounded")
    return float(np.exp(found.x))


def softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the probabilities of scores of shape (rows, classes), each row summing to 1."""
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))
