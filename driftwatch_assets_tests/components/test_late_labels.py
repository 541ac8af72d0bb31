"""A model of monthly windows and late labels: its three sensors, told as one story on each storage."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
import mlflow
import pandas as pd
import pytest

from driftwatch_assets.components import records
from driftwatch_assets.steps import counts_at, with_labels
from driftwatch_assets_tests.components.club.declared import Club, model, settings
from driftwatch_assets_tests.components.club.deliveries import MAIL, SURNAME, tables, text
from driftwatch_assets_tests.components.small import environment
from driftwatch_assets_tests.components.traces import traces
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from driftwatch_assets.components import MonitoredModel
    from driftwatch_assets.components.ticks import Tick

pytestmark = DAGSTERS_OWN_WARNINGS

TURNED = 4
QUICK = {"initial_batches": 1}
UNDER_WAY = (dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED)


@dataclass
class Story:
    """What the sensors said, what ran and what was stored at each point of the story."""

    club: Club
    told: dict[str, Tick] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    materialized: dict[str, set[str]] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    written: dict[str, dict[str, int]] = field(default_factory=dict)
    outcomes_before: pd.DataFrame = field(default_factory=pd.DataFrame)

    def batches(self, point: str) -> list[str | None]:
        return [request.partition_key for request in self.told[point].requests]

    def tick(self, point: str, kind: str) -> None:
        self.told[point] = {
            "arrivals": self.club.arrivals,
            "labels": self.club.labels,
            "training": self.club.retraining,
        }[kind]()

    def run(self, point: str, club: Club | None = None) -> None:
        """Run what the sensor asked for at a point."""
        keys = self.club.component.keys
        jobs = {"arrival": keys.batch_job, "labels": keys.labels_job, "training": keys.training_job}
        for request in self.told[point].requests:
            job = jobs[request.tags[records.PURPOSE_TAG]]
            self.failed[f"{point}: {request.partition_key}"] = (club or self.club).ran(job, request)

    def go(self, point: str, kind: str) -> None:
        self.tick(point, kind)
        self.run(point)

    def parquet(self) -> dict[str, int]:
        """Give when each table of the lake was written, besides the outcomes, which are part of performance."""
        lake = Path(self.club.watched.lake.url)
        written = {str(path.relative_to(lake)): path.stat().st_mtime_ns for path in lake.rglob("*.parquet")}
        return {name: at for name, at in written.items() if not name.startswith("club/outcomes/")}

    def outcomes(self, batch: str) -> pd.DataFrame:
        watched = self.club.watched
        return watched.lake.read(watched.tables.outcomes, batch)

    def page(self, batch: str) -> str:
        watched = self.club.watched
        return watched.lake.read_file(watched.tables.page(batch)).decode()

    def runs(self, purpose: str) -> list[dg.DagsterRun]:
        tags = {records.MODEL_TAG: "club", records.PURPOSE_TAG: purpose}
        return list(self.club.instance.get_runs(filters=dg.RunsFilter(tags=tags)))


@pytest.fixture(
    scope="module",
    params=[pytest.param("postgres", marks=pytest.mark.slow), pytest.param("sqlite", marks=pytest.mark.soak)],
)
def storage(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def story(instance: dg.DagsterInstance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("places")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(folder).items():
            patch.setenv(name, value)
        club = Club(instance, model(QUICK), settings(folder))
        club.watched.registry.prepare()
        club.watched.landing.mkdir(parents=True)
        story = Story(club)
        _tell(story)
        yield story
    while mlflow.active_run() is not None:
        mlflow.end_run()


def _tell(story: Story) -> None:
    """Tell the story: labels come two months late, their measuring fails twice, and in April the members turn."""
    _tell_of_labels(story)
    _tell_of_trainings(story)


def _tell_of_labels(story: Story) -> None:
    club = story.club
    story.tick("nothing there", "arrivals")
    club.put("members.csv", text("members", tables(3)["members"]))
    story.tick("one file there", "arrivals")
    club.deliver(3)
    for month in ("January", "February", "March"):
        story.tick(f"no label known before {month}", "labels")
        story.tick(f"no training before {month}", "training")
        story.go(month, "arrivals")
    story.tick("all taken in", "arrivals")
    club.deliver(4, turned_from=TURNED)
    story.tick("arrivals while labels are due", "arrivals")
    story.tick("training while labels are due", "training")
    for status in UNDER_WAY:
        story.told[f"labels beside {status.value}"] = _labels_beside(club, status)

    spoilt = Club(club.instance, _without_labels(club.component), club.settings)
    for attempt in ("first", "second"):
        story.tick(f"{attempt} attempt", "labels")
        story.run(f"{attempt} attempt", spoilt)
    story.tick("given up", "labels")
    story.tick("arrivals after giving up", "arrivals")
    story.written["January before"] = story.parquet()
    by_hand = dg.RunRequest(partition_key="2024-01")
    story.failed["January by hand"] = club.ran(club.component.keys.labels_job, by_hand)
    story.written["January after"] = story.parquet()
    story.tick("nothing is due", "labels")
    story.go("first training", "training")


def _tell_of_trainings(story: Story) -> None:
    story.go("April", "arrivals")
    story.tick("April before the labels of February", "training")
    story.go("labels of February", "labels")
    [run, *_] = story.runs("labels")
    story.materialized["labels of February"] = _materialized(story.club.instance, run.run_id)
    story.go("April turned", "training")
    story.tick("April is consumed", "training")
    story.club = Club(story.club.instance, model({"retraining.cool_down": 1, **QUICK}), story.club.settings)
    story.club.deliver(6, turned_from=TURNED)
    story.go("May", "arrivals")
    story.go("labels of March", "labels")
    story.tick("cooling down", "training")
    story.go("June", "arrivals")
    story.pages["April before"] = story.page("2024-04")
    story.outcomes_before = story.outcomes("2024-04")
    story.tick("June before the labels of April", "training")
    story.go("labels of April", "labels")
    story.pages["April after"] = story.page("2024-04")
    story.tick("June with the labels of April", "training")

    delivered = tables(6, turned_from=TURNED)["visits"]
    place = next(at for at, line in enumerate(delivered) if line.startswith("m02003,2024-03"))
    corrected = [*delivered[:place], "m02003,2024-03-28,31,", *delivered[place + 1 :]]
    story.club.put("visits.csv", text("visits", corrected))
    story.tick("March corrected", "arrivals")
    story.club.put("visits.csv", text("visits", delivered))
    story.tick("March as before", "arrivals")


def _materialized(instance: dg.DagsterInstance, run_id: str) -> set[str]:
    events = (entry.dagster_event for entry in instance.all_logs(run_id))
    return {
        event.asset_key.to_user_string()
        for event in events
        if event is not None and event.is_step_materialization and event.asset_key is not None
    }


def _without_labels(component: MonitoredModel) -> MonitoredModel:
    def labels(_: object) -> None:
        raise RuntimeError("the club's books are closed")

    return replace(component, transforms=replace(component.transforms, labels=labels))


def _labels_beside(club: Club, status: dg.DagsterRunStatus) -> Tick:
    """Tick the labels sensor while a run that a person launched has a status, then forget that run."""
    run = dg.DagsterRun(
        job_name=club.component.keys.training_job,
        status=status,
        tags={records.MODEL_TAG: "club", "dagster/partition": "2024-02"},
    )
    club.instance.add_run(run)
    said = club.labels()
    club.instance.delete_run(run.run_id)
    return said


def test_everything_that_should_run_ran(story: Story) -> None:
    assert {point: why for point, why in story.failed.items() if why and "attempt" not in point} == {}


def test_what_is_missing_is_told_and_nothing_is_asked_for(story: Story) -> None:
    assert story.batches("nothing there") == story.batches("one file there") == []
    assert "members.csv, visits.csv: not there" in story.told["nothing there"].note
    assert "visits.csv: not there" in story.told["one file there"].note
    assert "members.csv" not in story.told["one file there"].note


def test_windows_are_taken_in_their_order_and_once(story: Story) -> None:
    months = ("January", "February", "March", "April", "May", "June")
    assert [story.batches(month) for month in months] == [[f"2024-{month:02}"] for month in range(1, 7)]
    assert story.batches("all taken in") == []


def test_labels_are_due_when_the_month_that_tells_them_is_stored(story: Story) -> None:
    for month in ("January", "February", "March"):
        assert story.told[f"no label known before {month}"].note == "no labels have become known"
    assert story.batches("first attempt") == ["2024-01"]
    assert story.batches("labels of February") == ["2024-02"]
    assert story.told["nothing is due"].note == "no labels have become known"


def test_nothing_arrives_and_nothing_is_trained_while_labels_are_due(story: Story) -> None:
    assert story.batches("arrivals while labels are due") == []
    assert story.batches("training while labels are due") == []


@pytest.mark.parametrize("status", UNDER_WAY, ids=lambda status: status.value)
def test_labels_wait_for_whatever_is_under_way_also_for_what_a_person_launched(
    story: Story, status: dg.DagsterRunStatus
) -> None:
    said = story.told[f"labels beside {status.value}"]
    assert said.requests == ()
    assert said.note == "batch 2024-02 is under way"


def test_known_labels_materialize_performance_and_nothing_else(story: Story) -> None:
    assert story.materialized["labels of February"] == {"club/performance"}
    assert story.written["January after"] == story.written["January before"]


def test_predictions_stand_beside_their_labels_once_these_are_known(story: Story) -> None:
    watched = story.club.watched
    said = watched.lake.read(watched.tables.predictions, "2024-04")
    before, after = story.outcomes_before, story.outcomes("2024-04")
    beside = ["member", "joined", "predicted", "score_left", "champion_trained_through"]
    assert len(said) > 0
    for outcomes in (before, after):
        pd.testing.assert_frame_equal(outcomes[beside], said[beside])
    assert before["outcome"].isna().all()
    assert before["label_known_with"].isna().all()
    told = with_labels(watched, "2024-04").gold.set_index("member")["outcome"]
    assert after["outcome"].notna().any()
    assert after["outcome"].tolist() == told[after["member"]].tolist()
    assert set(after["label_known_with"][after["outcome"].notna()]) == {"2024-06"}


def test_a_month_that_nobody_scored_has_no_outcome(story: Story) -> None:
    outcomes = story.outcomes("2024-01")
    assert outcomes.empty
    assert {"member", "joined", "predicted", "outcome"} <= set(outcomes)


def test_the_page_is_drawn_again_with_what_the_labels_tell(story: Story) -> None:
    awaited = "become known 2 batches later"
    assert awaited in story.pages["April before"]
    assert awaited not in story.pages["April after"]
    assert "AUC" in story.pages["April after"]


def test_labels_that_cannot_be_measured_are_given_up_loudly_and_hold_up_nothing(story: Story) -> None:
    [first], [second] = story.told["first attempt"].requests, story.told["second attempt"].requests
    assert first.partition_key == second.partition_key == "2024-01"
    assert first.run_key != second.run_key
    assert "the club's books are closed" in story.failed["first attempt: 2024-01"]
    assert story.batches("given up") == []
    assert story.told["given up"].note == (
        "performance of batch 2024-01 failed 2 times: mend the cause, then run `driftwatch retry club 2024-01`"
    )
    assert story.batches("arrivals after giving up") == ["2024-04"]


def test_no_training_before_labels(story: Story) -> None:
    for month in ("January", "February", "March"):
        said = story.told[f"no training before {month}"].note
        assert said == "the first training needs 1 labelled batches; there are 0"
    assert story.batches("first training") == ["2024-03"]


def test_a_training_knows_the_labels_that_were_known_then(story: Story) -> None:
    registry = story.club.watched.registry
    windows = {one.trained_through: registry.load(one).window for one in registry.history("club")}
    assert windows == {"2024-03": ("2024-01",), "2024-04": ("2024-01", "2024-02")}


def test_the_rule_fires_on_what_is_known_without_labels_and_is_consumed_once(story: Story) -> None:
    assert story.batches("April before the labels of February") == [], "what these tell is awaited"
    assert story.batches("April turned") == ["2024-04"]
    assert story.told["April is consumed"].note == "no batch was judged since the training through batch 2024-04"
    assert "cool-down" in story.told["cooling down"].note


def test_performance_of_a_month_counts_when_its_labels_are_known(story: Story) -> None:
    assert "cool-down" in story.told["June before the labels of April"].note
    assert story.batches("June with the labels of April") == ["2024-06"]
    failed = {
        (verdict.check, verdict.batch)
        for verdict in records.check_verdicts(story.club.instance, story.club.component.check_keys)
        if verdict.status == "failed"
    }
    assert ("performance", "2024-04") in failed
    assert ("performance", "2024-06") not in failed
    watched = story.club.watched
    assert counts_at(watched, "2024-04", "performance") == ("2024-06",)
    assert counts_at(watched, "2024-04", "governance") == ("2024-04", "2024-06"), "by PSI at once, by AUC with labels"
    assert counts_at(watched, "2024-05", "governance") == ("2024-05",)
    assert counts_at(watched, "2024-02", "governance") == ()


def test_only_the_months_whose_rows_changed_are_taken_in_again(story: Story) -> None:
    assert (
        story.told["March corrected"].note == "taken in: none; waiting, since a training is due or under way: 2024-03"
    )
    assert story.told["March as before"].note == "nothing new among 6 landed batches"


def test_every_check_that_was_planned_was_made(story: Story) -> None:
    verdicts = records.check_verdicts(story.club.instance, story.club.component.check_keys)
    assert {verdict.status for verdict in verdicts} == {"passed", "failed"}
    assert {verdict.batch for verdict in verdicts} == {f"2024-{month:02}" for month in range(1, 7)}


def test_nothing_but_bronze_has_a_personal_value(story: Story) -> None:
    """Nor silver, quarantine, gold, predictions, evidence, pages, MLflow, Dagster's storage and logs."""
    root, home = story.club.settings.landing.parent, Path(story.club.instance.root_directory)
    bronze = root / "lake" / "club" / "bronze"
    texts = (SURNAME, MAIL)
    assert traces(root / "lake", texts), "the search finds them where they are"
    assert traces(root, texts, but=[story.club.settings.landing, bronze]) == []
    assert traces(home, texts) == []
