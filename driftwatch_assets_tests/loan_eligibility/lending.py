"""The loan applications at work: databases that hold them, layers made step by step, and runs of the graph."""

from __future__ import annotations

import csv
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import dagster as dg
import sqlalchemy as sa

from driftwatch_assets import steps
from driftwatch_assets.components import records
from driftwatch_assets.components.models import monitored_model
from driftwatch_assets.components.records import why_failed
from driftwatch_assets_tests.components.small import Small
from driftwatch_assets_tests.evidence import stored_evidence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from driftwatch_assets.components import MonitoredModel
    from driftwatch_assets.sources import Database
    from driftwatch_assets.steps import Watched
    from driftwatch_assets_tests.steps.house import House

MODEL = "loan_eligibility"
_STORED = {"text": "TEXT", "number": "DOUBLE PRECISION", "integer": "BIGINT", "timestamp": "TIMESTAMP"}


def source() -> Database:
    declared: Any = monitored_model(MODEL).declaration.source
    return declared


def rows_of(file: Path) -> list[dict[str, Any]]:
    """Read a CSV file; what is empty is missing."""
    with file.open(newline="") as opened:
        return [{name: value or None for name, value in row.items()} for row in csv.DictReader(opened)]


@contextmanager
def connected(url: str) -> Iterator[sa.Connection]:
    """Open a transaction on a database that is also written to."""
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"), poolclass=sa.NullPool)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def load(url: str, folder: Path) -> None:
    """Load the three CSV files of a folder into a database, each column with its declared type."""
    with connected(url) as connection:
        for name, table in source().tables.items():
            columns = ", ".join(f"{column} {_STORED[kind]}" for column, kind in table.types.items())
            connection.execute(sa.text(f"CREATE TABLE {name} ({columns})"))
            values = ", ".join(
                f"CAST(:{column} AS {_STORED[kind]})" if kind in {"number", "integer"} else f":{column}"
                for column, kind in table.types.items()
            )
            statement = sa.text(f"INSERT INTO {name} ({', '.join(table.types)}) VALUES ({values})")  # noqa: S608 - declared names
            connection.execute(statement, rows_of(folder / f"{name}.csv"))


def execute(url: str, *statements: str) -> None:
    """Change a database."""
    with connected(url) as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


def take(watched: Watched, batch: str) -> None:
    """Make bronze, silver and gold of a batch without a run."""
    for step in (steps.ingest, steps.clean):
        for outcome in step(watched, batch).values():
            assert outcome.refused is None, outcome.refused
    assert steps.make_features(watched, batch).refused is None


def judged(house: House, batch: str, layer: str, table: str) -> dict[str, dict[str, Any]]:
    """Give the stored verdicts of a table's suite by the name of the check."""
    content = stored_evidence(house.watched, batch, f"quality_{layer}_{table}")
    assert content is not None
    return {verdict["name"]: verdict for verdict in content["verdicts"]}


class Lending(Small):
    """The model with an instance of Dagster, and its jobs launched by hand."""

    def materialize(self, batch: str, *layers: str) -> dg.ExecuteInProcessResult:
        """Run the batch job; with layers named (bronze, silver, gold) these only."""
        keys = self.component.keys
        chosen = {"bronze": list(keys.bronzes), "silver": list(keys.silvers), "gold": [keys.gold]}
        selected = [key for layer in layers for key in chosen[layer]] or None
        return self.daemon.run(keys.batch_job, _request(batch, asset_selection=selected))

    def learn(self, batch: str, config: Mapping[str, Any] | None = None) -> dg.ExecuteInProcessResult:
        """Run the training alone, with a configuration of the run."""
        keys = self.component.keys
        ops = {"ops": {f"{MODEL}__model": {"config": dict(config)}}} if config else {}
        return self.daemon.run(keys.training_job, _request(batch, asset_selection=[keys.trained], run_config=ops))

    def why(self, result: dg.ExecuteInProcessResult) -> str:
        """Say why a run failed."""
        assert not result.success
        return why_failed(self.instance, result.run_id)


def _request(batch: str, **more: Any) -> dg.RunRequest:
    tags = {records.MODEL_TAG: MODEL, records.PURPOSE_TAG: "hand", records.BATCH_TAG: batch}
    return dg.RunRequest(partition_key=batch, tags=tags, **more)


@contextmanager
def lending(house: House, component: MonitoredModel | None = None) -> Iterator[Lending]:
    """Open a house's instance and launch jobs in it."""
    with house.instance() as instance:
        yield Lending(instance, component or house.component, house.settings)
