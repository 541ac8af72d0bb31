"""Identity is content: what makes two models, or two trainings, the same."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from driftwatch_assets.training.candidate import Candidate
    from driftwatch_assets.training.declaration import TrainingDeclaration
    from driftwatch_assets.training.task import Task
    from driftwatch_assets.training.window import LabelledRows

TRAINING_CODE = "4"
"""Raised whenever the same declaration and data would give another model, or a stored one can no longer be read."""

LIBRARIES = ("numpy", "pandas", "scikit-learn", "scipy")


class Champion(Protocol):
    """What a training needs to know of the champion that it challenges."""

    @property
    def estimator(self) -> Any:
        """A fitted model: see `predict`."""

    @property
    def features(self) -> Sequence[str]:
        """The columns that it was fitted on."""

    @property
    def fingerprint(self) -> str:
        """Its content fingerprint."""

    @property
    def trained_through(self) -> str:
        """The last batch that it has seen."""


def library_versions() -> dict[str, str]:
    """Give the installed versions of the libraries that a model depends on."""
    return {name: version(name) for name in LIBRARIES}


def digest(content: Mapping[str, Any]) -> str:
    """Give the SHA-256 of JSON-like content, independent of the order of keys.

    Examples
    --------
    >>> digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    True

    """
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def data_fingerprint(window: Sequence[LabelledRows]) -> str:
    """Give the fingerprint of a window: of its batches' fingerprints in order."""
    return digest({"batches": [[rows.batch, rows.fingerprint] for rows in window]})


def model_fingerprint(
    candidate: Candidate,
    declaration: TrainingDeclaration,
    window: Sequence[LabelledRows],
    features: Sequence[str],
    *,
    part: Literal["whole window", "without judging rows"],
    task: Task,
) -> str:
    """Give the fingerprint of a fitted model: what it was fitted on, how, and by which code."""
    return digest(
        {
            "candidate": candidate.model_dump(mode="json"),
            "data": data_fingerprint(window),
            "features": list(features),
            "task": _task(task),
            "part": part,
            # It says which batches rank, and the newest of them gives the temperature.
            "metric": declaration.metric_for(task),
            "judge_share": declaration.judge_share,
            "seed": declaration.seed,
            "code": TRAINING_CODE,
            "libraries": library_versions(),
        }
    )


def training_fingerprint(
    declaration: TrainingDeclaration,
    window: Sequence[LabelledRows],
    features: Sequence[str],
    champion: Champion | None,
    *,
    task: Task,
    through: str,
) -> str:
    """Give the fingerprint of a training before it is done: the same one always has the same outcome.

    Parameters
    ----------
    declaration
        All of it: candidates, window, gates, seed.
    window
        See `training_window`.
    features
        Column names.
    champion
        The model that is challenged, or None.
    task
        What the model is to say.
    through
        The last batch that it may see.

    """
    return digest(
        {
            "declaration": _declared(declaration),
            "data": data_fingerprint(window),
            "features": list(features),
            "task": _task(task),
            "through": through,
            "champion": None if champion is None else champion.fingerprint,
            "code": TRAINING_CODE,
            "libraries": library_versions(),
        }
    )


def _declared(declaration: TrainingDeclaration) -> dict[str, Any]:
    """Give a declaration so that what it does not use makes no other training of it."""
    unused = {"new_columns"} if declaration.new_columns is None else set[str]()
    return declaration.model_dump(mode="json", exclude=unused)


def _task(task: Task) -> dict[str, Any]:
    """Give what of a task makes a model another one."""
    return task.model_dump(mode="json", exclude={"id", "carried", "known_after"})
