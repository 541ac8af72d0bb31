"""From a fitted candidate to a model: the temperature of a classifier, and the threshold of a task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch_assets.training.prediction import ask

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from driftwatch_assets.training.task import Binary, Metric, Task
    from driftwatch_assets.training.window import LabelledRows


def found_temperature(
    task: Task, fitted: Any, rows: LabelledRows, features: Sequence[str], *, what: str
) -> float | None:
    """Find the temperature of a fitted classifier on rows that it has not seen; None for a detector, which has none.

    It is one number for the whole model and changes the order of no two rows: the class with the highest score and the
    area under the ROC curve stay what they are. What a declared threshold other than 0.5 decides does depend on it, and
    so does the Brier score: the rows must not judge the model that gets it.

    Raises
    ------
    ScoringFailed
        The classifier refused the rows.

    """
    if task.kind == "anomaly":
        return None
    from driftwatch_assets.training.temperature import (  # noqa: PLC0415 - heavy: loaded by the step that needs it
        best_temperature,
        class_scores,
    )

    scores = ask(lambda table: class_scores(fitted, table), rows.frame, features, what=what)
    return best_temperature(scores, [str(name) for name in fitted.classes_], rows.labels)


def decided_crosswise(
    task: Binary, fitted: Any, rows: LabelledRows, features: Sequence[str], *, what: str
) -> NDArray[Any]:
    """Give the class that a fitted classifier's model predicts of rows, shape (rows,), by the task's threshold.

    Every other row is one half; the temperature of a half is found on the other one, so that no row is decided by a
    temperature that its own label helped to find.

    Raises
    ------
    ScoringFailed
        The classifier refused the rows.

    """
    from driftwatch_assets.training.temperature import (  # noqa: PLC0415 - heavy: loaded by the step that needs it
        best_temperature,
        class_scores,
        softmax,
    )

    model = finished(task, fitted, None)
    names = model.classes_.astype(str)
    scores = ask(lambda table: class_scores(fitted, table), rows.frame, features, what=what)
    even = np.arange(len(scores)) % 2 == 0
    of_even, of_odd = (best_temperature(scores[half], names, rows.labels[half]) for half in (~even, even))
    chances = softmax(scores / np.where(even, of_even, of_odd)[:, None])
    return np.asarray(names[model.decided(chances)])


def finished(task: Task, fitted: Any, temperature: float | None) -> Any:
    """Make the model: a `TemperatureScaled` classifier with the task's threshold, or the detector as it is."""
    if task.kind == "anomaly":
        return fitted
    from driftwatch_assets.training.temperature import TemperatureScaled  # noqa: PLC0415 - heavy: loaded by the step that needs it

    heat = 1.0 if temperature is None else temperature
    if task.kind == "binary":
        return TemperatureScaled.around(fitted, heat, positive=task.positive, threshold=task.threshold)
    return TemperatureScaled.around(fitted, heat)


def threshold_of(model: Any) -> float | None:
    """Give the threshold that a model applies: a probability or an anomaly score; None where it has none."""
    for name in ("threshold_", "threshold"):
        if getattr(model, name, None) is not None:
            return float(getattr(model, name))
    return None


def said(task: Task, metric: Metric, scored: pd.DataFrame) -> NDArray[Any]:
    """Give the column of predictions that a metric is measured on (see `resampled`)."""
    column = f"score_{task.positive}" if metric == "auc" and task.kind == "binary" else "predicted"
    return scored[column].to_numpy()
