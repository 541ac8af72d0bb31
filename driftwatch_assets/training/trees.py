"""Forests that are asked: their trees one after the other, where scikit-learn makes a task of each."""

from __future__ import annotations

import contextlib
from copy import copy
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray


def trees_in_turn(estimator: Any) -> Any:
    """Let the forest that a fitted estimator ends in ask its trees one after the other.

    scikit-learn hands each tree to joblib with its configuration and the process's warning filters, and sets these for
    each tree again. For one row that takes several times as long as the trees themselves. The probabilities are the
    same bit by bit: those of the trees, added in the trees' order, divided by their number.

    Parameters
    ----------
    estimator
        A fitted estimator, which stays as it is.

    Returns
    -------
    Any
        One that answers the same: of a random forest or extra trees, also at the end of a pipeline or scaled by a
        temperature, a copy that shares the trees; else the estimator.

    Examples
    --------
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> forest = RandomForestClassifier(n_estimators=10, random_state=1).fit([[0.0], [1.0]], ["low", "high"])
    >>> bool((trees_in_turn(forest).predict_proba([[0.8]]) == forest.predict_proba([[0.8]])).all())
    True

    """
    # Heavy: loaded with the first champion.
    from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier  # noqa: PLC0415
    from sklearn.pipeline import Pipeline  # noqa: PLC0415

    from driftwatch_assets.training.temperature import TemperatureScaled  # noqa: PLC0415

    quick = copy(estimator)
    if isinstance(estimator, TemperatureScaled):
        quick.estimator_ = trees_in_turn(estimator.estimator_)
    elif isinstance(estimator, Pipeline):
        name, last = estimator.steps[-1]
        quick.steps = [*estimator.steps[:-1], (name, trees_in_turn(last))]
    elif type(estimator) in {RandomForestClassifier, ExtraTreesClassifier}:
        quick.predict_proba = partial(_probabilities, estimator)
    else:
        return estimator
    return quick


@contextlib.contextmanager
def in_one_thread() -> Iterator[None]:
    """Let joblib start no other threads and processes for what this thread asks of an estimator meanwhile."""
    import joblib  # type: ignore[import-untyped]  # noqa: PLC0415 - heavy: loaded with the first estimator

    with joblib.parallel_config(backend="sequential"):
        yield


def _probabilities(forest: Any, rows: Any) -> NDArray[np.float64]:
    checked = forest._validate_X_predict(rows)  # noqa: SLF001 - the forest's own check, once for all trees
    total = np.zeros((len(checked), forest.n_classes_))
    for tree in forest.estimators_:
        total += tree.predict_proba(checked, check_input=False)
    return total / len(forest.estimators_)
