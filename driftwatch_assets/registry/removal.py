"""Taking a model out of the registry: its versions, and the runs that made them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from driftwatch_assets.registry.runs import DAGSTER_RUN, search_runs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch_assets.registry.version import ModelVersion


def runs_of(client: Any, experiment: str, versions: Sequence[ModelVersion]) -> list[str]:
    """Give the ids of the runs of a model's experiment that this project started."""
    made = {one.run_id for one in versions}
    runs = search_runs(client, experiment, "")
    return [str(run.info.run_id) for run in runs if DAGSTER_RUN in run.data.tags or run.info.run_id in made]


def remove_model(client: Any, model: str, runs: Sequence[str], versions: Sequence[ModelVersion]) -> None:
    """Delete a registered model with all its versions, what is stored of them, and runs; these go to MLflow's bin.

    The registered model goes last: who is interrupted finds by it what is left to delete.
    """
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - heavy: loaded by the step that needs it

    for run in runs:
        client.delete_run(run)
    for version in versions:
        try:
            client.delete_logged_model(version.model_id)
        except MlflowException as gone:
            if gone.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
    try:
        client.delete_registered_model(model)
    except MlflowException as gone:
        if gone.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
