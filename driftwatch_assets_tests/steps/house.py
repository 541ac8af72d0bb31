"""A shipped model at work below one folder: landing, lake, MLflow and Dagster's instance of a test's own."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from driftwatch_assets.command_line.backfill import backfill
from driftwatch_assets.command_line.instance import open_instance
from driftwatch_assets.command_line.replay import replay
from driftwatch_assets.components.models import monitored_model
from driftwatch_assets.definitions import places_of
from driftwatch_assets.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    import dagster as dg

    from driftwatch_assets.components import MonitoredModel
    from driftwatch_assets.steps import Watched

MODEL = "gas_sensors"
DAGSTERS_OWN_WARNINGS = [
    # Dagster's loader of definitions, and its reader of YAML, call what their makers marked as preview or gave up.
    pytest.mark.filterwarnings("ignore::dagster.PreviewWarning:dagster"),
    pytest.mark.filterwarnings("ignore::dagster.BetaWarning:dagster"),
    pytest.mark.filterwarnings("ignore::pydantic.PydanticDeprecatedSince20:dagster._utils.pydantic_yaml"),
    # dagster-mlflow reads the run of its resource through a name that Dagster gave up, and is beta as a whole.
    pytest.mark.filterwarnings("ignore:InitResourceContext:DeprecationWarning:dagster"),
    pytest.mark.filterwarnings("ignore:InitResourceContext:DeprecationWarning:dagster_mlflow"),
    pytest.mark.filterwarnings("ignore:Class `MlFlow`:dagster.BetaWarning"),
]
_LONG_AGO_SECONDS = 3600.0


@dataclass(frozen=True)
class Told:
    """What a command printed, and how it ended."""

    status: int
    text: str


@dataclass(frozen=True)
class House:
    """One folder with everything that a system keeps."""

    folder: Path
    model: str = MODEL
    database: str | None = None

    @property
    def environment(self) -> dict[str, str]:
        return {
            "DRIFTWATCH_LANDING": str(self.folder / "landing"),
            "DRIFTWATCH_LAKE": str(self.folder / "lake"),
            "MLFLOW_TRACKING_URI": f"sqlite:///{self.folder / 'mlflow' / 'mlflow.db'}",
            "DAGSTER_HOME": str(self.folder / "dagster"),
            "COLUMNS": "2000",
            **({} if self.database is None else {f"DRIFTWATCH_DATABASE_{self.model.upper()}": self.database}),
        }

    @property
    def settings(self) -> Settings:
        return Settings.from_environment(self.environment)

    @property
    def component(self) -> MonitoredModel:
        return monitored_model(self.model)

    @property
    def watched(self) -> Watched:
        return self.component.watch(places_of(self.settings))

    @property
    def landing(self) -> Path:
        return self.folder / "landing" / self.model

    def deliver(self, name: str, content: bytes | str) -> Path:
        """Put a file into the landing folder as if it had lain there for an hour."""
        self.landing.mkdir(parents=True, exist_ok=True)
        path = self.landing / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        long_ago = time.time() - _LONG_AGO_SECONDS
        os.utime(path, (long_ago, long_ago))
        return path

    def copied_to(self, folder: Path) -> House:
        """Copy everything; MLflow's store knows its artifacts by absolute paths, which are set right."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        with closing(sqlite3.connect(folder / "mlflow" / "mlflow.db")) as store, store:
            tables = [name for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            for table in tables:
                for column in [row[1] for row in store.execute(f"PRAGMA table_info('{table}')")]:
                    store.execute(
                        f'UPDATE "{table}" SET "{column}" = replace("{column}", ?, ?) '  # noqa: S608 - the store's own names
                        f"""WHERE typeof("{column}") = 'text' AND instr("{column}", ?)""",
                        (f"{self.folder}/", f"{folder}/", f"{self.folder}/"),
                    )
        return House(folder, self.model, self.database)

    @contextmanager
    def lived_in(self) -> Iterator[None]:
        """Let the process's environment point here."""
        quiet = logging.getLogger("dagster").level
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.environment.items():
                patch.setenv(name, value)
            try:
                yield
            finally:
                logging.getLogger("dagster").setLevel(quiet)

    @contextmanager
    def instance(self) -> Iterator[dg.DagsterInstance]:
        with self.lived_in(), open_instance(self.settings) as instance:
            yield instance

    def replay(self, seed: int = 1) -> Told:
        """Run `driftwatch replay` in this process."""
        printed = io.StringIO()
        with self.lived_in():
            status = replay(self.model, seed=seed, console=Console(file=printed, width=2000))
        return Told(status, printed.getvalue())

    def backfill(self, first: str | None = None, last: str | None = None) -> Told:
        """Run `driftwatch backfill` in this process."""
        printed = io.StringIO()
        with self.lived_in():
            status = backfill(self.model, first=first, last=last, console=Console(file=printed, width=2000))
        return Told(status, printed.getvalue())

    def command(self, *arguments: str, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        """Run the command line as a process of its own."""
        return subprocess.run(
            [str(Path(sys.executable).with_name("driftwatch")), *arguments],
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def stored(self, batch: str | None = None) -> dict[str, str]:
        """Give the content fingerprint of every stored partition, by table and batch."""
        watched = self.watched
        lake, sources = watched.lake, watched.sources
        layered = [f"{layer}/{name}" for layer in ("bronze", "quarantine", "silver") for name in sources]
        return {
            f"{table}/{one}": lake.fingerprint(f"{self.model}/{table}", one)
            for table in (*layered, "gold/features", "predictions", "drift")
            for one in lake.batches(f"{self.model}/{table}")
            if batch is None or one == batch
        }

    def files(self) -> dict[str, str]:
        """Give the SHA-256 of every file of the lake, hidden ones too, by path."""
        lake = self.folder / "lake"
        return {
            path.relative_to(lake).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(lake.rglob("*"))
            if path.is_file()
        }

    def written_at(self) -> dict[str, int]:
        """Give the modification time of every stored partition."""
        lake = self.folder / "lake"
        return {path.relative_to(lake).as_posix(): path.stat().st_mtime_ns for path in sorted(lake.rglob("*.parquet"))}
