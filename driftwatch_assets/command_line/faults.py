"""What a user can mend: told in one message on the terminal, without a traceback, with exit status 2."""

from __future__ import annotations

from typing import Any

import typer
import yaml  # type: ignore[import-untyped]  # no stubs are installed
from typer.core import TyperGroup

EXIT_STATUS = 2


class Commands(TyperGroup):
    """The commands of `driftwatch`; everything that is no fault of the user's keeps its traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command, and say what is wrong where the user can mend it."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            if not isinstance(error, mendable()):
                raise
            typer.echo("\n".join(_told(error)), err=True)
            raise typer.Exit(EXIT_STATUS) from error


def _told(error: BaseException) -> list[str]:
    """Give the message; of a declaration that cannot be loaded, Dagster tells where, and the causes tell what."""
    from dagster.components.core.component_tree import ComponentTreeException  # noqa: PLC0415 - heavy, and seldom needed

    if isinstance(error, yaml.MarkedYAMLError):
        return [_unreadable(error)]
    if not isinstance(error, ComponentTreeException):
        return [str(error)]
    told = [str(error)]
    cause = error.__cause__
    while cause is not None:
        told.append(str(cause))
        cause = cause.__cause__
    return told


def _unreadable(error: yaml.MarkedYAMLError) -> str:
    """Say where a declaration is no YAML that is taken: file, line, column, and what stands there."""
    mark = error.problem_mark
    where = "a declaration" if mark is None else f"{mark.name}, line {mark.line + 1}, column {mark.column + 1}"
    problem = str(error.problem)
    if isinstance(error, yaml.constructor.ConstructorError) and "the tag" in problem:
        tag = problem.rpartition("the tag ")[2]
        return (
            f"{where}: the tag {tag} is unknown; a declaration holds plain values: take it out, or put it into quotes"
        )
    return f"{where}: it cannot be read as YAML: {problem}"


def mendable() -> tuple[type[Exception], ...]:
    """Give the errors whose message says what the user can do."""
    from dagster.components.core.component_tree import ComponentTreeException  # noqa: PLC0415 - heavy, and seldom needed

    from driftwatch_assets.command_line.backfill import BatchUnknown  # noqa: PLC0415 - as above
    from driftwatch_assets.command_line.landing import NoSimulator  # noqa: PLC0415 - as above
    from driftwatch_assets.components.instance_lock import InstanceBusy  # noqa: PLC0415 - as above
    from driftwatch_assets.components.models import ModelUnknown  # noqa: PLC0415 - as above
    from driftwatch_assets.components.ticks import RunInterrupted  # noqa: PLC0415 - as above
    from driftwatch_assets.lake import LakeError  # noqa: PLC0415 - as above
    from driftwatch_assets.monitoring import (  # noqa: PLC0415 - as above
        AlertUnknown,
        MonitoringError,
        MonitoringUrlRefused,
    )
    from driftwatch_assets.registry import RegistryIncomplete, RegistryUnreachable  # noqa: PLC0415 - as above
    from driftwatch_assets.results import ResultUnreadable  # noqa: PLC0415 - as above
    from driftwatch_assets.settings import SettingError  # noqa: PLC0415 - as above
    from driftwatch_assets.sources import (  # noqa: PLC0415 - as above
        DatabaseUrlRefused,
        ExtractionFailed,
        FetchFailed,
        LandingUnreadable,
    )
    from driftwatch_assets.steps import LabelsRefused, SourceRefused  # noqa: PLC0415 - as above

    return (
        AlertUnknown,
        MonitoringError,
        MonitoringUrlRefused,
        BatchUnknown,
        ComponentTreeException,
        DatabaseUrlRefused,
        ExtractionFailed,
        FetchFailed,
        InstanceBusy,
        LabelsRefused,
        LakeError,
        LandingUnreadable,
        ModelUnknown,
        NoSimulator,
        yaml.MarkedYAMLError,
        RegistryIncomplete,
        RegistryUnreachable,
        ResultUnreadable,
        RunInterrupted,
        SettingError,
        SourceRefused,
    )
