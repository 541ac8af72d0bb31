"""Candidates: any scikit-learn estimator or pipeline, declared by import path and parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from driftwatch_assets.training.building import built, check_kind, estimators_within, refuse_kind
from driftwatch_assets.training.errors import CandidateInvalid
from driftwatch_assets.training.seeding import seed_estimator
from driftwatch_assets.training.source_code import ancestors, locate, nearest, parameter_names
from driftwatch_assets.training.task import TaskKind  # noqa: TC001 - read in annotations of a pydantic model's methods

if TYPE_CHECKING:
    from collections.abc import Mapping


class Step(BaseModel):
    """One estimator of a pipeline.

    Examples
    --------
    >>> Step(estimator="sklearn.svm.SVC", parameters={"C": 10}).estimator
    'sklearn.svm.SVC'

    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    estimator: str = Field(description="Import path of a scikit-learn estimator class, e.g. sklearn.svm.SVC.")
    parameters: dict[str, Any] = Field(
        default_factory=dict,
        description="Constructor parameters. A mapping with the key `estimator` or `steps` is built as an estimator "
        "or, where it names a splitter of sklearn.model_selection, as that.",
    )


class Candidate(BaseModel):
    """A model that competes: one estimator, or the steps of a pipeline.

    Examples
    --------
    >>> boundary = Candidate(
    ...     name="support_vectors",
    ...     steps=[
    ...         {"estimator": "sklearn.preprocessing.StandardScaler"},
    ...         {"estimator": "sklearn.svm.SVC", "parameters": {"C": 10}},
    ...     ],
    ... )
    >>> [type(step).__name__ for _, step in boundary.build(seed=1).steps]
    ['StandardScaler', 'SVC']
    >>> Candidate(name="forest", estimator="sklearn.ensemble.RandomForest").build(seed=1)
    Traceback (most recent call last):
    ...
    driftwatch_assets.training.errors.CandidateInvalid: candidate 'forest': there is no 'RandomForest' in
    sklearn.ensemble; nearest: ...

    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^\w[\w-]*$", description="How tables, figures and the registry call it.")
    estimator: str | None = Field(default=None, description="Import path of one estimator class; or give `steps`.")
    parameters: dict[str, Any] = Field(default_factory=dict, description="Constructor parameters of `estimator`.")
    steps: tuple[Step, ...] | None = Field(default=None, min_length=1, description="The steps of a pipeline, in order.")

    @model_validator(mode="after")
    def _one_form(self) -> Candidate:
        if (self.estimator is None) == (self.steps is None):
            found = "neither" if self.estimator is None else "both"
            message = f"candidate {self.name!r} needs either `estimator` or `steps`; found {found}"
            raise ValueError(message)
        if self.steps is not None and self.parameters:
            message = f"candidate {self.name!r} has `steps`: give `parameters` to the step that they belong to"
            raise ValueError(message)
        return self

    @property
    def paths(self) -> tuple[str, ...]:
        """The import paths of all declared estimators, nested ones too, in order of appearance."""
        return tuple(path for path, _ in _declared(self.model_dump(exclude={"name"}, exclude_none=True)))

    @property
    def parameters_by_path(self) -> tuple[tuple[str, dict[str, Any]], ...]:
        """The import path of each declared estimator with its own plain parameters, without the estimators in them."""
        return tuple(
            (path, {name: value for name, value in given.items() if not _declared(value)})
            for path, given in _declared(self.model_dump(exclude={"name"}, exclude_none=True))
        )

    def with_parameters(self, changed: Mapping[str, Any]) -> Candidate:
        """Give the candidate with other values of its estimator's parameters; of a pipeline, of its last step's.

        Examples
        --------
        >>> vectors = Candidate(name="vectors", estimator="sklearn.svm.SVC", parameters={"C": 10, "gamma": 0.1})
        >>> vectors.with_parameters({"C": 1.0}).parameters
        {'C': 1.0, 'gamma': 0.1}

        """
        if self.steps is None:
            return self.model_copy(update={"parameters": {**self.parameters, **changed}})
        *before, last = self.steps
        last = last.model_copy(update={"parameters": {**last.parameters, **changed}})
        return self.model_copy(update={"steps": (*before, last)})

    def build(self, *, seed: int, task_kind: TaskKind = "multiclass") -> Any:
        """Build the unfitted estimator.

        Parameters
        ----------
        seed
            Given to each random state that the declaration leaves open (see `seed_estimator`), so that a training can
            be repeated.
        task_kind
            What it is for.

        Returns
        -------
        sklearn.base.BaseEstimator
            A classifier, or an outlier detector for an anomaly task; a `sklearn.pipeline.Pipeline` where `steps` were
            declared.

        Raises
        ------
        CandidateInvalid
            An import path leads nowhere or to no estimator, a parameter is unknown or has a refused value, or the
            result is nothing for the kind of task: a classifier states a confidence with `predict_proba` or
            `decision_function`, an outlier detector a score with `score_samples` or `decision_function`.

        """
        declared = self.model_dump(exclude={"name"}, exclude_none=True)
        estimator = built(self.name, declared)
        seed_estimator(estimator, seed)
        last = self.paths[0] if self.steps is None else self.steps[-1].estimator
        check_kind(self.name, last, estimator, task_kind)
        return estimator


def locate_candidate(candidate: Candidate, task_kind: TaskKind | None = None) -> None:
    """Check a candidate's import paths and the names of its parameters without importing what they name.

    Each path is followed on disk, and the constructor's signature and the base classes are read from the source, so
    that a misspelt module, class or parameter, or an estimator for another kind of task, is found while definitions
    load, at the cost of parsing a few files; `check_candidate` finds the rest.

    Parameters
    ----------
    candidate
        What was declared.
    task_kind
        What it is for; None: the estimator's kind is not looked at.

    Raises
    ------
    CandidateInvalid
        A package is not installed, a module or class cannot be found in it, a parameter is unknown, or the source
        tells that the last estimator is none for the kind of task.

    Examples
    --------
    >>> locate_candidate(Candidate(name="vectors", estimator="sklearn.svm.SVC"))
    >>> locate_candidate(Candidate(name="line", estimator="sklearn.linear_model.LinearRegression"), "binary")
    Traceback (most recent call last):
    ...
    driftwatch_assets.training.errors.CandidateInvalid: candidate 'line': sklearn.linear_model.LinearRegression is a
    regressor and knows no classes; a binary task needs a classifier, such as sklearn.ensemble.RandomForestClassifier
    >>> locate_candidate(Candidate(name="vectors", estimator="sklearn.svn.SVC"))
    Traceback (most recent call last):
    ...
    driftwatch_assets.training.errors.CandidateInvalid: candidate 'vectors': there is no 'svn' in sklearn; nearest: svm
    >>> locate_candidate(Candidate(name="vectors", estimator="sklearn.svm.SVC", parameters={"gama": 0.1}))
    Traceback (most recent call last):
    ...
    driftwatch_assets.training.errors.CandidateInvalid: candidate 'vectors': sklearn.svm.SVC has no parameter 'gama';
    nearest: gamma

    """
    for path, parameters in _declared(candidate.model_dump(exclude={"name"}, exclude_none=True)):
        try:
            locate(path)
            valid = parameter_names(path)
        except CandidateInvalid as wrong:
            raise CandidateInvalid(f"candidate {candidate.name!r}: {wrong}") from None
        for key in parameters:
            if valid is not None and key not in valid:
                raise CandidateInvalid(
                    f"candidate {candidate.name!r}: {path} has no parameter {key!r}; {nearest(key, valid)}"
                )
    if task_kind is not None:
        last = candidate.estimator if candidate.steps is None else candidate.steps[-1].estimator
        bases = None if last is None else ancestors(last)
        if last is not None and bases is not None:
            refuse_kind(candidate.name, last, bases, task_kind)


def check_candidate(candidate: Candidate, task_kind: TaskKind = "multiclass") -> None:
    """Check a candidate wholly: import it, build it, and let scikit-learn check the parameters' values.

    Parameters
    ----------
    candidate
        What was declared.
    task_kind
        What it is for: a classifier detects no outliers without labels, and an outlier detector knows no classes.

    Raises
    ------
    CandidateInvalid
        See `Candidate.build`; also for a value that scikit-learn refuses.

    Examples
    --------
    >>> check_candidate(Candidate(name="vectors", estimator="sklearn.svm.SVC", parameters={"gama": 0.1}))
    Traceback (most recent call last):
    ...
    driftwatch_assets.training.errors.CandidateInvalid: candidate 'vectors': sklearn.svm.SVC has no parameter 'gama';
    nearest: gamma
    >>> check_candidate(Candidate(name="vectors", estimator="sklearn.svm.SVC", parameters={"C": "much"}))
    Traceback (most recent call last):
    ...
    driftwatch_assets.training.errors.CandidateInvalid: candidate 'vectors': sklearn.svm._classes.SVC refuses its
    parameters: The 'C' parameter of SVC must be a float in the range (0.0, inf]. Got 'much' instead.
    >>> check_candidate(Candidate(name="forest", estimator="sklearn.ensemble.IsolationForest"))
    Traceback (most recent call last):
    ...
    driftwatch_assets.training.errors.CandidateInvalid: candidate 'forest': sklearn.ensemble.IsolationForest detects
    outliers and knows no classes; a multiclass task needs a classifier, such as
    sklearn.ensemble.RandomForestClassifier

    """
    estimator = candidate.build(seed=0, task_kind=task_kind)
    for part in estimators_within(estimator):
        validate = getattr(part, "_validate_params", None)
        if validate is None:
            continue
        try:
            validate()
        except ValueError as refused:
            where = f"{type(part).__module__}.{type(part).__qualname__}"
            raise CandidateInvalid(f"candidate {candidate.name!r}: {where} refuses its parameters: {refused}") from None


def _declared(value: Any) -> list[tuple[str, dict[str, Any]]]:
    """Give the import path and the parameters of all estimators in a declared value, in order of appearance."""
    if isinstance(value, dict):
        path = value.get("estimator")
        own = [(path, value.get("parameters") or {})] if isinstance(path, str) else []
        nested = [part for key, part in value.items() if key != "estimator" or not own]
        return own + [found for part in nested for found in _declared(part)]
    if isinstance(value, list | tuple):
        return [found for part in value for found in _declared(part)]
    return []
