"""A training whose run failed, also one whose process was killed, is shown as FAILED in MLflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from driftwatch_assets.resources import Places

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftwatch_assets.components.keys import Keys
    from driftwatch_assets.steps import Watched


def build_failures(
    keys: Keys, job: dg.UnresolvedAssetJobDefinition, watch: Callable[[Places], Watched]
) -> dg.SensorDefinition:
    """Build the sensor that carries a failed training run's status to MLflow.

    A killed process cannot say that it failed: Dagster's run monitoring finds it, fails the Dagster run, and this
    sensor fails the MLflow run that carries its id.
    """

    @dg.run_failure_sensor(
        name=f"{keys.model}_failed_training",
        monitored_jobs=[job],
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Marks the MLflow run of a failed training as FAILED.",
    )
    def failed_training(context: dg.RunFailureSensorContext, places: Places) -> None:
        message = context.failure_event.message or "the run failed"
        watch(places).registry.fail(context.dagster_run.run_id, message)

    return failed_training
