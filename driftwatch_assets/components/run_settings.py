"""What can be changed for one run in the launchpad: typed, with the declared values as defaults."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field, create_model, field_validator

from driftwatch_assets.alerting import mail_address
from driftwatch_assets.training import Binary, check_candidate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from driftwatch_assets.declaration import Declaration
    from driftwatch_assets.steps import Watched

ALL = "all"


class _Recipients(dg.Config):
    """Whom a run's alerts are mailed to besides those whom the channels name."""

    recipients: list[str]

    @field_validator("recipients")
    @classmethod
    def _addresses(cls, found: list[str]) -> list[str]:
        return [mail_address(one) for one in found]


class _Training(dg.Config):
    """How a run trains."""

    parameters: dict[str, Any] = Field(
        default={},
        description="Parameters of the chosen candidate's estimator (of a pipeline, of its last step) in place of the "
        "declared values, such as max_depth: 4.",
    )

    @field_validator("parameters")
    @classmethod
    def _plain(cls, found: dict[str, Any]) -> dict[str, Any]:
        nested = [name for name, value in found.items() if not isinstance(value, str | int | float | None)]
        if nested:
            message = f"a parameter is a text, a number, true, false or null; found another value of {nested[0]!r}"
            raise ValueError(message)
        return found


class CandidateUnknown(ValueError):  # noqa: N818 - named for what is the matter
    """A run asks for a candidate that is not declared, or for parameters of none."""


def training_settings(declaration: Declaration) -> type[dg.Config]:
    """Give the run configuration of a model's training.

    Its fields are `candidate` (one of the declared ones, or all), `parameters` (of that candidate), `judge_share`,
    `seed`, `minimum` (the absolute threshold that a model must reach to be deployed, where one is declared) and
    `threshold` (of a binary task).
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
    return create_model(f"{declaration.name}_training", __base__=_Training, **fields)


def monitoring_settings(declaration: Declaration) -> type[_Recipients]:
    """Give the run configuration of a model's monitoring: `recipients`, by default the declared ones."""
    return create_model(
        f"{declaration.name}_monitoring",
        __base__=_Recipients,
        recipients=(
            list[str],
            Field(
                default=list(declaration.alerts.recipients),
                description="Mail addresses that mail channels also send to, for the alerts that this batch opens or "
                "resolves, until another run of the batch names others.",
            ),
        ),
    )


def asked_recipients(run_config: Mapping[str, Any], monitoring: dg.AssetKey) -> tuple[str, ...] | None:
    """Give the mail addresses that a run was launched with; None where it left them to the declaration.

    What is no mail address, at which the run itself fails, is left out.
    """
    config = run_config.get("ops", {}).get(monitoring.to_python_identifier(), {}).get("config") or {}
    if "recipients" not in config:
        return None
    # Dagster lets a text stand in an environment variable.
    found = (os.environ.get(one["env"], "") if isinstance(one, dict) else one for one in config["recipients"])
    return tuple(one for one in found if _is_mail_address(one))


def _is_mail_address(found: str) -> bool:
    try:
        mail_address(found)
    except ValueError:
        return False
    return True


def with_settings(watched: Watched, settings: Any) -> Watched:
    """Give a model as a run's settings change it; the declared values change nothing.

    Raises
    ------
    CandidateUnknown
        When the chosen candidate is not among the declared ones, or parameters are given and none is chosen.
    CandidateInvalid
        When the chosen candidate has no such parameter, or refuses its value.

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
    if settings.parameters and settings.candidate == ALL and len(names) > 1:
        message = (
            f"{watched.name}: a run gives the parameters {', '.join(settings.parameters)} without the candidate that "
            f"they are for; choose one: {', '.join(names)}"
        )
        raise CandidateUnknown(message)
    changed: dict[str, Any] = {"judge_share": settings.judge_share, "seed": settings.seed}
    if settings.candidate != ALL:
        changed["candidates"] = tuple(one for one in training.candidates if one.name == settings.candidate)
    if settings.parameters:
        [chosen] = changed.get("candidates", training.candidates)
        chosen = chosen.with_parameters(settings.parameters)
        check_candidate(chosen, declaration.task.kind)
        changed["candidates"] = (chosen,)
    if hasattr(settings, "minimum"):
        changed["gates"] = training.gates.model_copy(update={"minimum": settings.minimum})
    task = declaration.task
    if isinstance(task, Binary):
        task = task.model_copy(update={"threshold": settings.threshold})
    return replace(
        watched,
        declaration=declaration.model_copy(update={"training": training.model_copy(update=changed), "task": task}),
    )
