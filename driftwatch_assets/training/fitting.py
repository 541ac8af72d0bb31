"""Fitting a candidate, with the warnings it gave and an error that says where it broke."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from driftwatch_assets.training.errors import TrainingFailed
from driftwatch_assets.training.refused_rows import first_line, why_refused
from driftwatch_assets.training.seeding import seeded_globally

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from driftwatch_assets.training.candidate import Candidate
    from driftwatch_assets.training.task import Task
    from driftwatch_assets.training.window import Stack


@dataclass(frozen=True)
class Fitted:
    """A fitted estimator and what fitting it took.

    Attributes
    ----------
    estimator
        Fitted on the rows that it was given, and on no others.
    seconds
        Wall time.
    notes
        Warnings of the libraries, each once, with the candidate's name.

    """

    estimator: Any
    seconds: float
    notes: tuple[str, ...]


class SharedSteps:
    """Lets pipelines that are fitted on the same rows fit an equal step once.

    It is given to `sklearn.pipeline.Pipeline` as its `memory`, whose interface (`cache`) it has. Two candidates that
    begin with the same transformer then hold the same fitted object; they are only asked to predict.
    """

    def __init__(self) -> None:
        self._done: dict[tuple[str, int, int], tuple[Any, Any, Any]] = {}

    def cache(
        self,
        fit_transform: Callable[..., tuple[Any, Any]],
        ignore: Sequence[str] | None = None,  # noqa: ARG002 - the interface is joblib's
    ) -> Callable[..., tuple[Any, Any]]:
        """Wrap the function with which a pipeline fits a step."""

        def once(transformer: Any, rows: Any, labels: Any, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
            kind = type(transformer)
            declared = f"{kind.__module__}.{kind.__qualname__} {sorted(transformer.get_params().items())!r}"
            key = (declared, id(rows), id(labels))
            if key not in self._done:
                # The rows are kept, so that no other object can get their id.
                self._done[key] = (*fit_transform(transformer, rows, labels, *args, **kwargs), (rows, labels))
            transformed, fitted, _ = self._done[key]
            return transformed, fitted

        return once


def fit(candidate: Candidate, stack: Stack, *, task: Task, seed: int, shared: SharedSteps | None = None) -> Fitted:
    """Fit a candidate on stacked rows; for an anomaly task, with its threshold (see `ThresholdedDetector`).

    Parameters
    ----------
    candidate
        What is fitted.
    stack
        What it is fitted on.
    task
        What the candidate is for.
    seed
        See `Candidate.build`.
    shared
        Given where the same stack is fitted by several candidates.

    Raises
    ------
    TrainingFailed
        The estimator raised; the message names the candidate, the batches, the rows and the columns that it did not
        take.

    """
    estimator = candidate.build(seed=seed, task_kind=task.kind)
    if task.kind == "anomaly":
        from driftwatch_assets.training.outliers import ThresholdedDetector  # noqa: PLC0415 - heavy: loaded by the step that needs it

        estimator = ThresholdedDetector(estimator, task.contamination, seed)
    if shared is not None and "memory" in estimator.get_params(deep=False):
        estimator.set_params(memory=shared)
    begin = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught, seeded_globally(seed):
        warnings.simplefilter("always")
        try:
            estimator.fit(stack.frame, None if task.kind == "anomaly" else stack.labels)
        except Exception as broken:
            raise TrainingFailed(
                f"candidate {candidate.name!r} could not be fitted on {len(stack.frame)} rows of {stack.batches}: "
                f"{first_line(broken)}{why_refused(broken, stack.frame)}"
            ) from broken
    notes = dict.fromkeys(f"{candidate.name}: {one.category.__name__}: {one.message}" for one in caught)
    return Fitted(estimator, time.perf_counter() - begin, tuple(notes))
