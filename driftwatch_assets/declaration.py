"""What a user declares about a monitored model: the content of a `defs.yaml`, typed and checked."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PositiveInt,
    ValidationError,
    field_validator,
    model_validator,
)

from driftwatch_assets.arrivals import ArrivalPolicy
from driftwatch_assets.declaration_faults import at, explained
from driftwatch_assets.drift import Policy
from driftwatch_assets.performance import PerformancePolicy
from driftwatch_assets.quality import Suite
from driftwatch_assets.retraining import RetrainingPolicy
from driftwatch_assets.sources import LibsvmSource, Publisher
from driftwatch_assets.training import CandidateInvalid, Multiclass, TrainingDeclaration, locate_candidate

_OWNER = re.compile(r"team:\w[\w-]*|[^@\s]+@[^@\s]+\.[^@\s]+")


class Files(BaseModel):
    """Batches that arrive as files, one a batch."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pattern: str = Field(description="Regular expression for the whole file name, with a group named batch.")
    table: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="Name of the bronze and silver table.")
    reader: LibsvmSource = Field(description="How a file is read.")
    publisher: Publisher | None = Field(default=None, description="Where `driftwatch fetch` finds the files.")

    @field_validator("pattern")
    @classmethod
    def _has_batch(cls, pattern: str) -> str:
        try:
            groups = re.compile(pattern).groupindex
        except re.error as error:
            message = f"pattern {pattern!r} is no regular expression: {error}"
            raise ValueError(message) from error
        if "batch" not in groups:
            message = f"pattern {pattern!r} has no group named batch; write it as (?P<batch>...)"
            raise ValueError(message)
        return pattern


class Quality(BaseModel):
    """Suites of expectations on the tables of a batch."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bronze: Suite = Field(default_factory=lambda: Suite(()), description="Expectations on bronze.")
    silver: Suite = Field(default_factory=lambda: Suite(()), description="Expectations on silver.")


class DriftPlan(BaseModel):
    """What a champion's reference is and what counts as drift from it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reference: Literal["all"] | PositiveInt = Field(
        default="all", description="Batches of the training window that the reference is fitted on: all or the newest."
    )
    features: Policy = Field(default_factory=Policy, description="Rule for the features.")
    labels: Policy = Field(default_factory=Policy, description="Rule for the label.")
    predictions: Policy = Field(default_factory=Policy, description="Rule for predicted class and confidence.")


class Declaration(BaseModel):
    """A monitored model.

    Attributes
    ----------
    name
        Lower-case name; the first part of every asset's key.
    code
        Python file beside the declaration with `silver(bronze)` and `gold(silver)`.

    Raises
    ------
    pydantic.ValidationError
        With every fault: its key, what was found there and what is valid; also for an estimator or a parameter that
        is not there, for which the estimators' source is read and nothing imported.

    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", description="Lower-case name of the model.")]
    title: str = Field(description="Name for people.")
    description: str = Field(default="", description="What is predicted, from what, for whom.")
    owners: tuple[str, ...] = Field(default=(), description="Mail addresses or `team:name`.")
    code: str = Field(default="transforms.py", description="File with silver(bronze) and gold(silver).")
    simulator: str | None = Field(default="simulate.py", description="File with simulate(folder, seed); null for none.")
    task: Multiclass
    source: Files
    arrivals: ArrivalPolicy = Field(default_factory=ArrivalPolicy)
    quality: Quality = Field(default_factory=Quality)
    drift: DriftPlan = Field(default_factory=DriftPlan)
    performance: PerformancePolicy = Field(default_factory=PerformancePolicy)
    initial_batches: PositiveInt = Field(default=3, description="Labelled batches that the first training needs.")
    training: TrainingDeclaration
    retraining: RetrainingPolicy = Field(default_factory=RetrainingPolicy)

    @field_validator("owners")
    @classmethod
    def _reachable(cls, owners: tuple[str, ...]) -> tuple[str, ...]:
        for owner in owners:
            if not _OWNER.fullmatch(owner):
                message = f"{owner!r} is no owner; write a mail address, or team:name"
                raise ValueError(message)
        return owners

    @model_validator(mode="wrap")
    @classmethod
    def _explained(cls, given: Any, handler: ModelWrapValidatorHandler[Declaration]) -> Declaration:
        try:
            declared = handler(given)
        except ValidationError as error:
            raise explained(error, cls) from None
        faults = []
        for place, candidate in enumerate(declared.training.candidates):
            try:
                locate_candidate(candidate)
            except CandidateInvalid as wrong:
                faults.append(at(("training", "candidates", place), candidate.name, str(wrong)))
        if faults:
            raise ValidationError.from_exception_data(cls.__name__, faults)
        return declared

    @model_validator(mode="after")
    def _reference_within_window(self) -> Declaration:
        window, reference = self.training.window, self.drift.reference
        if window != "all" and reference != "all" and reference > window:
            message = f"drift.reference is {reference} batches, but training.window has only {window}"
            raise ValueError(message)
        return self
