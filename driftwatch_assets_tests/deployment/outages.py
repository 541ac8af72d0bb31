"""Code location and daemon over a PostgreSQL that comes and goes, and what restarts them as a container engine does."""

from __future__ import annotations

import shutil
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
import psycopg2
import sqlalchemy as sa

from driftwatch_assets.components import records
from driftwatch_assets.defs.iris.simulate import simulate
from driftwatch_assets.settings import PROJECT
from driftwatch_assets_tests.deployment.processes import NotReached, Server, free_port, inherited
from driftwatch_assets_tests.steps.house import House

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from driftwatch_assets_tests.postgres import Postgres

MODEL = "iris"
SECONDS = 900.0
"""Several times what a quiet machine with two cores needs for the slowest of what is waited for."""

_POLL_SECONDS = 0.2
_PROGRAMS = Path(sys.executable).parent


@dataclass
class Live:
    """A house whose Dagster and monitoring database are on a PostgreSQL server; ends with its block."""

    folder: Path
    postgres: Postgres
    servers: dict[str, Server] = field(default_factory=dict)
    restarts: dict[str, int] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self.house.settings.dagster_home.mkdir(parents=True)
        shutil.copyfile(PROJECT / "dagster.postgres.yaml", self.house.settings.dagster_home / "dagster.yaml")
        self.house.landing.mkdir(parents=True)
        return self

    def __exit__(self, *_: object) -> None:
        for server in reversed(self.servers.values()):
            server.stop()

    @cached_property
    def house(self) -> House:
        return House(self.folder / "house", model=MODEL)

    @cached_property
    def files(self) -> list[Path]:
        made = self.folder / "made"
        made.mkdir()
        return simulate(made, seed=42)

    @cached_property
    def environment(self) -> dict[str, str]:
        return {
            **inherited(),
            **self.house.environment,
            "DAGSTER_POSTGRES_URL": self.address("dagster"),
            "DRIFTWATCH_MONITORING_URL": self.address("monitoring"),
            "DRIFTWATCH_CODE_HOST": "127.0.0.1",
            "DRIFTWATCH_CODE_PORT": str(self.code_port),
            # Messages wait in the outbox: nobody listens there.
            "DRIFTWATCH_ALERT_CHANNELS": "ops=json://127.0.0.1:9/alerts",
        }

    @cached_property
    def code_port(self) -> int:
        return free_port()

    def address(self, name: str) -> str:
        return self.postgres.url.removesuffix("postgres") + name

    def make_databases(self) -> None:
        connection = psycopg2.connect(self.postgres.url)
        connection.autocommit = True
        with connection.cursor() as cursor:
            for name in ("dagster", "monitoring"):
                cursor.execute(f"CREATE DATABASE {name}")
        connection.close()

    def start_code(self) -> None:
        command = [str(_PROGRAMS / "dagster"), "api", "grpc", "--host", "127.0.0.1"]
        command += ["--port", str(self.code_port), "--module-name", "driftwatch_assets.definitions"]
        self._start("code", [*command, "--location-name", "driftwatch_assets"])

    def start_daemon(self, name: str = "daemon") -> None:
        self._start(name, [str(_PROGRAMS / "dagster-daemon"), "run", "--workspace", "deploy/workspace.grpc.yaml"])

    def _start(self, name: str, command: list[str]) -> None:
        self.servers[name] = Server(name, command, self.folder / f"{name}.log", self.environment).__enter__()
        self.restarts[name] = 0

    def tend(self) -> None:
        """Start again what has ended, as `restart: unless-stopped` does."""
        for name, server in self.servers.items():
            if server.process is None or server.process.poll() is not None:
                server.__enter__()
                self.restarts[name] += 1

    def until(self, what: str, reached: Callable[[], object], *, poll: float = _POLL_SECONDS) -> None:
        """Wait for something true, and tend the servers meanwhile.

        Raises
        ------
        NotReached
            It did not become true in time.

        """
        deadline = time.monotonic() + SECONDS
        while True:
            self.tend()
            # What asks the database finds it down, too.
            with suppress(psycopg2.OperationalError, sa.exc.DBAPIError):
                if reached():
                    return
            if time.monotonic() > deadline:
                said = "\n".join(self.said(name)[-4000:] for name in self.servers)
                raise NotReached(f"waited until {what}: {SECONDS:.0f} s were not enough\n{self.runs()}\n{said}")
            time.sleep(poll)

    def said(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def land(self, number: int) -> str:
        """Let a batch arrive, and give its name."""
        file = self.files[number - 1]
        self.house.deliver(file.name, file.read_bytes())
        return f"{number:06}"

    def rows(self, query: str, database: str = "dagster") -> list[tuple[object, ...]]:
        connection = psycopg2.connect(self.address(database))
        try:
            with connection.cursor() as cursor:
                cursor.execute(query)
                return cursor.fetchall()
        finally:
            connection.close()

    def runs(self) -> list[tuple[str, str, str]]:
        """Give purpose, batch and status of every run, oldest first."""
        with self.instance() as instance:
            found = instance.get_runs(dg.RunsFilter(tags={records.MODEL_TAG: MODEL}))[::-1]
        return [
            (run.tags.get(records.PURPOSE_TAG, ""), run.tags.get(records.BATCH_TAG, ""), run.status.value)
            for run in found
        ]

    def taken_in(self, batch: str) -> bool:
        """Tell whether a batch was taken in, and all that follows has ended."""
        runs = self.runs()
        over = all(status in {"SUCCESS", "FAILURE", "CANCELED"} for _, _, status in runs)
        return ("arrival", batch, "SUCCESS") in runs and over

    def settled(self, batch: str) -> bool:
        """Tell whether, after a batch, nothing more is asked for and the monitoring database has all of it."""
        return self.taken_in(batch) and (MODEL, batch) in self.rows("SELECT model, batch FROM batches", "monitoring")

    def instance(self) -> dg.DagsterInstance:
        return dg.DagsterInstance.from_config(str(self.house.settings.dagster_home))
