"""Opening MLflow's store: quiet, once, and safe when two processes create it together."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from driftwatch_assets import sqlite_files
from driftwatch_assets.registry.errors import RegistryIncomplete, RegistryUnreachable
from driftwatch_assets.registry.making import make_store

if TYPE_CHECKING:
    from collections.abc import Iterator

_SQLITE = "sqlite:///"


def switch_off_telemetry() -> None:
    """Keep MLflow from reporting its use, drawing progress bars, logging its migrations and waiting for minutes.

    Called before MLflow is imported for the first time; what is set in the environment already stays.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("DO_NOT_TRACK", "true")
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    # A server that restarts is waited for; with MLflow's own seven retries it takes four minutes to say that none is.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")


def open_client(tracking_uri: str) -> Any:
    """Give a client of the store, which is created when it is a SQLite file that is not there.

    Parameters
    ----------
    tracking_uri
        ``sqlite:///<path>`` or a server's URL.

    Returns
    -------
    mlflow.MlflowClient

    Raises
    ------
    RegistryUnreachable
        The file cannot be created or opened, or the server does not answer.

    """
    switch_off_telemetry()
    import mlflow  # noqa: PLC0415 - heavy: loaded by the step that needs it

    mlflow.set_tracking_uri(tracking_uri)
    try:
        with alone(tracking_uri):
            if tracking_uri.startswith(_SQLITE):
                make_store(Path(tracking_uri.removeprefix(_SQLITE)))
            client = mlflow.MlflowClient(tracking_uri=tracking_uri, registry_uri=tracking_uri)
            client.search_experiments(max_results=1)
    except Exception as broken:
        raise RegistryUnreachable(
            f"cannot open MLflow's store {tracking_uri}: {type(broken).__name__}: {broken}. Check "
            f"MLFLOW_TRACKING_URI, and that the server runs or the folder can be written"
        ) from broken
    return client


def experiment_id(client: Any, tracking_uri: str, name: str, artifact_root: str | None) -> str:
    """Give the id of an experiment, which is created when it is not there.

    Parameters
    ----------
    client
        See `open_client`.
    tracking_uri
        The store.
    name
        The experiment's name.
    artifact_root
        Where a new experiment keeps its artifacts; None leaves it to the server.

    Raises
    ------
    RegistryIncomplete
        The experiment was deleted: it lies in MLflow's bin, where it keeps its name.

    """
    found = client.get_experiment_by_name(name)
    if found is None:
        location = None if artifact_root is None else f"{_as_uri(artifact_root)}/{name}"
        with alone(tracking_uri):
            found = client.get_experiment_by_name(name)
            if found is None:
                return str(client.create_experiment(name, artifact_location=location))
    if found.lifecycle_stage != "active":
        raise RegistryIncomplete(
            f"MLflow's experiment {name!r} at {tracking_uri} was deleted: no run of it can be started. Take it out of "
            f"the bin with `mlflow experiments restore --experiment-id {found.experiment_id}`, with "
            f"MLFLOW_TRACKING_URI set to that address"
        )
    return str(found.experiment_id)


def _as_uri(place: str) -> str:
    return place.rstrip("/") if "://" in place else Path(place).resolve().as_uri()


@contextmanager
def alone(tracking_uri: str) -> Iterator[None]:
    """Let one process at a time through where the store is a SQLite file."""
    if not tracking_uri.startswith(_SQLITE):
        yield
        return
    with sqlite_files.alone(Path(tracking_uri.removeprefix(_SQLITE))):
        yield
