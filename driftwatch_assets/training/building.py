"""From what a candidate declares to an unfitted estimator."""

from __future__ import annotations

import importlib
import inspect
from typing import TYPE_CHECKING, Any

from driftwatch_assets.training.errors import CandidateInvalid
from driftwatch_assets.training.seeding import is_splitter
from driftwatch_assets.training.source_code import locate, nearest, parts

if TYPE_CHECKING:
    from collections.abc import Collection

    from driftwatch_assets.training.task import TaskKind

_NO_CLASSES = {
    "OutlierMixin": "detects outliers",
    "RegressorMixin": "is a regressor",
    "ClusterMixin": "finds clusters",
    "TransformerMixin": "only transforms",
}


def built(name: str, declared: dict[str, Any]) -> Any:
    """Build `{estimator, parameters}` or `{steps}`, and whatever is nested in the parameters: estimators and splitters.

    Raises
    ------
    CandidateInvalid
        An import path leads nowhere or to no estimator, or a parameter is unknown or refused.

    """
    if "steps" in declared:
        from sklearn.pipeline import Pipeline  # noqa: PLC0415 - heavy: loaded by the step that needs it

        parts = [built(name, step) for step in declared["steps"]]
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
    if not _is_estimator(cls):
        raise CandidateInvalid(
            f"candidate {name!r}: {path} is no scikit-learn estimator (a class derived from "
            f"sklearn.base.BaseEstimator with a fit method)"
        )
    return _constructed(name, path, cls, cls._get_param_names(), declared)


def _constructed(name: str, path: str, cls: type[Any], valid: Collection[str], declared: dict[str, Any]) -> Any:
    parameters = {key: _value(name, value) for key, value in declared.get("parameters", {}).items()}
    for key in parameters:
        if key not in valid:
            raise CandidateInvalid(f"candidate {name!r}: {path} has no parameter {key!r}; {nearest(key, valid)}")
    try:
        return cls(**parameters)
    except (TypeError, ValueError) as refused:
        raise CandidateInvalid(f"candidate {name!r}: {path} cannot be built: {refused}") from None


def _value(name: str, value: Any) -> Any:
    if _is_declared(value):
        path = value.get("estimator")
        if path is not None and is_splitter(cls := _imported(name, path)) and not _is_estimator(cls):
            return _constructed(name, path, cls, tuple(inspect.signature(cls).parameters), value)
        return built(name, value)
    if isinstance(value, dict):
        return {key: _value(name, part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_value(name, part) for part in value]
    return value


def _imported(name: str, path: str) -> Any:
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
    return found


def _is_estimator(found: Any) -> bool:
    from sklearn.base import BaseEstimator  # noqa: PLC0415 - heavy: loaded by the step that needs it

    return isinstance(found, type) and issubclass(found, BaseEstimator) and callable(getattr(found, "fit", None))


def check_kind(name: str, last: str, estimator: Any, task_kind: TaskKind) -> None:
    """Check that a built estimator is of the kind that a task needs.

    Parameters
    ----------
    name, last
        The candidate's name, and the import path of its last estimator.
    estimator
        What was built.
    task_kind
        What it is for.

    Raises
    ------
    CandidateInvalid
        It is a classifier for an anomaly task or an outlier detector for another, or it states no score.

    """
    from sklearn.base import is_classifier, is_outlier_detector  # noqa: PLC0415 - heavy: loaded by the step that needs it

    if task_kind == "anomaly":
        if is_classifier(estimator):
            raise CandidateInvalid(
                f"candidate {name!r}: {last} is a classifier and learns from labels, which an anomaly task "
                f"has not; declare an outlier detector, such as sklearn.ensemble.IsolationForest"
            )
        if not (hasattr(estimator, "score_samples") or hasattr(estimator, "decision_function")):
            raise CandidateInvalid(
                f"candidate {name!r}: {last} scores no new rows (it has neither score_samples nor "
                f"decision_function); declare an outlier detector that does (a LocalOutlierFactor needs "
                f"`novelty: true`)"
            )
        return
    if is_outlier_detector(estimator):
        raise CandidateInvalid(
            f"candidate {name!r}: {last} detects outliers and knows no classes; a {task_kind} task needs a "
            f"classifier, such as sklearn.ensemble.RandomForestClassifier"
        )
    if not (hasattr(estimator, "predict_proba") or hasattr(estimator, "decision_function")):
        raise CandidateInvalid(
            f"candidate {name!r}: {last} states no confidence (it has neither predict_proba nor "
            f"decision_function); declare a classifier that does (a VotingClassifier needs `voting: soft`)"
        )


def refuse_kind(name: str, last: str, bases: Collection[str], task_kind: TaskKind) -> None:
    """Refuse an estimator whose base classes say that it is none for a kind of task.

    Parameters
    ----------
    name, last
        The candidate's name, and the import path of its last estimator.
    bases
        Names of all its base classes.
    task_kind
        What it is for.

    Raises
    ------
    CandidateInvalid
        Labels are learnt where there are none, or the estimator knows no classes.

    """
    if "ClassifierMixin" in bases:
        if task_kind == "anomaly":
            raise CandidateInvalid(
                f"candidate {name!r}: {last} is a classifier and learns from labels, which an anomaly task "
                f"has not; declare an outlier detector, such as sklearn.ensemble.IsolationForest"
            )
        return
    says = next((what for mixin, what in _NO_CLASSES.items() if mixin in bases), None)
    if task_kind != "anomaly" and says is not None:
        raise CandidateInvalid(
            f"candidate {name!r}: {last} {says} and knows no classes; a {task_kind} task needs a classifier, such as "
            f"sklearn.ensemble.RandomForestClassifier"
        )
    if task_kind == "anomaly" and "RegressorMixin" in bases:
        raise CandidateInvalid(
            f"candidate {name!r}: {last} is a regressor and learns from numbers, which an anomaly task has not; "
            f"declare an outlier detector, such as sklearn.ensemble.IsolationForest"
        )


def estimators_within(estimator: Any) -> list[Any]:
    """Give an estimator and those among its parameters, each once."""
    parts = [estimator, *(value for value in estimator.get_params().values() if hasattr(value, "get_params"))]
    return list({id(part): part for part in parts}.values())


def _is_declared(value: Any) -> bool:
    return isinstance(value, dict) and (
        (isinstance(value.get("estimator"), str) and value.keys() <= {"estimator", "parameters"})
        or (isinstance(value.get("steps"), list | tuple) and value.keys() == {"steps"})
    )
