"""Metrics of rows that were counted by class: accuracy, F1, precision, recall, and the fit of a rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from driftwatch_assets.training.task import ANOMALY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from driftwatch_assets.training.task import Metric, Task


def f1_macro(hits: ArrayLike, support: ArrayLike, predicted: ArrayLike) -> NDArray[np.float64]:
    """Give the unweighted mean of the classes' F1.

    The mean is over the classes with a label or a prediction, ``support + predicted > 0``, as scikit-learn's
    ``f1_score(average="macro")`` does: a class that a batch lacks neither helps nor hurts, one that is wrongly
    predicted counts with F1 = 0.

    Parameters
    ----------
    hits, support, predicted
        Right rows, labelled rows and predicted rows a class; shape (..., classes).

    Returns
    -------
    numpy.ndarray
        Shape (...), in [0, 1].

    Examples
    --------
    >>> float(f1_macro([3, 0, 0], [3, 1, 0], [4, 0, 0])).__round__(4)
    0.4286

    """
    total = np.asarray(support, dtype=float) + np.asarray(predicted, dtype=float)
    there = total > 0
    f1 = np.divide(2 * np.asarray(hits, dtype=float), total, out=np.zeros_like(total), where=there)
    return np.asarray(f1.sum(axis=-1) / np.maximum(there.sum(axis=-1), 1))


def class_metric(
    metric: Metric,
    hits: NDArray[np.float64],
    support: NDArray[np.float64],
    predicted: NDArray[np.float64],
    *,
    classes: Sequence[str],
    task: Task | None = None,
) -> NDArray[np.float64]:
    """Measure rows that were counted by class.

    Parameters
    ----------
    metric
        Any but `auc`, which is none of counts.
    hits, support, predicted
        Right rows, labelled rows and predicted rows a class; shape (draws, classes).
    classes
        Names of the classes in the order of the counts.
    task
        Whose positive class or contamination is meant; `accuracy` and `f1_macro` need none.

    Returns
    -------
    numpy.ndarray
        Shape (draws,). A precision without any prediction is 0; recall, F1 and precision are NaN without any label of
        the positive class.

    Examples
    --------
    >>> float(class_metric("accuracy", *np.array([[[3, 1]], [[4, 2]], [[4, 2]]]), classes=["a", "b"])[0]).__round__(3)
    0.667

    """
    rows = support.sum(axis=1)
    if metric == "accuracy":
        return np.asarray(hits.sum(axis=1) / rows)
    if metric == "f1_macro":
        return f1_macro(hits, support, predicted)
    if metric == "rate_fit":
        if task is None or task.kind != "anomaly":
            raise ValueError(f"cannot measure rate_fit: give the anomaly task whose contamination is meant, not {task}")
        return np.asarray(1 - np.abs(_of_class(predicted, classes, ANOMALY) / rows - task.contamination))
    found, there, said = (_of_class(one, classes, positive_class(task, metric)) for one in (hits, support, predicted))
    above, below = {"precision": (found, said), "recall": (found, there), "f1": (2 * found, said + there)}[metric]
    undefined = np.where(there > 0, 0.0, np.nan)
    return np.asarray(np.divide(above, below, out=undefined, where=below > 0))


def positive_class(task: Task | None, metric: Metric) -> str:
    """Give the class that a metric of a binary task is about.

    Raises
    ------
    ValueError
        No binary task was given.

    """
    if task is None or task.kind != "binary":
        raise ValueError(f"cannot measure {metric}: give the binary task whose positive class is meant, not {task}")
    return task.positive


def _of_class(counts: NDArray[np.float64], classes: Sequence[str], name: str) -> NDArray[np.float64]:
    return counts[:, classes.index(name)] if name in classes else np.zeros(len(counts))
