"""Runs of the experiment tracker: finding them, and ending those that could not end themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

DAGSTER_RUN = "dagster_run_id"
"""The tag under which dagster-mlflow notes the Dagster run."""

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
