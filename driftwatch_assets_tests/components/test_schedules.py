"""What the schedules ask for where the sensors are off: what has arrived, what labels tell, and what can be trained."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from driftwatch_assets import steps
from driftwatch_assets.components import records
from driftwatch_assets.defs.gas_sensors.simulate import simulate
from driftwatch_assets.settings import Settings
from driftwatch_assets_tests.components.club.declared import Club, model, settings
from driftwatch_assets_tests.components.small import Small, environment, small_model
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = DAGSTERS_OWN_WARNINGS

CLOCK = {"inference": "0 6 2 * *", "monitoring": "0 7 2 * *", "training": "0 8 2 * *"}
MOMENT = dt.datetime(2024, 9, 2, 6, tzinfo=dt.UTC)
JANUARY, FEBRUARY, MARCH, APRIL = (f"2024-{month:02}" for month in range(1, 5))


@pytest.fixture
def club(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Club]:
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        yield Club(instance, model(schedules=CLOCK), settings(tmp_path))


def tick(small: Small, what: str) -> tuple[list[dg.RunRequest], str]:
    repository = small.daemon.definitions.get_repository_def()
    schedule = repository.get_schedule_def(f"{small.component.keys.model}_{what}_schedule")
    with dg.build_schedule_context(
        instance=small.instance,
        repository_def=repository,
        scheduled_execution_time=MOMENT,
        resources={"places": small.places},
    ) as context:
        ticked = schedule.evaluate_tick(context)
    return list(ticked.run_requests or ()), ticked.skip_message or ""


def asked(small: Small, what: str) -> list[str | None]:
    return [request.partition_key for request in tick(small, what)[0]]


def take(club: Club, *months: str) -> None:
    """Make all of a batch without a run, from bronze to performance."""
    club.watched.registry.prepare()
    for month in months:
        for step in (steps.ingest, steps.clean):
            for outcome in step(club.watched, month).values():
                assert outcome.refused is None, outcome.refused
        for work in (steps.make_features, steps.score, steps.watch_drift, steps.perform):
            assert work(club.watched, month).refused is None


class TestInference:
    @pytest.mark.slow
    def test_takes_in_what_has_arrived_until_all_is_taken_in(self, club: Club) -> None:
        club.deliver(4)
        told = []
        for _ in range(4):
            requests, note = tick(club, "inference")
            told.append([request.partition_key for request in requests])
            for request in requests:
                assert not club.ran(club.component.keys.batch_job, request)
        assert told == [[JANUARY, FEBRUARY], [MARCH], [APRIL], []], "no sensor trains, and none is waited for"
        assert note == "nothing new among 4 landed batches"

    def test_asks_for_the_very_runs_that_the_sensor_asks_for_and_for_none_of_them_again(self, club: Club) -> None:
        club.deliver(2)
        by_clock, by_sensor = tick(club, "inference")[0], club.arrivals().requests
        assert [request.run_key for request in by_clock] == [request.run_key for request in by_sensor]
        job = club.daemon.definitions.resolve_job_def(club.component.keys.batch_job)
        for request in by_sensor:
            run = club.instance.create_run_for_job(job, tags=request.tags)
            assert run.status in records.UNDER_WAY
        assert asked(club, "inference") == []

    @pytest.mark.slow
    def test_waits_for_a_training_that_runs(self, club: Club) -> None:
        club.deliver(3)
        for request in tick(club, "inference")[0]:
            assert not club.ran(club.component.keys.batch_job, request)
        training = club.daemon.definitions.resolve_job_def(club.component.keys.training_job)
        club.instance.create_run_for_job(training)
        assert tick(club, "inference") == (
            [],
            f"taken in: none; waiting, since a training is due or under way: {MARCH}",
        )

    def test_adds_the_partitions_of_the_files_that_it_asks_for(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name, value in environment(tmp_path).items():
            monkeypatch.setenv(name, value)
        shipped = small_model()
        schedules = shipped.declaration.schedules.model_copy(update={"inference": "0 6 * * *"})
        component = replace(shipped, declaration=shipped.declaration.model_copy(update={"schedules": schedules}))
        with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
            small = Small(instance, component, Settings.from_environment(environment(tmp_path)))
            simulate(small.watched.landing, seed=1, scale=0.1)
            assert asked(small, "inference") == ["1", "2"]
            assert instance.get_dynamic_partitions("gas_sensors_batch") == ["1", "2"]


class TestMonitoring:
    def test_judges_the_newest_batch_whose_labels_are_known_and_not_the_newest(self, club: Club) -> None:
        club.deliver(4)
        take(club, JANUARY, FEBRUARY, MARCH)
        (request,) = tick(club, "monitoring")[0]
        assert request.partition_key == JANUARY
        assert request.run_key == f"club_monitoring_schedule/2024-09-02T06:00/{JANUARY}"
        assert not club.ran("club_monitoring", request)
        assert steps.due_labels(club.watched) == []
        assert asked(club, "monitoring") == [JANUARY]

    def test_judges_also_those_whose_labels_have_become_known_since(self, club: Club) -> None:
        club.deliver(4)
        take(club, JANUARY, FEBRUARY, MARCH, APRIL)
        assert asked(club, "monitoring") == [JANUARY, FEBRUARY]

    def test_says_that_no_label_is_known(self, club: Club) -> None:
        club.deliver(2)
        take(club, JANUARY, FEBRUARY)
        assert tick(club, "monitoring") == (
            [],
            "no stored batch of club has a row whose label is known: there is no performance",
        )


class TestTraining:
    def test_goes_through_the_newest_batch(self, club: Club) -> None:
        club.deliver(3)
        take(club, JANUARY, FEBRUARY, MARCH)
        assert asked(club, "training") == [MARCH]

    def test_is_skipped_where_the_newest_labels_that_are_known_are_of_no_row(self, club: Club) -> None:
        club.deliver(4)
        take(club, JANUARY, APRIL)
        requests, told = tick(club, "training")
        assert requests == []
        assert told.startswith(
            f"club, trained through batch {APRIL}: cannot train through batch {APRIL}: batch {FEBRUARY}, the newest "
            f"one whose labels could be known by then, has no row with a value in 'outcome'"
        )

    def test_is_skipped_where_no_label_is_known_yet(self, club: Club) -> None:
        club.deliver(2)
        take(club, JANUARY, FEBRUARY)
        requests, told = tick(club, "training")
        assert requests == []
        assert "labelled batches before it: none" in told
