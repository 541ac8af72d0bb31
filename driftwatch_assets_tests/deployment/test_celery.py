"""Steps on Celery's workers over a real Redis and PostgreSQL: workers are killed, and what is stored is the same."""

from __future__ import annotations

import shutil
import sys
import threading
import time
import uuid
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
import dagster_celery.core_execution_loop as handing_out
import mlflow
import pytest
from dagster._core.definitions.reconstruct import ReconstructableRepository

from driftwatch_assets.components import records
from driftwatch_assets.components.processes import claim_of
from driftwatch_assets.components.ticks import LocalDaemon
from driftwatch_assets.definitions import defs, places_of
from driftwatch_assets.defs.iris.simulate import simulate
from driftwatch_assets.settings import PROJECT
from driftwatch_assets_tests.deployment.processes import Server, inherited
from driftwatch_assets_tests.deployment.redis import redis_server
from driftwatch_assets_tests.postgres import database, postgres_server
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS, House

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [
    pytest.mark.soak,
    *DAGSTERS_OWN_WARNINGS,
    # dagster-celery registers its task anew for each step that it hands out.
    pytest.mark.filterwarnings("ignore:Task name 'execute_plan' is already registered"),
    # Celery's Redis client leaves its connections to the end of the process.
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]

MODEL = "iris"
BATCHES = 2
VISIBILITY_SECONDS = 3
PATIENCE_SECONDS = 900.0
ON_CELERY = {
    "execution": {"config": {"celery": {}}},
    "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
}
START = dg.DagsterEventType.STEP_START
SUCCESS, FAILURE = dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE


@dataclass
class Plant:
    """A house whose runs are executed by workers, and the workers."""

    house: House
    environment: dict[str, str]
    logs: Path
    worker: Server | None = None

    def start_worker(self) -> None:
        """Start a worker and wait until it listens to the broker."""
        number = len(list(self.logs.glob("worker-*.log")))
        command = [str(Path(sys.executable).with_name("celery")), "-A", "driftwatch_assets.components.celery_app"]
        command += ["worker", "--queues", "dagster", "--concurrency", "1", "--loglevel", "INFO"]
        log = self.logs / f"worker-{number}.log"
        self.worker = Server("worker", command, log, self.environment).__enter__()
        self.worker.until("it listens to the broker", lambda: " ready." in log.read_text())

    def kill_worker(self) -> None:
        """Kill the worker with its pool, as a machine that loses its power does, and start another after a while."""
        assert self.worker is not None
        self.worker.kill()
        time.sleep(VISIBILITY_SECONDS + 1)
        self.start_worker()

    def kill_executing(self, pid: int) -> None:
        """Kill a process of the worker's pool, as the kernel does when memory runs out."""
        assert self.worker is not None
        [process] = [one for one in self.worker.family() if one.pid == pid]
        process.kill()

    def run(self, module: str, job: str, tags: dict[str, str]) -> dg.DagsterRun:
        """Execute a job on the workers, as the code server does for a run that is launched."""
        found = ReconstructableRepository.for_module(module, "defs", str(PROJECT)).get_reconstructable_job(job)
        with dg.DagsterInstance.get() as instance:
            # Entering the result would set up every resource here, and MLflow's would begin its run again.
            result = dg.execute_job(found, instance, run_config=ON_CELERY, tags=tags)
            run = instance.get_run_by_id(result.run_id)
            assert run is not None
            return run

    @contextmanager
    def harming(self, harm: list[Callable[[int], None]], run_tags: dict[str, str], step: str) -> Iterator[None]:
        """Do things to the processes that start a step, one after the other, while the block goes on."""
        over = threading.Event()

        def watch() -> None:
            with dg.DagsterInstance.get() as instance:
                done = 0
                while done < len(harm) and not over.wait(0.05):
                    for run in instance.get_runs(filters=dg.RunsFilter(tags=run_tags)):
                        starts = [one for one in instance.all_logs(run.run_id, of_type=START) if one.step_key == step]
                        if len(starts) > done and starts[done].dagster_event is not None:
                            harm[done](starts[done].dagster_event.pid)
                            done += 1

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join(PATIENCE_SECONDS)


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    folder = tmp_path_factory.mktemp("celery")
    house = House(folder, model=MODEL)
    with ExitStack() as stack:
        broker = stack.enter_context(redis_server(folder))
        settings = {
            **house.environment,
            "DAGSTER_POSTGRES_URL": stack.enter_context(database(stack.enter_context(postgres_server()))),
            "DRIFTWATCH_CELERY_BROKER": broker,
            "DRIFTWATCH_CELERY_VISIBILITY_SECONDS": str(VISIBILITY_SECONDS),
        }
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        for name, value in settings.items():
            patch.setenv(name, value)
        # Results are asked for once a second, which is most of the time of a replay of so few rows.
        patch.setattr(handing_out, "TICK_SECONDS", 0.1)
        home = house.settings.dagster_home
        home.mkdir()
        shutil.copyfile(PROJECT / "dagster.postgres.yaml", home / "dagster.yaml")
        house.landing.mkdir(parents=True)
        for file in simulate(house.landing, seed=42)[BATCHES:]:
            file.unlink()
        plant = Plant(house, {**inherited(), **settings}, folder)
        plant.start_worker()
        try:
            yield plant
        finally:
            if plant.worker is not None:
                plant.worker.stop()


@pytest.fixture(scope="module")
def replayed(plant: Plant) -> list[dg.DagsterRun]:
    """Replay on the workers; in the training a process of the pool is killed, and after that the whole worker."""
    keys = plant.house.component.keys
    runs: list[dg.DagsterRun] = []
    harm: list[Callable[[int], None]] = [plant.kill_executing, lambda _: plant.kill_worker()]
    plant.house.watched.registry.prepare()
    with dg.DagsterInstance.get() as instance:
        daemon = LocalDaemon(instance, defs(), places_of(plant.house.settings))
        while True:
            asked = [
                (job, request)
                for sensor, job in ((keys.arrivals_sensor, keys.batch_job), (keys.retraining_sensor, keys.training_job))
                for request in daemon.tick(sensor).requests
            ]
            if not asked:
                return runs
            for job, request in asked:
                batch = str(request.partition_key)
                tags = {**request.tags, "dagster/partition": batch, "dagster/run_key": request.run_key or ""}
                with ExitStack() as stack:
                    if job == keys.training_job:
                        which = {"dagster/run_key": request.run_key or ""}
                        stack.enter_context(plant.harming(harm, which, keys.trained.to_python_identifier()))
                    runs.append(plant.run("driftwatch_assets.definitions", job, tags))


def starts(run: dg.DagsterRun) -> list[int]:
    """Give the processes that started the training of a run."""
    with dg.DagsterInstance.get() as instance:
        found = instance.all_logs(run.run_id, of_type=START)
    step = f"{MODEL}__model"
    return [entry.dagster_event.pid for entry in found if entry.step_key == step]


def test_no_run_fails_when_workers_are_killed(replayed: list[dg.DagsterRun]) -> None:
    done = [(run.job_name, run.tags["dagster/partition"], run.status) for run in replayed]
    batch, training = f"{MODEL}_batch", f"{MODEL}_training"
    assert sorted(done) == [
        *((batch, f"00000{number}", SUCCESS) for number in range(1, BATCHES + 1)),
        (training, "000001", SUCCESS),
    ]


def test_a_step_whose_worker_was_killed_is_executed_again_by_another(
    replayed: list[dg.DagsterRun],
) -> None:
    [training] = [run for run in replayed if run.job_name.endswith("training")]
    assert len(set(starts(training))) == 3


def test_the_run_is_claimed_by_who_hands_out_its_steps(replayed: list[dg.DagsterRun]) -> None:
    assert {run.tags[records.PROCESS_TAG] for run in replayed} == {claim_of(run.run_id) for run in replayed}


def test_what_is_stored_is_what_one_process_stores(replayed: list[dg.DagsterRun], plant: Plant, tmp_path: Path) -> None:
    undisturbed = House(tmp_path, model=MODEL)
    shutil.copytree(plant.house.landing, undisturbed.landing)
    told = undisturbed.command("replay", MODEL)
    assert told.returncode == 0, told.stdout + told.stderr
    for table in ("predictions", "gold/features"):
        there, here = undisturbed.watched.lake, plant.house.watched.lake
        name = f"{MODEL}/{table}"
        assert here.batches(name) == there.batches(name)
        assert [here.fingerprint(name, one) for one in here.batches(name)] == [
            there.fingerprint(name, one) for one in there.batches(name)
        ]
    made = plant.house.watched.registry.history(MODEL)
    assert [(one.trained_through, one.gate_result) for one in made] == [("000001", "promoted")]
    client = mlflow.MlflowClient(plant.environment["MLFLOW_TRACKING_URI"])
    assert {client.get_run(one.run_id).info.status for one in made} == {"FINISHED"}


def test_a_step_that_kills_its_workers_is_given_up_and_fails_its_run(plant: Plant) -> None:
    run = plant.run("driftwatch_assets_tests.deployment.deadly", "deadly_job", {"of": str(uuid.uuid4())})
    assert run.status == FAILURE
    with dg.DagsterInstance.get() as instance:
        begun = instance.all_logs(run.run_id, of_type=START)
        told = [str(entry.dagster_event) for entry in instance.all_logs(run.run_id)]
    assert len(begun) == 3
    assert any("was started 3 times, and its workers were killed each time" in line for line in told)


def test_the_brokers_password_is_kept_nowhere(replayed: list[dg.DagsterRun], plant: Plant) -> None:
    password = plant.environment["DRIFTWATCH_CELERY_BROKER"].split("@")[0].rpartition(":")[2]
    assert all(password not in str(run.run_config) and password not in str(run.tags) for run in replayed)
    files = [path for path in plant.house.folder.rglob("*") if path.is_file() and path.name != "redis.conf"]
    assert [path for path in files if password.encode() in path.read_bytes()] == []
