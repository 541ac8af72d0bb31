"""What pruning frees, and what it keeps."""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from driftwatch_assets.components.pruning import prune
from driftwatch_assets_tests.postgres import database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dg.asset(check_specs=[dg.AssetCheckSpec("whole", asset="table")])
def table() -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster reads a parameter as one output more
    """Materialize nothing."""
    print("of the step")  # noqa: T201 - Dagster keeps it
    return dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=True)])


@dg.asset
def broken() -> None:
    """Fail."""
    raise ValueError("broken on purpose")


@contextmanager
def _instance(kind: str, home: Path, request: pytest.FixtureRequest) -> Iterator[dg.DagsterInstance]:
    if kind == "sqlite":
        with dg.DagsterInstance.local_temp(str(home)) as made:
            yield made
        return
    with database(request.getfixturevalue("postgres")) as url:
        storage = {"postgres": {"postgres_url": url}}
        with dg.DagsterInstance.local_temp(str(home), overrides={"storage": storage}) as made:
            yield made


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def test_logs_of_runs_that_ended_well_long_ago_go_and_all_else_stays(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    now = dt.datetime.now(dt.UTC)
    with _instance(kind, tmp_path, request) as instance:
        well = dg.materialize([table], instance=instance, tags={"of": "a batch"}).run_id
        badly = dg.materialize([broken], instance=instance, raise_on_error=False).run_id
        assert prune(instance, now - dt.timedelta(days=1)).runs == 0
        told = len(instance.all_logs(badly))

        pruned = prune(instance, now + dt.timedelta(days=1))

        assert pruned.runs == 1
        assert prune(instance, now + dt.timedelta(days=1)).runs == 0
        assert pruned.bytes_freed > 0
        assert pruned.events > 0
        assert not (tmp_path / "storage" / well).exists()
        left = {str(entry.dagster_event_type) for entry in instance.all_logs(well)}
        assert "DagsterEventType.ASSET_MATERIALIZATION" in left
        assert not [kind for kind in left if "STEP" in kind]
        assert len(instance.all_logs(badly)) == told
        run = instance.get_run_by_id(well)
        assert run is not None
        assert run.tags["of"] == "a batch"
        assert instance.get_latest_materialization_event(dg.AssetKey("table")) is not None
        checked = instance.event_log_storage.get_latest_asset_check_execution_by_key(
            [dg.AssetCheckKey(dg.AssetKey("table"), "whole")]
        )
        assert [one.status.value for one in checked.values()] == ["SUCCEEDED"]
