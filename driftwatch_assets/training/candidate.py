"""Candidates: any scikit-learn estimator or pipeline, declared by import path and parameters."""

from __future__ import annotations

import importlib
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from driftwatch_assets.training.errors import CandidateInvalid
from driftwatch_assets.training.source_code import locate, nearest, parameter_names, parts

TaskKind = Literal["multiclass", "binary", "anomaly"]


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
        description="Constructor parameters. A mapping with the key `estimator` or `steps` is built as an estimator.",
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

    def build(self, *, seed: int, task_kind: TaskKind = "multiclass") -> Any:
        """Build the unfitted estimator.

        Parameters
        ----------
        seed
            Given to each `random_state` that the declaration leaves open, so that a training can be repeated.
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
        estimator = _built(self.name, declared)
        open_seeds = {
            name: seed
            for name, value in estimator.get_params().items()
            if value is None and name.rpartition("__")[2] == "random_state"
        }
        estimator.set_params(**open_seeds)
        _check_kind(self, estimator, task_kind)
        return estimator


def locate_candidate(candidate: Candidate) -> None:
    """Check a candidate's import paths and the names of its parameters without importing what they name.

    Each path is followed on disk and the constructor's signature is read from the source, so that a misspelt module,
    class or parameter is found while definitions load, at the cost of parsing a file or two; `check_candidate` finds
    the rest.

    Raises
    ------
    CandidateInvalid
        A package is not installed, a module or class cannot be found in it, or a parameter is unknown.

    Examples
    --------
    >>> locate_candidate(Candidate(name="vectors", estimator="sklearn.svm.SVC"))
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
    for part in _estimators_within(estimator):
        validate = getattr(part, "_validate_params", None)
        if validate is None:
            continue
        try:
            validate()
        except ValueError as refused:
            where = f"{type(part).__module__}.{type(part).__qualname__}"
            raise CandidateInvalid(f"candidate {candidate.name!r}: {where} refuses its parameters: {refused}") from None


def _check_kind(candidate: Candidate, estimator: Any, task_kind: TaskKind) -> None:
    from sklearn.base import is_classifier, is_outlier_detector  # noqa: PLC0415 - heavy: loaded by the step that needs it

    last = candidate.estimator if candidate.steps is None else candidate.steps[-1].estimator
    if task_kind == "anomaly":
        if is_classifier(estimator):
            raise CandidateInvalid(
                f"candidate {candidate.name!r}: {last} is a classifier and learns from labels, which an anomaly task "
                f"has not; declare an outlier detector, such as sklearn.ensemble.IsolationForest"
            )
        if not (hasattr(estimator, "score_samples") or hasattr(estimator, "decision_function")):
            raise CandidateInvalid(
                f"candidate {candidate.name!r}: {last} scores no new rows (it has neither score_samples nor "
                f"decision_function); declare an outlier detector that does (a LocalOutlierFactor needs "
                f"`novelty: true`)"
            )
        return
    if is_outlier_detector(estimator):
        raise CandidateInvalid(
            f"candidate {candidate.name!r}: {last} detects outliers and knows no classes; a {task_kind} task needs a "
            f"classifier, such as sklearn.ensemble.RandomForestClassifier"
        )
    if not (hasattr(estimator, "predict_proba") or hasattr(estimator, "decision_function")):
        raise CandidateInvalid(
            f"candidate {candidate.name!r}: {last} states no confidence (it has neither predict_proba nor "
            f"decision_function); declare a classifier that does (a VotingClassifier needs `voting: soft`)"
        )


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


def _is_declared(value: Any) -> bool:
    return isinstance(value, dict) and (
        (isinstance(value.get("estimator"), str) and value.keys() <= {"estimator", "parameters"})
        or (isinstance(value.get("steps"), list | tuple) and value.keys() == {"steps"})
    )


def _built(name: str, declared: dict[str, Any]) -> Any:
    """Build `{estimator, parameters}` or `{steps}`, and whatever is nested in the parameters."""
    if "steps" in declared:
        from sklearn.pipeline import Pipeline  # noqa: PLC0415 - heavy: loaded by the step that needs it

        parts = [_built(name, step) for step in declared["steps"]]
        labels = [type(part).__name__.lower() for part in parts]
        numbered = [
            label if labels.count(label) == 1 else f"{label}_{labels[:at].count(label) + 1}"
            for at, label in enumerate(labels)
        ]
        for path, part in zip((step.get("estimator") for step in declared["steps"][:-1]), parts, strict=False):
            if not hasattr(part, "transform"):
                raise CandidateInvalid(
                    f"candidate {name!r}: {path} stands before the last step but cannot transform; "
                    f"only the last step may be a classifier"
                )
        return Pipeline(list(zip(numbered, parts, strict=True)))
    path = declared["estimator"]
    cls = _imported(name, path)
    parameters = {key: _value(name, value) for key, value in declared.get("parameters", {}).items()}
    valid = cls._get_param_names()
    for key in parameters:
        if key not in valid:
            raise CandidateInvalid(f"candidate {name!r}: {path} has no parameter {key!r}; {nearest(key, valid)}")
    try:
        return cls(**parameters)
    except TypeError as refused:
        raise CandidateInvalid(f"candidate {name!r}: {path} cannot be built: {refused}") from None


def _value(name: str, value: Any) -> Any:
    if _is_declared(value):
        return _built(name, value)
    if isinstance(value, dict):
        return {key: _value(name, part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_value(name, part) for part in value]
    return value


def _imported(name: str, path: str) -> type[Any]:
    from sklearn.base import BaseEstimator  # noqa: PLC0415 - heavy: loaded by the step that needs it

    try:
        module_path, class_name = parts(path)
    except CandidateInvalid as wrong:
        raise CandidateInvalid(f"candidate {name!r}: {wrong}") from None
    try:
        module = importlib.import_module(module_path)
    except ModuleNotFoundError as missing:
        try:
            locate(path)
        except CandidateInvalid as wrong:
            raise CandidateInvalid(f"candidate {name!r}: {wrong}") from None
        raise CandidateInvalid(f"candidate {name!r}: {module_path} cannot be imported: {missing}") from missing
    found = getattr(module, class_name, None)
    if found is None:
        public = [
            one for one in dir(module) if isinstance(getattr(module, one, None), type) and not one.startswith("_")
        ]
        raise CandidateInvalid(
            f"candidate {name!r}: there is no {class_name!r} in {module_path}; {nearest(class_name, public)}"
        )
    if not (isinstance(found, type) and issubclass(found, BaseEstimator) and callable(getattr(found, "fit", None))):
        raise CandidateInvalid(
            f"candidate {name!r}: {path} is no scikit-learn estimator (a class derived from "
            f"sklearn.base.BaseEstimator with a fit method)"
        )
    return found


def _estimators_within(estimator: Any) -> list[Any]:
    """Give an estimator and those among its parameters, each once."""
    parts = [estimator, *(value for value in estimator.get_params().values() if hasattr(value, "get_params"))]
    return list({id(part): part for part in parts}.values())
