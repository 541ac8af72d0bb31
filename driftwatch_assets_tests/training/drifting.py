"""Small drifting batches and estimators that tell what was done to them."""

from __future__ import annotations

import time
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from driftwatch_assets.training import GoldBatch, Multiclass, TrainingDeclaration

FEATURES = ("length", "width", "depth")
CLASSES = ("ash", "beech", "cedar")
TASK = Multiclass(id="tree", label="kind", classes=CLASSES)


def drifting_batches(count: int = 5, rows: int = 240, drift: float = 0.6, seed: int = 7) -> list[GoldBatch]:
    """Give batches 1 … count of three classes whose means move a little further with each batch."""
    batches = []
    for at in range(1, count + 1):
        generator = np.random.default_rng([seed, at])
        codes = generator.permutation(np.arange(rows) % len(CLASSES))
        means = np.array([[0.0, 0.0, 0.0], [3.0, 0.0, 1.0], [0.0, 3.0, 2.0]]) + drift * at
        frame = pd.DataFrame(means[codes] + generator.normal(size=(rows, 3)), columns=list(FEATURES))
        frame.insert(0, "tree", np.arange(1, rows + 1))
        frame["kind"] = np.array(CLASSES, dtype=object)[codes]
        batches.append(GoldBatch(str(at), frame, f"content-{seed}-{at}"))
    return batches


def declaration(**changed: object) -> TrainingDeclaration:
    """Give a declaration with a discriminant and a forest, with changes."""
    declared: dict[str, object] = {
        "candidates": [
            {
                "name": "discriminant",
                "steps": [
                    {"estimator": "sklearn.preprocessing.StandardScaler"},
                    {"estimator": "sklearn.discriminant_analysis.LinearDiscriminantAnalysis"},
                ],
            },
            {
                "name": "forest",
                "estimator": "sklearn.ensemble.RandomForestClassifier",
                "parameters": {"n_estimators": 10},
            },
        ]
    }
    return TrainingDeclaration.model_validate(declared | changed)


class Recording(ClassifierMixin, BaseEstimator):
    """A discriminant that notes which rows it was fitted on and which it scored."""

    fitted: ClassVar[list[set[float]]] = []
    scored: ClassVar[list[set[float]]] = []

    def fit(self, X: pd.DataFrame, y: Any) -> Recording:  # noqa: N803
        self.seen_ = set(X["length"])
        self.fitted.append(self.seen_)
        self.inner_ = LinearDiscriminantAnalysis().fit(X, y)
        self.classes_ = self.inner_.classes_
        return self

    def decision_function(self, X: pd.DataFrame) -> np.ndarray:  # noqa: N803
        asked = set(X["length"])
        self.scored.append(asked)
        assert not asked & self.seen_, "a row was scored by a model that saw it"
        return np.asarray(self.inner_.decision_function(X))

    def predict(self, X: pd.DataFrame) -> np.ndarray:  # noqa: N803
        return np.asarray(self.classes_[self.decision_function(X).argmax(axis=1)])


class Constant(ClassifierMixin, BaseEstimator):
    """Says the same class of every row."""

    def __init__(self, says: str = "ash") -> None:
        self.says = says

    def fit(self, X: Any, y: Any) -> Constant:  # noqa: ARG002, N803
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:  # noqa: N803
        return np.tile((self.classes_ == self.says).astype(float), (len(X), 1))

    def predict(self, X: Any) -> np.ndarray:  # noqa: N803
        return np.full(len(X), self.says)


class Slow(Constant):
    """Takes longer to fit than any test waits."""

    def fit(self, X: Any, y: Any) -> Slow:  # noqa: N803
        print("fitting", flush=True)  # noqa: T201 - the parent process waits for the word
        time.sleep(600)
        super().fit(X, y)
        return self


class Silent(ClassifierMixin, BaseEstimator):
    """States no confidence."""

    def fit(self, X: Any, y: Any) -> Silent:  # noqa: ARG002, N803
        return self

    def predict(self, X: Any) -> np.ndarray:  # noqa: N803
        return np.zeros(len(X))
