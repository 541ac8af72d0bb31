"""What a user declares about a monitored model: the content of a `defs.yaml`, typed and checked."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    ModelWrapValidatorHandler,
    PositiveInt,
    Tag,
    ValidationError,
    field_validator,
    model_validator,
)

from driftwatch_assets.alerting import AlertPlan
from driftwatch_assets.arrivals import ArrivalPolicy
from driftwatch_assets.declaration_cron import check_cron
from driftwatch_assets.declaration_faults import at, explained
from driftwatch_assets.drift import CorrelationPolicy, Policy, WholeTablePolicy
from driftwatch_assets.performance import PerformancePolicy
from driftwatch_assets.quality import Suite
from driftwatch_assets.retraining import MEASURED, RECORDED, RetrainingPolicy, RuleInvalid
from driftwatch_assets.sources import Files, Source
from driftwatch_assets.training import CandidateInvalid, Task, TrainingDeclaration, locate_candidate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic_core import InitErrorDetails

Cron = Annotated[str, AfterValidator(check_cron)]

PythonFile = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*\.py$")]
"""A module beside the declaration, and in no other folder."""

_OWNER = re.compile(r"team:\w[\w-]*|[^@\s]+@[^@\s]+\.[^@\s]+")


Suites = Annotated[
    Annotated[Suite, Tag("suite")] | Annotated[dict[str, Suite], Tag("by table")],
    Discriminator(lambda given: "by table" if isinstance(given, dict) else "suite"),
]


class Quality(BaseModel):
    """Suites of expectations on the tables of a batch: one suite, or with several source tables one a table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bronze: Suites = Field(default_factory=lambda: Suite(()), description="Expectations on bronze.")
    silver: Suites = Field(default_factory=lambda: Suite(()), description="Expectations on silver.")
    gold: Suite = Field(default_factory=lambda: Suite(()), description="Expectations on gold.")

    def of(self, layer: Literal["bronze", "silver"], table: str) -> Suite:
        """Give the suite of a source table; an empty one where none is declared."""
        suites: Suite | dict[str, Suite] = getattr(self, layer)
        return suites.get(table, Suite(())) if isinstance(suites, dict) else suites


class NewestPlan(BaseModel):
    """Features that change by their definition, and how many of the newest batches they are compared with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    features: tuple[str, ...] = Field(
        min_length=1,
        description="Features whose distribution changes by their definition, like a mean over a history that grows. "
        "Their values are compared with those of the newest batches before, their missing rate with the training; in "
        "the whole table they count as there or missing, and the classes are compared without them.",
    )
    batches: PositiveInt = Field(
        default=3, description="Newest batches before, with a value of the feature, that it is compared with."
    )


class DriftPlan(BaseModel):
    """What a champion's reference is and what counts as drift from it; a kind that is null is not looked at."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reference: Literal["all"] | PositiveInt = Field(
        default="all", description="Batches of the training window that the reference is fitted on: all or the newest."
    )
    features: Policy = Field(default_factory=Policy, description="Rule for the features.")
    unwatched: tuple[str, ...] = Field(
        default=(),
        description="Features whose distribution is no news, like a weekday, of which the calendar decides how often "
        "it comes; they are compared neither one by one nor in the whole table.",
    )
    newest: NewestPlan | None = Field(
        default=None, description="Features that are compared with the newest batches instead of the training."
    )
    labels: Policy | None = Field(default_factory=Policy, description="Rule for the label.")
    predictions: Policy | None = Field(
        default_factory=Policy, description="Rule for what is predicted, and how surely."
    )
    correlation: CorrelationPolicy | None = Field(
        default=None, description="Rule for the relation between each feature and the label."
    )
    whole_table: WholeTablePolicy | None = Field(
        default=None, description="Rule for how well a classifier tells the batch from the reference."
    )

    @model_validator(mode="after")
    def _watched_once(self) -> DriftPlan:
        both = [name for name in self.against_newest if name in self.unwatched]
        if both:
            message = f"{both[0]!r} is in unwatched and in newest.features; a feature is left unwatched or compared"
            raise ValueError(message)
        return self

    @property
    def against_newest(self) -> tuple[str, ...]:
        """The features that are compared with the newest batches."""
        return () if self.newest is None else self.newest.features


class Schedules(BaseModel):
    """Cron times in UTC of what can run by the clock besides the sensors; off until switched on in the UI."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fetch: Cron | None = Field(default=None, description="Fetches the source's address.")
    inference: Cron | None = Field(default=None, description="Takes in what has arrived, as the arrivals sensor does.")
    monitoring: Cron | None = Field(
        default=None, description="Judges drift and performance of the newest batch whose labels are known."
    )
    training: Cron | None = Field(
        default=None, description="Trains through the newest batch, where the labels that are known can carry it."
    )


class Retention(BaseModel):
    """How long tables are kept that nothing later needs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bronze: PositiveInt | None = Field(
        default=None,
        description="Newest batches whose bronze is kept, personal columns and all; null keeps every one. An older "
        "batch can only be taken in again while its source still has it.",
    )


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
    code: PythonFile = Field(
        default="transforms.py", description="File with silver(bronze) and gold(silver), or one silver_<table> a table."
    )
    simulator: PythonFile | None = Field(
        default="simulate.py", description="File with simulate(folder, seed); null for none."
    )
    task: Task
    source: Source
    arrivals: ArrivalPolicy = Field(default_factory=ArrivalPolicy)
    quality: Quality = Field(default_factory=Quality)
    drift: DriftPlan = Field(default_factory=DriftPlan)
    performance: PerformancePolicy = Field(default_factory=PerformancePolicy)
    initial_batches: PositiveInt = Field(default=3, description="Labelled batches that the first training needs.")
    training: TrainingDeclaration
    retraining: RetrainingPolicy = Field(default_factory=RetrainingPolicy)
    alerts: AlertPlan = Field(default_factory=AlertPlan)
    schedules: Schedules = Field(default_factory=Schedules)
    retention: Retention = Field(default_factory=Retention)

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
        faults = list(_faults(declared))
        for place, candidate in enumerate(declared.training.candidates):
            try:
                locate_candidate(candidate, declared.task.kind)
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


def _faults(declared: Declaration) -> Iterator[InitErrorDetails]:
    """Find what fits each part but not the whole."""
    task, training = declared.task, declared.training
    try:
        training.metric_for(task)
    except ValueError as wrong:
        fits = training.metric is None or training.metric in task.metrics
        yield at(("training", "gates", "per_class_floor") if fits else ("training", "metric"), None, str(wrong))
    yield from _faults_of_suites(declared)
    yield from _faults_of_rules(declared)
    yield from _faults_of_alerts(declared)
    if declared.schedules.fetch is not None and not (isinstance(declared.source, Files) and declared.source.fetch):
        message = "there is no address that the schedule could fetch; declare source.fetch, or leave it out"
        yield at(("schedules", "fetch"), declared.schedules.fetch, message)


def _faults_of_suites(declared: Declaration) -> Iterator[InitErrorDetails]:
    tables = declared.source.table_names
    for layer in ("bronze", "silver"):
        suites = getattr(declared.quality, layer)
        if isinstance(suites, dict):
            for name in set(suites) - set(tables):
                near = difflib.get_close_matches(name, tables, n=1)
                question = f"did you mean {near[0]!r}? " if near else ""
                message = f"no source table is called {name!r}; {question}valid: {', '.join(tables)}"
                yield at(("quality", layer, name), name, message)
        elif len(tables) > 1 and suites.expectations:
            message = f"with several source tables give each a suite by its name: {', '.join(tables)}"
            yield at(("quality", layer), None, message)


def _faults_of_rules(declared: Declaration) -> Iterator[InitErrorDetails]:
    plan, rule, kind = declared.drift, declared.retraining.rule, declared.task.kind
    if declared.task.label is None and plan.correlation is not None:
        yield at(("drift", "correlation"), None, "an anomaly task has no label; leave correlation out")
    if rule is not None:
        needed = {
            "whole_table_auc": plan.whole_table,
            "correlation_change": plan.correlation,
            "psi": plan.predictions,
            "wasserstein_scaled": plan.predictions,
        }
        idle = {name for name, policy in needed.items() if policy is None}
        try:
            rule.require(MEASURED[kind], f"{'an' if kind == 'anomaly' else 'a'} {kind} model")
            rule.require(MEASURED[kind] - idle, "this model, since drift declares no such comparison")
        except RuleInvalid as wrong:
            yield at(("retraining", "rule"), rule.text, str(wrong))
    unlabelled = {"label_drift", "correlation_drift"} if declared.task.label is None else set()
    for trigger in declared.retraining.triggers:
        if trigger in unlabelled or not _asked(declared, trigger):
            message = f"the check {trigger!r} is never made; {_NEEDS[trigger]}, or leave the trigger out"
            yield at(("retraining", "triggers"), trigger, message)


def _faults_of_alerts(declared: Declaration) -> Iterator[InitErrorDetails]:
    known = sorted(MEASURED[declared.task.kind] | RECORDED.keys())
    for place, rule in enumerate(declared.alerts.rules):
        if rule.metric not in known:
            near = difflib.get_close_matches(rule.metric, known, n=1)
            question = f"did you mean {near[0]!r}? " if near else ""
            message = f"no metric of this model is called {rule.metric!r}; {question}valid: {', '.join(known)}"
            yield at(("alerts", "rules", place, "metric"), rule.metric, message)


_NEEDS = {
    "label_drift": "declare drift.labels of a model that has labels",
    "prediction_drift": "declare drift.predictions",
    "correlation_drift": "declare drift.correlation of a model that has labels",
    "whole_table_drift": "declare drift.whole_table",
}


def _asked(declared: Declaration, trigger: str) -> bool:
    plan = declared.drift
    needed = {
        "label_drift": plan.labels,
        "prediction_drift": plan.predictions,
        "correlation_drift": plan.correlation,
        "whole_table_drift": plan.whole_table,
    }
    return trigger not in needed or needed[trigger] is not None
