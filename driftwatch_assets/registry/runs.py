"""Runs of the experiment tracker: finding them, and ending those that could not end themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

DAGSTER_RUN = "dagster_run_id"
"""The tag under which dagster-mlflow notes the Dagster run."""

_FAILURES = ("failure", "driftwatch.failure")
_PAGE = 200


def search_runs(client: Any, experiment: str, which: str) -> list[Any]:
    """Give all runs of an experiment that MLflow's filter `which` lets through."""
    runs: list[Any] = []
    token = None
    while True:
        page = client.search_runs([experiment], which, max_results=_PAGE, page_token=token)
        runs += page
        token = page.token
        if not token:
            return runs


def end_runs(client: Any, runs: Sequence[Any], status: str, reason: str | None = None) -> list[str]:
    """End runs with a status, whoever started them, and give their ids.

    One that is active in this process is ended there too: dagster-mlflow leaves it active, and would log the process's
    next Dagster run into it.
    """
    import mlflow  # noqa: PLC0415 - heavy: loaded by the step that needs it

    ended = [str(run.info.run_id) for run in runs]
    for run_id in ended:
        if reason is not None:
            client.set_tag(run_id, "failure", reason)
        active = mlflow.active_run()
        if active is not None and active.info.run_id == run_id:
            mlflow.end_run(status)
        client.set_terminated(run_id, status)
    return ended


def take_up(client: Any, run_id: str, dagster_run_id: str | None) -> None:
    """Let a run that ended too early go on, as that of another Dagster run; what it had failed by is said no more."""
    tags = client.get_run(run_id).data.tags
    if dagster_run_id is not None:
        client.set_tag(run_id, DAGSTER_RUN, dagster_run_id)
    for name in _FAILURES:
        if name in tags:
            client.delete_tag(run_id, name)
    client.update_run(run_id, status="RUNNING")


def begin_beside(client: Any, run_id: str) -> str:
    """Begin a run in the place of one that was taken up and turns out to be of another training; that one is whole."""
    import mlflow  # noqa: PLC0415 - heavy: loaded by the step that needs it

    taken = client.get_run(run_id)
    dagster_run = taken.data.tags.get(DAGSTER_RUN)
    tags = {} if dagster_run is None else {DAGSTER_RUN: dagster_run}
    created = client.create_run(taken.info.experiment_id, tags=tags, run_name=taken.info.run_name).info.run_id
    if dagster_run is not None:
        client.delete_tag(run_id, DAGSTER_RUN)
    active = mlflow.active_run()
    if active is not None and active.info.run_id == run_id:
        mlflow.end_run("FINISHED")
        mlflow.start_run(run_id=created)
    return str(created)


def delete_orphans(client: Any, experiment: str, registered: Collection[str]) -> list[str]:
    """Delete the stored models that no version refers to and whose run has ended, and give their ids."""
    deleted = []
    token = None
    while True:
        page = client.search_logged_models([experiment], page_token=token)
        for stored in page:
            run_id = stored.source_run_id
            if stored.model_id in registered or run_id is None:
                continue
            if client.get_run(run_id).info.status != "RUNNING":
                client.delete_logged_model(stored.model_id)
                deleted.append(str(stored.model_id))
        token = page.token
        if not token:
            return deleted
