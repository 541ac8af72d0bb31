"""Every service of compose.yaml as a process: its very command and environment, in a network of its own.

Run as a program inside a network, mount and process namespace (see `test_composed.py`), where every port is free, the
services' names lead to loopback, and nothing outlives the first process. What a container would mount is put where the
command looks for it; nothing else of a service is changed. What was seen is printed as JSON.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import psycopg2

from driftwatch_assets.defs.iris.simulate import simulate
from driftwatch_assets.settings import PROJECT
from driftwatch_assets_tests import postgres
from driftwatch_assets_tests.deployment.composition import resolved, secrets_of
from driftwatch_assets_tests.deployment.processes import NotReached, Server, inherited

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = ("postgres", "mlflow", "code", "webserver", "predictions", "redis")
POSTGRES_PORT = 5432
RUNS_SECONDS = 900.0
"""Many times what a quiet machine with two cores needs."""

PROGRAMS = Path(sys.executable).parent


class Composed:
    """The services as processes below a folder."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.stack = stack
        self.secrets = secrets_of(PROJECT / ".env.example")
        self.services = resolved(
            {**self.secrets, "DRIFTWATCH_EXECUTOR": "celery", "DRIFTWATCH_LANDING": str(folder / "landing")},
            profiles=("celery",),
        )["services"]
        self.psql = PROGRAMS
        self.seen: dict[str, Any] = {}

    def command(self, name: str) -> list[str]:
        service = self.services[name]
        whole = [*(service.get("entrypoint") or ()), *service["command"]]
        return [self._here(name, part.replace("$$", "$")) for part in whole]

    def environment(self, name: str) -> dict[str, str]:
        declared = {key: self._here(name, value) for key, value in self.services[name]["environment"].items() if value}
        path = os.pathsep.join([str(PROGRAMS), str(self.psql), os.environ["PATH"]])
        home = self.folder / "home" / name
        home.mkdir(parents=True, exist_ok=True)
        return {**inherited(), "PATH": path, "HOME": str(home), "HOSTNAME": os.uname().nodename, **declared}

    def start(self, name: str) -> Server:
        """Start a service, and wait until its own health check says that it is well."""
        server = Server(
            name, self.command(name), self.folder / f"{name}.log", self.environment(name), self._working_folder(name)
        )
        self.stack.enter_context(server)
        return server

    def well(self, server: Server) -> None:
        server.until("its health check passes", lambda: self.check(server.name), RUNS_SECONDS)
        self.seen.setdefault("well", []).append(server.name)

    def check(self, name: str) -> bool:
        kind, *test = self.services[name]["healthcheck"]["test"]
        command = [part.replace("$$", "$") for part in test]
        try:
            done = subprocess.run(
                ["sh", "-c", *command] if kind == "CMD-SHELL" else command,
                cwd=PROJECT,
                env=self.environment(name),
                check=False,
                capture_output=True,
                timeout=60,
            )
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0

    def once(self, name: str) -> None:
        done = subprocess.run(
            self.command(name), cwd=PROJECT, env=self.environment(name), check=False, capture_output=True, text=True
        )
        if done.returncode != 0:
            raise NotReached(f"{name} ended with {done.returncode}: {done.stdout}{done.stderr}")
        self.seen.setdefault("well", []).append(name)

    def _here(self, name: str, text: str) -> str:
        """Say where on this machine lies what the container has mounted."""
        for mount in sorted(self.services[name].get("volumes", []), key=lambda one: -len(one["target"])):
            text = text.replace(mount["target"], str(self._source(mount)))
        return text.replace("/app/", f"{PROJECT}/")

    def _working_folder(self, name: str) -> Path:
        mounts = self.services[name].get("volumes", [])
        return self._source(mounts[0]) if name == "redis" else PROJECT

    def _source(self, mount: dict[str, Any]) -> Path:
        if mount["type"] == "bind":
            return Path(mount["source"])
        path = self.folder / "volumes" / mount["source"]
        path.mkdir(parents=True, exist_ok=True)
        return path


def composed(folder: Path) -> dict[str, Any]:
    """Start everything as `docker compose --profile celery up` does, let a batch land, and tell what was seen."""
    with ExitStack() as stack:
        system = Composed(folder, stack)
        _know_names(folder)
        _databases(system)
        home = folder / "volumes" / "data" / "dagster"
        home.mkdir(parents=True)
        shutil.copyfile(PROJECT / "dagster.postgres.yaml", home / "dagster.yaml")
        redis, mlflow = system.start("redis"), system.start("mlflow")
        system.well(redis)
        system.once("grants")
        system.well(mlflow)
        system.once("mlflow-grants")
        started = [system.start(name) for name in ("code", "predictions")]
        for server in started:
            system.well(server)
        started += [system.start(name) for name in ("worker", "webserver", "daemon")]
        for server in started[2:]:
            system.well(server)
        _let_a_batch_land(system, started[-1])
        _look(system)
        system.seen["stopped"] = {one.name: one.stop() for one in [*started[::-1], mlflow, redis]}
        return system.seen


def _know_names(folder: Path) -> None:
    hosts = folder / "hosts"
    hosts.write_text("127.0.0.1 localhost " + " ".join((*NAMES, os.uname().nodename)) + "\n")
    subprocess.run(["mount", "--bind", str(hosts), "/etc/hosts"], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def _databases(system: Composed) -> None:
    """Start PostgreSQL at its usual port, and run what its image runs for a new data folder."""
    postgres._free_port = lambda: POSTGRES_PORT
    server = system.stack.enter_context(postgres.postgres_server())
    found = postgres._from_wheel() or postgres._from_system()
    assert found is not None
    system.psql = found / "bin"
    [script] = [
        mount["source"] for mount in system.services["postgres"]["volumes"] if mount["target"].endswith("databases.sh")
    ]
    password = server.split("@")[0].rpartition(":")[2]
    environment = {**system.environment("postgres"), "PGHOST": "127.0.0.1", "PGPASSWORD": password}
    subprocess.run(["bash", script], env=environment, check=True)


def _let_a_batch_land(system: Composed, daemon: Server) -> None:
    """Let a first batch arrive, and wait until it has been trained on and the champion is served."""
    made = simulate(system.folder / "made", seed=42, batches=1)
    landing = system.folder / "landing" / "iris"
    landing.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(made[0], landing / made[0].name)
    daemon.until("the first training has a champion", lambda: _model(system).get("version") is not None, RUNS_SECONDS)
    daemon.until("the batch is in the monitoring database", lambda: _batches(system), RUNS_SECONDS)
    daemon.until("no run is under way", lambda: _runs(system, "success") and not _runs(system, "busy"), RUNS_SECONDS)


def _model(system: Composed) -> dict[str, Any]:
    answer = httpx.get("http://predictions:3070/v1/models/iris", headers=_bearer(system), timeout=30)
    return answer.json() if answer.status_code == 200 else {}


def _bearer(system: Composed) -> dict[str, str]:
    return {"Authorization": f"Bearer {system.secrets['DRIFTWATCH_TOKEN']}"}


def _rows(system: Composed, user: str, secret: str, name: str, query: str) -> list[tuple[Any, ...]]:
    url = f"postgresql://{user}:{system.secrets[secret]}@postgres:{POSTGRES_PORT}/{name}"
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()
    finally:
        connection.close()


def _batches(system: Composed) -> list[str]:
    query = "SELECT batch FROM batches WHERE model = 'iris' ORDER BY position"
    return [row[0] for row in _rows(system, "grafana_reader", "READER_DATABASE_PASSWORD", "monitoring", query)]


def _runs(system: Composed, which: str) -> list[tuple[str, str]]:
    statuses = {"success": "('SUCCESS')", "busy": "('QUEUED', 'NOT_STARTED', 'STARTING', 'STARTED', 'CANCELING')"}
    query = "SELECT pipeline_name, status FROM runs"
    if which in statuses:
        query += f" WHERE status IN {statuses[which]}"
    return _rows(system, "dagster", "DAGSTER_DATABASE_PASSWORD", "dagster", query)


def _look(system: Composed) -> None:
    record = {"flower": "1", "sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2}
    url = "http://predictions:3070/v1/models/iris/predict"
    answers: dict[str, Callable[[], httpx.Response]] = {
        "predicted": lambda: httpx.post(url, json={"records": [record]}, headers=_bearer(system), timeout=30),
        "without token": lambda: httpx.post(url, json={"records": [record]}, timeout=30),
        "metrics": lambda: httpx.get("http://predictions:3070/metrics", headers=_bearer(system), timeout=30),
        "webserver": lambda: httpx.get("http://webserver:3000/server_info", timeout=30),
        "another host": lambda: httpx.get("http://mlflow:5000/", headers={"Host": "evil.example"}, timeout=30),
    }
    system.seen["answers"] = {name: [(got := ask()).status_code, got.text[:400]] for name, ask in answers.items()}
    system.seen["runs"] = sorted(_runs(system, "all"))
    system.seen["batches"] = _batches(system)
    system.seen["mlflow runs"] = _rows(
        system, "grafana_reader", "READER_DATABASE_PASSWORD", "mlflow", "SELECT status FROM runs"
    )
    query = "SELECT event FROM event_logs WHERE event LIKE '%Executing steps%in celery worker%'"
    system.seen["steps on workers"] = len(_rows(system, "dagster", "DAGSTER_DATABASE_PASSWORD", "dagster", query))
    for what, user in (("grafana_reader", "READER_DATABASE_PASSWORD"), ("monitoring", "MONITORING_DATABASE_PASSWORD")):
        try:
            _rows(system, what, user, "dagster", "SELECT 1")
            system.seen[f"{what} in dagster"] = "let in"
        except psycopg2.OperationalError as refused:
            system.seen[f"{what} in dagster"] = str(refused)
    listening = subprocess.run(["ss", "-tlnH"], check=True, capture_output=True, text=True).stdout
    system.seen["listening"] = sorted({line.split()[3] for line in listening.splitlines()})


if __name__ == "__main__":
    began = time.monotonic()
    told = composed(Path(sys.argv[1]))
    told["seconds"] = time.monotonic() - began
    Path(sys.argv[1], "seen.json").write_text(json.dumps(told))
