"""What is measured for each kind of task, behind one face."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from driftwatch_assets.training.anomaly import measure_anomaly
from driftwatch_assets.training.binary import measure_binary
from driftwatch_assets.training.multiclass import measure

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from driftwatch_assets.training.task import Metric, Task


class Report(Protocol):
    """What was measured: a `MulticlassReport`, a `BinaryReport` or an `AnomalyReport`."""

    @property
    def rows(self) -> int:
        """Rows that were measured."""

    def value(self, metric: Metric) -> float:
        """Give the value of a metric of the task; NaN where it is undefined."""

    def interval(self, metric: Metric) -> tuple[float, float]:
        """Give its 95 % interval; NaN where it is undefined."""

    def metrics(self) -> dict[str, float]:
        """Give the numbers by flat names; undefined ones are left out."""

    def as_dict(self) -> dict[str, Any]:
        """Give everything as strict JSON takes it; what is undefined is None."""


def measure_task(
    task: Task,
    labels: Any,
    scored: pd.DataFrame,
    ids: Sequence[Any] | None = None,
    *,
    threshold: float | None = None,
) -> Report:
    """Measure predictions in the way of their task.

    Parameters
    ----------
    task
        The declared task.
    labels
        Class names, one a row of `scored` and none missing; not read for an anomaly task, which has none.
    scored
        What `predict` gave.
    ids
        Identity of each row, by which an anomaly task names its ten most anomalous ones.
    threshold
        The threshold of the model that made the predictions; by default the declared one of a binary task.

    Raises
    ------
    LabelUnknown
        A label of a binary task is neither of its two classes.
    ValueError
        There is no row, or the lengths differ.

    Examples
    --------
    >>> import pandas as pd
    >>> from driftwatch_assets.training.task import Multiclass
    >>> task = Multiclass(id="row", label="gas", classes=("a", "b"))
    >>> measure_task(task, ["a", "b"], pd.DataFrame({"predicted": ["a", "a"], "confidence": 0.9})).value("accuracy")
    0.5

    """
    if task.kind == "anomaly":
        return measure_anomaly(task, scored, ids, threshold=threshold)
    if task.kind == "binary":
        return measure_binary(task, labels, scored, threshold=threshold)
    return measure(labels, scored["predicted"], scored["confidence"], classes=task.classes)
