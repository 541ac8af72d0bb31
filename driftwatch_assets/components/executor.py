"""How the steps of a run are executed: in the run's own process, or by Celery's workers on several machines.

One executor offers both, so that a run's configuration chooses::

    execution:
      config:
        celery: {}

The default is one process a run: its steps take seconds, and handing each to a worker takes about one more. Where
`DRIFTWATCH_EXECUTOR` is `celery`, runs that say nothing, such as those that the sensors ask for, go to the workers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg

from driftwatch_assets.settings import CELERY_BROKER, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_RETRIES = dg.Field(
    dg.Selector({"enabled": {}, "disabled": {}}),
    default_value={"enabled": {}},
    description="Whether a step that asks to be tried again is.",
)
_IN_PROCESS = dg.Field({"retries": _RETRIES}, description="All steps in the run's own process.")
_CELERY = dg.Field(
    {
        "broker": dg.Field(
            dg.StringSource,
            default_value={"env": CELERY_BROKER},
            description="Redis through which steps reach the workers, as they were told, too: redis://[:password@]host/0",
        ),
        "retries": _RETRIES,
    },
    description="Each step by one of the workers that listen at the broker.",
)


class CeleryMissing(ImportError):  # noqa: N818 - named for what is the matter
    """A run is to be executed by Celery, which is not installed."""


def _requirements(config: Mapping[str, object]) -> Sequence[Any]:
    return dg.multiple_process_executor_requirements() if "celery" in config else []


def steps_executor(settings: Settings) -> dg.ExecutorDefinition:
    """Build the executor of the code location.

    Examples
    --------
    >>> steps_executor(Settings.from_environment({})).name
    'in_process_or_celery'

    """

    @dg.executor(
        name="in_process_or_celery",
        config_schema=dg.Field(
            dg.Selector({"in_process": _IN_PROCESS, "celery": _CELERY}), default_value={settings.executor: {}}
        ),
        requirements=_requirements,
    )
    def in_process_or_celery(context: dg.InitExecutorContext) -> dg.Executor:
        [(kind, config)] = dict[str, Any](context.executor_config).items()
        if kind == "celery":
            return _celery(config)
        create = dg.in_process_executor.executor_creation_fn
        assert create is not None  # noqa: S101 - it is defined with one
        executor: dg.Executor = create(context._replace(executor_config=config))
        return executor

    return in_process_or_celery


def _celery(config: dict[str, Any]) -> dg.Executor:
    try:
        # An extra of the project, and slow to load: only where it is asked for.
        from driftwatch_assets.components.celery_steps import celery_executor  # noqa: PLC0415
    except ImportError as absent:
        raise CeleryMissing(
            f"a run is to be executed by Celery, which is not installed ({absent}): install driftwatch_assets[celery], "
            f"or let the run's configuration say execution: {{config: {{in_process: {{}}}}}}"
        ) from absent
    return celery_executor(config["broker"], retries=config["retries"])
