"""What can be changed for one run in the launchpad: typed, with the declared values as defaults."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field, create_model

from driftwatch_assets.training import Binary

if TYPE_CHECKING:
    from driftwatch_assets.declaration import Declaration
    from driftwatch_assets.steps import Watched

ALL = "all"


class CandidateUnknown(ValueError):  # noqa: N818 - named for what is the matter
    """A run asks for a candidate that is not declared."""


def training_settings(declaration: Declaration) -> type[dg.Config]:
    """Give the run configuration of a model's training.

    Its fields are `candidate` (one of the declared ones, or all), `judge_share`, `seed`, `minimum` (the absolute
    threshold that a model must reach to be deployed, where one is declared) and `threshold` (of a binary task).
    """
    training = declaration.training
    names = [candidate.name for candidate in training.candidates]
    fields: dict[str, Any] = {
        "candidate": (
            str,
            Field(default=ALL, description=f"Which candidate is trained: all, or one of {', '.join(names)}."),
        ),
        "judge_share": (
            float,
            Field(
                default=training.judge_share,
                gt=0,
                lt=1,
                description="Share of the newest labelled rows that judges the challenger (the test size).",
            ),
        ),
        "seed": (int, Field(default=training.seed, ge=0, description="Seed of splits, intervals and estimators.")),
    }
    if training.gates.minimum is not None:
        fields["minimum"] = (
            float,
            Field(
                default=training.gates.minimum,
                ge=0,
                le=1,
                description="Value of the metric below which nothing is deployed.",
            ),
        )
    if isinstance(declaration.task, Binary):
        fields["threshold"] = (
            float,
            Field(
                default=declaration.task.threshold,
                gt=0,
                lt=1,
                description="Probability from which the positive class is predicted.",
            ),
        )
    return create_model(f"{declaration.name}_training", __base__=dg.Config, **fields)


def with_settings(watched: Watched, settings: Any) -> Watched:
    """Give a model as a run's settings change it; the declared values change nothing.

    Raises
    ------
    CandidateUnknown
        When the chosen candidate is not among the declared ones.

    """
    declaration = watched.declaration
    training = declaration.training
    names = [candidate.name for candidate in training.candidates]
    if settings.candidate not in {ALL, *names}:
        message = (
            f"{watched.name}: a run asks for the candidate {settings.candidate!r}, which is not declared; "
            f"valid: {ALL}, {', '.join(names)}"
        )
        raise CandidateUnknown(message)
    changed: dict[str, Any] = {"judge_share": settings.judge_share, "seed": settings.seed}
    if settings.candidate != ALL:
        changed["candidates"] = tuple(one for one in training.candidates if one.name == settings.candidate)
    if hasattr(settings, "minimum"):
        changed["gates"] = training.gates.model_copy(update={"minimum": settings.minimum})
    task = declaration.task
    if isinstance(task, Binary):
        task = task.model_copy(update={"threshold": settings.threshold})
    return replace(
        watched,
        declaration=declaration.model_copy(update={"training": training.model_copy(update=changed), "task": task}),
    )
