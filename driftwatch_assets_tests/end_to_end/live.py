"""The live system: webserver, daemon and report server as processes on folders of their own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import dagster as dg
import httpx
import psutil

from driftwatch_assets.components import records
from driftwatch_assets.components.models import monitored_model
from driftwatch_assets.definitions import places_of
from driftwatch_assets.settings import PROJECT, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import TracebackType

    from driftwatch_assets.components.keys import Keys
    from driftwatch_assets.steps import Watched

MODEL = "gas_sensors"
LOCATION = "driftwatch_assets"
INITIAL = ("1", "2", "3", "4", "5", "6")
PATIENCE_SECONDS = 1800
"""How long anything is waited for: what a stage takes depends on the machine, and no test may depend on it."""
_POLL_SECONDS = 0.5
_LOG_CHARACTERS = 6000
_REPOSITORY = {"repositoryLocationName": LOCATION, "repositoryName": "__repository__"}

_READY = """{
  instance { daemonHealth { allDaemonStatuses { daemonType required healthy } } }
  workspaceOrError { ... on Workspace { locationEntries { loadStatus locationOrLoadError {
    ... on RepositoryLocation { repositories { sensors { name sensorState { status } } } }
    ... on PythonError { message } } } } ... on PythonError { message } }
}"""
_TICKS = """query ($sensor: SensorSelector!) { sensorOrError(sensorSelector: $sensor) { ... on Sensor {
  sensorState { ticks(limit: 500) { timestamp endTimestamp status skipReason runIds error { message } } } } } }"""
_BACKFILL = """mutation ($parameters: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $parameters) {
  __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""


class NotReached(AssertionError):  # noqa: N818 - named for what is the matter
    """The live system did not get where it should; the message has what its processes said."""


@dataclass(frozen=True)
class Started:
    """Ports and addresses of a live system."""

    webserver: int
    reports: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.webserver}"

    @property
    def reports_url(self) -> str:
        return f"http://127.0.0.1:{self.reports}"


class LiveSystem:
    """`driftwatch ui` on folders of its own: started, watched from outside, stopped by its process id."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.at = Started(*_free_ports(2))
        self.environment = {
            "DRIFTWATCH_LANDING": str(folder / "landing"),
            "DRIFTWATCH_LAKE": str(folder / "lake"),
            "DRIFTWATCH_REPORTS_URL": self.at.reports_url,
            "MLFLOW_TRACKING_URI": f"sqlite:///{folder / 'mlflow' / 'mlflow.db'}",
            "DAGSTER_HOME": str(folder / "dagster"),
            "DAGSTER_DISABLE_TELEMETRY": "yes",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "GX_ANALYTICS_ENABLED": "false",
        }
        self.settings = Settings.from_environment(self.environment)
        self.landing = self.settings.landing / MODEL
        self._log = folder / "processes.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.survivors: list[psutil.Process] = []

    def __enter__(self) -> Self:
        home = self.settings.dagster_home
        home.mkdir(parents=True)
        shutil.copyfile(PROJECT / "dagster.yaml", home / "dagster.yaml")
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.stop()
        finally:
            if "instance" in self.__dict__:
                self.instance.dispose()

    def start(self) -> None:
        program = Path(sys.executable).with_name("driftwatch")
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [program, "ui", "--port", str(self.at.webserver)],
                cwd=PROJECT,
                env={**os.environ, **self.environment},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.until("webserver, daemon and sensors run", self._is_ready)

    def stop(self) -> int:
        """End the processes as Ctrl-C does, and give the exit status; whatever is left is killed."""
        process = self._process
        if process is None:
            return 0
        self._process = None
        family = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        process.send_signal(signal.SIGTERM)
        try:
            status = process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            status = process.wait()
        _, self.survivors = psutil.wait_procs(family, timeout=PATIENCE_SECONDS)
        for one in self.survivors:
            one.kill()
        return status

    def crash(self) -> None:
        """End every process at once and without notice, as a machine that loses its power does."""
        process = self._process
        assert process is not None
        self._process = None
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        for one in family:
            one.suspend()
        for one in family:
            one.kill()
        process.wait()
        psutil.wait_procs(family, timeout=PATIENCE_SECONDS)

    @cached_property
    def instance(self) -> dg.DagsterInstance:
        return dg.DagsterInstance.from_config(str(self.settings.dagster_home))

    @cached_property
    def watched(self) -> Watched:
        return monitored_model(MODEL).watch(places_of(self.settings))

    @property
    def keys(self) -> Keys:
        return monitored_model(MODEL).keys

    @property
    def output(self) -> str:
        return self._log.read_text(errors="replace")

    def until(self, what: str, reached: Callable[[], Any]) -> Any:
        """Wait for something true, and give it.

        Raises
        ------
        NotReached
            It did not become true in time, or a process ended.

        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            found = reached()
            if found:
                return found
            ended = self._process is None or self._process.poll() is not None
            if ended or time.monotonic() > deadline:
                why = "a process ended" if ended else f"{PATIENCE_SECONDS} s were not enough"
                raise NotReached(f"waited until {what}: {why}\n{self._story()}\n{self.output[-_LOG_CHARACTERS:]}")
            time.sleep(_POLL_SECONDS)

    def drop(self, file: Path) -> None:
        """Let a file arrive in the landing folder."""
        shutil.copyfile(file, self.landing / file.name)

    def runs(self, **tags: str) -> list[dg.DagsterRun]:
        """Give the runs with these tags (without their prefix), oldest first."""
        wanted = {f"driftwatch/{name}": value for name, value in tags.items()}
        return self.instance.get_runs(filters=dg.RunsFilter(tags={records.MODEL_TAG: MODEL, **wanted}))[::-1]

    def trainings(self, batch: str) -> list[dg.DagsterRun]:
        return self.runs(purpose="training", batch=batch)

    def run_ended(self, run: dg.DagsterRun) -> dg.DagsterRun:
        def ended() -> dg.DagsterRun | None:
            found = self.instance.get_run_by_id(run.run_id)
            return found if found is not None and found.is_finished else None

        return self.until(f"the run {run.job_name} {run.tags.get('dagster/partition')} ends", ended)

    def worker(self, run: dg.DagsterRun) -> psutil.Process | None:
        """Give the process that executes a run; `None` where there is none yet.

        Its command line does not name the run; the engine's events do, with the process id.
        """
        process = self._process
        assert process is not None
        family = {one.pid: one for one in psutil.Process(process.pid).children(recursive=True)}
        started = self.instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT)
        for entry in started:
            if "Started process for run (pid: " in entry.message:
                return family.get(int(entry.message.split("(pid: ")[1].split(")")[0]))
        return None

    def ticks(self, sensor: str, since: float) -> list[dict[str, Any]]:
        """Give the finished ticks of a sensor that began after a moment, oldest first."""
        found = self.ask(_TICKS, {"sensor": {**_REPOSITORY, "sensorName": sensor}})
        ticks = found["sensorOrError"]["sensorState"]["ticks"]
        return [tick for tick in ticks if tick["timestamp"] > since and tick["endTimestamp"] is not None][::-1]

    def two_ticks_later(self, sensor: str) -> list[dict[str, Any]]:
        """Wait until a sensor has been asked twice more, and give these ticks."""
        now = time.time()
        return self.until(
            f"{sensor} has ticked twice",
            lambda: (ticks := self.ticks(sensor, now))[1:] and ticks,
        )

    def launch_backfill(self, assets: list[dg.AssetKey], batches: list[str]) -> str:
        """Launch a backfill as the UI does, and give its id."""
        parameters = {
            "assetSelection": [{"path": list(key.path)} for key in assets],
            "partitionNames": batches,
            "title": "again",
        }
        answer = self.ask(_BACKFILL, {"parameters": parameters})["launchPartitionBackfill"]
        assert answer["__typename"] == "LaunchBackfillSuccess", answer
        return str(answer["backfillId"])

    def launch_job_backfill(self, job: str, batches: list[str]) -> str:
        """Launch a backfill of a job from the command line, and give its id."""
        program = Path(sys.executable).with_name("dagster")
        known = {one.backfill_id for one in self.instance.get_backfills()}
        partitions = ",".join(batches)
        done = subprocess.run(
            [program, "job", "backfill", "-w", "workspace.yaml", "-j", job, "--partitions", partitions, "--noprompt"],
            cwd=PROJECT,
            env={**os.environ, **self.environment},
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        [launched] = [one.backfill_id for one in self.instance.get_backfills() if one.backfill_id not in known]
        return launched

    def ask(self, query: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Ask the webserver by GraphQL."""
        answer = httpx.post(f"{self.at.url}/graphql", json={"query": query, "variables": variables or {}}, timeout=60)
        content = answer.json()
        assert "errors" not in content, content["errors"]
        found: dict[str, Any] = content["data"]
        return found

    def _is_ready(self) -> bool:
        try:
            state = self.ask(_READY)
            httpx.get(self.at.reports_url, timeout=10)
        except (httpx.TransportError, ValueError):
            return False
        daemons = state["instance"]["daemonHealth"]["allDaemonStatuses"]
        if not all(daemon["healthy"] for daemon in daemons if daemon["required"]):
            return False
        [entry] = state["workspaceOrError"]["locationEntries"]
        if entry["loadStatus"] != "LOADED":
            return False
        loaded = entry["locationOrLoadError"]
        assert "message" not in loaded, loaded["message"]
        sensors = [sensor for repository in loaded["repositories"] for sensor in repository["sensors"]]
        return bool(sensors) and all(sensor["sensorState"]["status"] == "RUNNING" for sensor in sensors)

    def _story(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        for run in self.instance.get_runs()[::-1]:
            yield f"{run.job_name} {run.tags.get('dagster/partition')} {run.status.value} {run.run_id}"
            for entry in self.instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE):
                yield str(entry.dagster_event)[:2000]


def _free_ports(count: int) -> list[int]:
    held = [socket.socket() for _ in range(count)]
    try:
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()
