"""What a user declares about training: who competes, on which rows, and what a challenger must prove."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, model_validator

from driftwatch_assets.training.candidate import Candidate
from driftwatch_assets.training.task import Metric, Task

DECIMALS = 12
"""To which differences are held against declared ones: 0.91 - 0.90 is 0.010000000000000009 in doubles."""


class Gates(BaseModel):
    """What a challenger must prove on the judging rows before it becomes champion.

    Examples
    --------
    >>> Gates(minimum=0.8).must_beat_champion
    True

    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    minimum: float | None = Field(default=None, ge=0, le=1, description="Least value of the metric, for anyone.")
    must_beat_champion: bool = Field(
        default=True,
        description="The challenger's metric must exceed the champion's; of an anomaly task it must not be clearly "
        "lower.",
    )
    must_reach_contamination: bool = Field(
        default=True,
        description="An anomaly task's challenger must not call clearly fewer rows anomalous than are declared: the "
        "95 % interval of its rate must reach the contamination.",
    )
    margin: float | None = Field(
        default=None, ge=0, le=1, description="The challenger may be worse than the champion by at most this much."
    )
    maximum_gap: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="By how much the challenger's metric may be higher on the rows that it was fitted on than on the "
        "judging rows. A candidate that exceeds it on the ranking rows is not chosen where another does not.",
    )
    per_class_floor: float | None = Field(
        default=None, ge=0, le=1, description="Least recall of each class that has `per_class_support` judging rows."
    )
    per_class_support: PositiveInt = Field(default=20, description="Judging rows that a class needs to be gated.")

    def gap_allowed(self, gap: float) -> bool:
        """Tell whether a gap between the rows that were fitted on and later ones is at most the declared one.

        Examples
        --------
        >>> Gates(maximum_gap=0.01).gap_allowed(0.91 - 0.90), Gates(maximum_gap=0.01).gap_allowed(0.02)
        (True, False)

        """
        return self.maximum_gap is None or round(gap, DECIMALS) <= self.maximum_gap


class TrainingDeclaration(BaseModel):
    """How a monitored model is trained.

    Examples
    --------
    >>> TrainingDeclaration(
    ...     candidates=[
    ...         {"name": "one", "estimator": "sklearn.svm.SVC"},
    ...         {"name": "one", "estimator": "sklearn.svm.NuSVC"},
    ...     ]
    ... )
    Traceback (most recent call last):
    ...
    pydantic_core._pydantic_core.ValidationError: 1 validation error for TrainingDeclaration
      Value error, candidate names must differ; found more than once: one...

    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    candidates: tuple[Candidate, ...] = Field(
        min_length=1, description="Simpler ones first: within noise of the best, the earlier listed is chosen."
    )
    metric: Metric | None = Field(
        default=None,
        description="What candidates are ranked and challengers judged by; by default the task's usual one.",
    )
    window: Literal["all"] | PositiveInt = Field(
        default="all", description="Labelled batches to train on: all, or the newest k."
    )
    new_columns: Literal["leave_batches_out", "impute"] | None = Field(
        default=None,
        description="What becomes of the batches from before a feature was there: they are left out of the window, or "
        "the feature is missing in them, for the candidates' own imputers. Without it, such a training is refused.",
    )
    rank_batches: PositiveInt = Field(
        default=2, description="Later batches that candidates are ranked on; the newest batch is never one of them."
    )
    judge_share: float = Field(
        default=0.5, gt=0, lt=1, description="Share of the newest batch's labelled rows that judges the challenger."
    )
    minimum_judge_rows: PositiveInt = Field(default=30, description="Judging rows below which nothing is trained.")
    gates: Gates = Field(default_factory=Gates, description="What a challenger must prove.")
    seed: int = Field(default=42, ge=0, description="Seed of splits, intervals and of estimators that leave it open.")

    @model_validator(mode="after")
    def _names_differ(self) -> TrainingDeclaration:
        twice = [name for name, times in Counter(one.name for one in self.candidates).items() if times > 1]
        if twice:
            message = f"candidate names must differ; found more than once: {', '.join(twice)}"
            raise ValueError(message)
        return self

    def metric_for(self, task: Task) -> Metric:
        """Give the metric of a task: the declared one, or the task's usual one.

        Raises
        ------
        ValueError
            The declared metric or a declared gate makes no sense for the kind of task.

        Examples
        --------
        >>> from driftwatch_assets.training.task import Binary
        >>> task = Binary(kind="binary", id="loan", label="outcome", positive="lost", negative="paid")
        >>> declared = TrainingDeclaration(candidates=[{"name": "one", "estimator": "sklearn.svm.SVC"}])
        >>> declared.metric_for(task)
        'auc'
        >>> declared.model_copy(update={"metric": "rate_fit"}).metric_for(task)
        Traceback (most recent call last):
        ...
        ValueError: metric 'rate_fit' is none for a task of kind binary; valid: auc, accuracy, f1_macro, f1, precision,
        recall

        """
        if self.metric is not None and self.metric not in task.metrics:
            message = f"metric {self.metric!r} is none for a task of kind {task.kind}; valid: {', '.join(task.metrics)}"
            raise ValueError(message)
        if task.kind == "anomaly" and self.gates.per_class_floor is not None:
            message = "the gate per_class_floor needs labels, which an anomaly task has not; leave it out"
            raise ValueError(message)
        return task.metrics[0] if self.metric is None else self.metric
