"""Both sensors behave the same on SQLite and on PostgreSQL: one story, told once on each storage."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import dagster as dg
import mlflow
import pytest
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin

from driftwatch_assets.components import records
from driftwatch_assets.defs.gas_sensors.simulate import simulate
from driftwatch_assets.settings import Settings
from driftwatch_assets_tests.components.small import (
    INITIAL_BATCHES,
    MODEL,
    SCALE,
    Small,
    dull_candidate,
    environment,
    small_model,
    spoilt_candidate,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from driftwatch_assets.components.ticks import Tick

pytestmark = [
    # Dagster's own doing: it reads YAML, and dagster-mlflow reads the run, through names that their makers gave up.
    pytest.mark.filterwarnings("ignore::pydantic.PydanticDeprecatedSince20:dagster._utils.pydantic_yaml"),
    pytest.mark.filterwarnings("ignore:InitResourceContext:DeprecationWarning:dagster_mlflow.resources"),
    pytest.mark.filterwarnings("ignore:InitResourceContext:DeprecationWarning:dagster._core.execution.context.init"),
    # dagster-mlflow is beta as a whole.
    pytest.mark.filterwarnings("ignore:.*mlflow:dagster.BetaWarning"),
    pytest.mark.filterwarnings("ignore:Class `MlFlow`:dagster.BetaWarning"),
]

ATTEMPTS = 2
UNDER_WAY = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)


@dataclass
class Story:
    """What the sensors said at each point of the story."""

    system: Small
    told: dict[str, Tick] = field(default_factory=dict)
    went_well: dict[str, bool] = field(default_factory=dict)

    def keys(self, point: str) -> list[str | None]:
        return [request.run_key for request in self.told[point].requests]

    def batches(self, point: str) -> list[str | None]:
        return [request.partition_key for request in self.told[point].requests]


@pytest.fixture(
    scope="module",
    params=[pytest.param("postgres", marks=pytest.mark.slow), pytest.param("sqlite", marks=pytest.mark.soak)],
)
def storage(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def story(instance: dg.DagsterInstance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Tell the story: two batches, the first training, a drifted batch, its correction, and trainings that fail."""
    folder = tmp_path_factory.mktemp("places")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(folder).items():
            patch.setenv(name, value)
        story = Story(Small(instance, small_model(), Settings.from_environment()))
        _tell(story, folder)
        yield story
    while mlflow.active_run() is not None:
        mlflow.end_run()


def _tell(story: Story, folder: Path) -> None:
    system, told, went_well = story.system, story.told, story.went_well
    system.watched.registry.prepare()
    files = simulate(folder / "deliveries", seed=1, batches=3, scale=SCALE)
    landing = system.watched.landing
    landing.mkdir(parents=True)

    told["empty landing"] = system.arrivals()
    told["nothing to train on"] = system.retraining()
    for file in files[:INITIAL_BATCHES]:
        file.rename(landing / file.name)
    told["two landed"] = system.arrivals()
    for request in told["two landed"].requests:
        went_well[f"batch {request.partition_key}"] = system.take_in(request)
    told["two taken in"] = system.arrivals()

    told["first training is due"] = system.retraining()
    told["still due"] = system.retraining()
    went_well["first training"] = system.train(told["first training is due"].requests[0])
    told["first training is done"] = system.retraining()

    files[2].rename(landing / files[2].name)
    told["third landed"] = system.arrivals()
    went_well["batch 3"] = system.take_in(told["third landed"].requests[0])
    told["third drifted"] = system.retraining()
    told["arrivals while a training is due"] = system.arrivals()
    for status in UNDER_WAY:
        told[f"a training is {status.value}"] = _tick_beside(system, told["third drifted"].requests[0], status)
    refusing = system.with_model(small_model(candidates=(dull_candidate(),)))
    went_well["refused training"] = refusing.train(told["third drifted"].requests[0])
    told["refused"] = system.retraining()
    told["refused, a tick later"] = system.retraining()

    third = landing / files[2].name
    third.write_bytes(b"".join(third.read_bytes().splitlines(keepends=True)[:-5]))
    told["third corrected"] = system.arrivals()
    went_well["batch 3 again"] = system.take_in(told["third corrected"].requests[0])
    told["the same file again"] = system.arrivals()
    told["correction drifted"] = system.retraining()
    failing = system.with_model(small_model(candidates=(spoilt_candidate(),)))
    went_well["first attempt"] = failing.train(told["correction drifted"].requests[0])
    told["one attempt failed"] = system.retraining()
    went_well["second attempt"] = failing.train(told["one attempt failed"].requests[0])
    told["all attempts failed"] = system.retraining()
    told["another declaration"] = system.with_model(small_model(seed=43)).retraining()
    went_well["by hand"] = system.train(dg.RunRequest(partition_key="3"))
    told["trained by hand"] = system.retraining()


def _tick_beside(system: Small, request: dg.RunRequest, status: dg.DagsterRunStatus) -> Tick:
    """Tick the retraining sensor while a run for its last request has a status, then forget that run."""
    job = system.component.keys.training_job
    origin = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("driftwatch_assets"), "__repository__")
    run = dg.DagsterRun(
        job_name=job,
        remote_job_origin=RemoteJobOrigin(origin, job),
        status=status,
        tags={**request.tags, "dagster/partition": request.partition_key or ""},
    )
    system.instance.add_run(run)
    said = system.retraining()
    system.instance.delete_run(run.run_id)
    return said


def test_an_empty_landing_folder_asks_for_nothing(story: Story) -> None:
    assert story.batches("empty landing") == []
    assert "nothing new among 0 landed batches" in story.told["empty landing"].note
    assert "needs 2 labelled batches; there are 0" in story.told["nothing to train on"].note


def test_arrivals_add_partitions_and_request_one_run_a_batch(story: Story) -> None:
    assert story.batches("two landed") == ["1", "2"]
    name = story.system.component.keys.partitions.name
    assert story.system.instance.get_dynamic_partitions(name) == ["1", "2", "3"]
    assert all(story.went_well[f"batch {batch}"] for batch in "123")


def test_a_batch_that_was_taken_in_is_not_requested_again(story: Story) -> None:
    assert story.batches("two taken in") == []
    assert story.batches("the same file again") == []


def test_the_first_training_is_requested_once(story: Story) -> None:
    assert story.batches("first training is due") == ["2"]
    assert story.keys("still due") == story.keys("first training is due"), "the run key keeps a daemon from two runs"
    assert story.went_well["first training"]
    assert story.batches("first training is done") == []


def test_failed_checks_request_one_training_for_all_of_them(story: Story) -> None:
    [request] = story.told["third drifted"].requests
    assert request.partition_key == "3"
    assert request.tags[records.ATTEMPT_TAG] == "1"


def test_a_batch_waits_while_a_training_is_due(story: Story) -> None:
    assert story.batches("arrivals while a training is due") == []


@pytest.mark.parametrize("status", UNDER_WAY, ids=lambda status: status.value)
def test_nothing_is_requested_while_a_training_is_under_way(story: Story, status: dg.DagsterRunStatus) -> None:
    said = story.told[f"a training is {status.value}"]
    assert said.requests == ()
    assert said.note == "a training through batch 3 is under way"


def test_a_refused_challenger_consumes_its_evidence(story: Story) -> None:
    assert story.went_well["refused training"]
    versions = story.system.watched.registry.history(MODEL)
    assert [(one.trained_through, one.gate_result) for one in versions[:2]] == [("2", "promoted"), ("3", "refused")]
    assert story.batches("refused") == story.batches("refused, a tick later") == []
    assert story.told["refused"].note == "no batch was judged since the training through batch 3"


def test_a_corrected_delivery_is_taken_in_and_is_new_evidence(story: Story) -> None:
    assert story.batches("third corrected") == ["3"]
    assert story.keys("third corrected") != story.keys("third landed")
    assert story.went_well["batch 3 again"]
    assert story.batches("correction drifted") == ["3"]
    assert story.keys("correction drifted") != story.keys("third drifted")


def test_a_failed_training_is_tried_again_under_another_key_and_then_given_up_loudly(story: Story) -> None:
    assert not story.went_well["first attempt"]
    [again] = story.told["one attempt failed"].requests
    assert again.tags[records.ATTEMPT_TAG] == str(ATTEMPTS)
    assert again.run_key not in story.keys("correction drifted")
    assert not story.went_well["second attempt"]
    assert story.batches("all attempts failed") == []
    assert "2 of 2 training runs failed: mend the cause and launch the partition 3" in (
        story.told["all attempts failed"].note
    )


def test_trainings_that_failed_say_nothing_of_another_declaration(story: Story) -> None:
    [request] = story.told["another declaration"].requests
    assert (request.partition_key, request.tags[records.ATTEMPT_TAG]) == ("3", "1")
    assert request.run_key not in {*story.keys("correction drifted"), *story.keys("one attempt failed")}


def test_failed_trainings_are_failed_in_mlflow(story: Story) -> None:
    client = mlflow.MlflowClient(story.system.settings.mlflow_tracking_uri)
    experiment = client.get_experiment_by_name(MODEL)
    statuses = [run.info.status for run in client.search_runs([experiment.experiment_id])]
    assert sorted(statuses) == ["FAILED"] * ATTEMPTS + ["FINISHED"] * 3


def test_a_training_that_a_person_launched_ends_the_giving_up(story: Story) -> None:
    assert story.went_well["by hand"]
    assert story.batches("trained by hand") == []
    assert story.told["trained by hand"].note == "no batch was judged since the training through batch 3"
