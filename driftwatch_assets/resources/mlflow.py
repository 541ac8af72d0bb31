"""MLflow through dagster-mlflow: one MLflow run a Dagster run, ended with the status that it deserves."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import dagster as dg

from driftwatch_assets.registry import ModelRegistry, switch_off_telemetry

if TYPE_CHECKING:
    from collections.abc import Iterator


@dg.resource(
    config_schema={
        "experiment_name": dg.Field(str, description="MLflow experiment; one a monitored model."),
        "mlflow_tracking_uri": dg.Field(str, description="sqlite:/// URL, or the address of a server."),
        "artifact_root": dg.Field(dg.Noneable(str), description="Artifact folder of a store without server."),
        "extra_tags": dg.Field(dict, description="Tags of every MLflow run.", is_required=False),
        "env": dg.Field(dict, description="Environment for MLflow.", is_required=False),
    },
    description="dagster-mlflow's resource, imported only by the step that trains.",
)
def mlflow_tracking(context: dg.InitResourceContext) -> Iterator[Any]:
    """Open the MLflow run of this Dagster run."""
    config = context.resource_config
    switch_off_telemetry()
    # dagster-mlflow resumes what is there already. An experiment that it created would keep its artifacts in the
    # working directory, and a run that it created would not be known as this Dagster run's while it has no tag yet.
    registry = ModelRegistry(
        config["mlflow_tracking_uri"], config["experiment_name"], artifact_root=config["artifact_root"]
    )
    if context.run is not None:
        registry.begin(context.run.run_id, context.run.job_name, context.run.tags.get("dagster/partition"))

    import mlflow  # noqa: PLC0415 - heavy: loaded by the step that needs it

    while mlflow.active_run() is not None:
        mlflow.end_run("FAILED")
    with warnings.catch_warnings():
        # dagster-mlflow is in beta as a whole; it is pinned and its failure mode is tested.
        warnings.simplefilter("ignore", dg.BetaWarning)
        from dagster_mlflow import mlflow_tracking as wrapped  # noqa: PLC0415 - as above

        resource_function: Any = wrapped.resource_fn
        opened = resource_function(context)
        tracking = next(opened)
    yield tracking
    next(opened, None)


@contextmanager
def ended_as_it_went() -> Iterator[None]:
    """End the active MLflow run as FINISHED, or as FAILED when the body raises.

    dagster-mlflow leaves that to the end of the process, which reports a failed run as finished.
    """
    import mlflow  # noqa: PLC0415 - heavy: loaded by the step that needs it

    try:
        yield
    except BaseException as error:
        mlflow.set_tag("driftwatch.failure", f"{type(error).__name__}: {error}"[:5000])
        mlflow.end_run("FAILED")
        raise
    mlflow.end_run("FINISHED")
