"""What is recorded is kept as it is, and recording it again changes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from driftwatch_assets.monitoring import BatchRow, Changes, FeatureRow, JobRow, MetricRow, Snapshot
from driftwatch_assets.monitoring.tables import Base
from driftwatch_assets_tests.monitoring.examples import DRIFT, LOW, version, whole

if TYPE_CHECKING:
    from driftwatch_assets.monitoring import Monitoring
    from driftwatch_assets_tests.monitoring.conftest import Clock

NOTHING = Changes()


def everything(store: Monitoring) -> dict[str, list[tuple[Any, ...]]]:
    """Read each table whole, also what the store does not give."""
    with store.database.reading("the test looks") as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(sa.select(table))), key=repr)
            for table in Base.metadata.sorted_tables
        }


def test_a_model_is_read_back_as_it_was_recorded(store: Monitoring) -> None:
    store.record("club", whole())
    found = store.read("club")
    assert found.rules is not None
    assert sorted(found.rules, key=lambda rule: rule.name) == sorted(whole().rules or (), key=lambda rule: rule.name)
    assert replace(found, rules=None) == replace(whole(), rules=None)


def test_recording_again_changes_nothing_not_even_when_it_was_recorded(store: Monitoring, clock: Clock) -> None:
    first = store.record("club", whole())
    before = everything(store)
    clock.pass_by(hours=1)
    assert first == Changes(inserted=2 + 2 + 3 + 2 + 5 + 2)
    assert store.record("club", whole()) == NOTHING
    assert everything(store) == before


def test_a_changed_value_says_when_it_changed_and_others_stay(store: Monitoring, clock: Clock) -> None:
    store.record("club", whole())
    then, later = clock.now, clock.pass_by(hours=1)
    row = MetricRow(batch="2026-02", name="psi", value=0.25)
    assert store.record_metrics("club", [row]) == Changes(updated=1)
    recorded = {(each[1], each[2]): each[4] for each in everything(store)["metrics"]}
    assert recorded == {("2026-01", "accuracy"): then, ("2026-02", "accuracy"): then, ("2026-02", "psi"): later}


def test_a_snapshot_takes_away_what_is_no_longer_true_and_leaves_what_it_says_nothing_of(store: Monitoring) -> None:
    store.record("club", whole())
    store.record("other", whole_of_other())
    smaller = Snapshot(batches=(whole().batches or ())[:1], metrics=(), rules=(LOW,))
    assert store.record("club", smaller) == Changes(deleted=1 + 3 + 4)
    found = store.read("club")
    assert (found.batches, found.metrics, found.rules) == (smaller.batches, (), (LOW,))
    assert (found.versions, found.feature_drift, found.jobs) == (
        whole().versions,
        whole().feature_drift,
        whole().jobs,
    )
    assert store.read("other") == whole_of_other()


def whole_of_other() -> Snapshot:
    """Give a model with the same names of batches; its runs are its own."""
    jobs = tuple(replace(job, run_id=f"other {job.run_id}") for job in whole().jobs or ())
    rules = tuple(sorted(whole().rules or (), key=lambda rule: rule.name))
    return replace(whole(), jobs=jobs, rules=rules)


def test_runs_that_the_orchestrator_has_forgotten_stay(store: Monitoring) -> None:
    store.record("club", whole())
    assert store.record("club", Snapshot(jobs=())) == NOTHING
    assert store.read("club").jobs == whole().jobs


def test_a_run_changes_from_started_to_ended(store: Monitoring) -> None:
    run = JobRow(run_id="c3", job="club_batch", purpose="batch", status="STARTED", started_at=datetime.now(UTC))
    ended = replace(run, status="SUCCESS", ended_at=datetime.now(UTC))
    assert store.record_jobs("club", [run]) == Changes(inserted=1)
    assert store.record_jobs("club", [ended]) == Changes(updated=1)
    assert store.read("club").jobs == (ended,)


def test_a_run_that_is_found_under_another_model_is_moved_not_doubled(store: Monitoring) -> None:
    run = JobRow(run_id="c3", job="both", purpose="batch", status="STARTED", started_at=datetime.now(UTC))
    store.record_jobs("club", [run])
    assert store.record_jobs("other", [run]) == Changes(updated=1)
    assert (store.read("club").jobs, store.read("other").jobs) == ((), (run,))


@pytest.mark.parametrize("unknown", [None, float("nan"), float("inf")])
def test_a_number_that_is_not_known_is_not_stored_and_no_longer_stored(
    store: Monitoring, unknown: float | None
) -> None:
    rows = [MetricRow(batch="1", name="auc", value=unknown), MetricRow(batch="1", name="accuracy", value=0.5)]
    assert store.record_metrics("club", rows) == Changes(inserted=1)
    store.record_metrics("club", [MetricRow(batch="1", name="auc", value=0.7)])
    assert store.record_metrics("club", rows) == Changes(deleted=1)
    assert store.record_metrics("club", rows) == NOTHING
    assert [row.name for row in store.read("club").metrics or ()] == ["accuracy"]


def test_the_last_of_two_rows_with_one_key_holds(store: Monitoring) -> None:
    rows = [MetricRow(batch="1", name="auc", value=value) for value in (0.7, None, 0.8)]
    assert store.record_metrics("club", rows) == Changes(inserted=1)
    assert (store.read("club").metrics or ())[0].value == 0.8


def test_numpy_scalars_are_stored_as_plain_numbers(store: Monitoring) -> None:
    batch = BatchRow(batch="1", position=np.int64(0), state="complete", rows=np.int64(7), drift_detected=np.True_)  # type: ignore[arg-type]
    store.record_batches("club", [batch])
    store.record_metrics("club", [MetricRow(batch="1", name="auc", value=np.float32(0.5))])  # type: ignore[arg-type]
    found = store.read("club")
    assert found.batches == (BatchRow(batch="1", position=0, state="complete", rows=7, drift_detected=True),)
    assert found.metrics == (MetricRow(batch="1", name="auc", value=0.5),)
    assert type((found.batches or ())[0].rows) is int


def test_a_moment_is_the_same_in_each_zone_and_read_back_in_utc(store: Monitoring) -> None:
    there = datetime(2026, 7, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    batch = BatchRow(batch="1", position=0, state="complete", period_start=there)
    store.record_batches("club", [batch])
    assert store.record_batches("club", [replace(batch, period_start=there.astimezone(UTC))]) == NOTHING
    stored = (store.read("club").batches or ())[0].period_start
    assert stored == there
    assert stored is not None
    assert stored.tzinfo is UTC


def test_a_time_without_a_zone_is_refused_and_nothing_is_stored(store: Monitoring) -> None:
    good = BatchRow(batch="1", position=0, state="complete")
    naive = BatchRow(batch="2", position=1, state="complete", period_start=datetime(2026, 7, 1))  # noqa: DTZ001 - the fault
    with pytest.raises(ValueError, match="no time zone"):
        store.record_batches("club", [good, naive])
    assert store.read("club").batches == ()


def test_a_value_that_no_table_has_stores_nothing_of_the_snapshot(store: Monitoring) -> None:
    wrong = version(3, gate_result="perhaps")
    with pytest.raises(sa.exc.IntegrityError):
        store.record("club", replace(whole(), jobs=None, versions=(version(1), wrong)))
    assert everything(store) == {table.name: [] for table in Base.metadata.sorted_tables}


def test_rules_that_are_no_longer_declared_are_taken_away(store: Monitoring) -> None:
    store.record_rules("club", [LOW, DRIFT])
    changed = LOW.model_copy(update={"threshold": 0.75, "enabled": False})
    assert store.record_rules("club", [changed]) == Changes(updated=1, deleted=1)
    assert store.read("club").rules == (changed,)


def test_a_forgotten_model_leaves_nothing_and_others_stay(store: Monitoring) -> None:
    store.record("club", whole())
    store.record("other", whole_of_other())
    store.forget("club")
    assert store.read("club") == Snapshot(versions=(), batches=(), metrics=(), feature_drift=(), rules=(), jobs=())
    assert store.read("other") == whole_of_other()


def test_many_rows_are_compared_and_deleted_in_parts(store: Monitoring) -> None:
    rows = tuple(FeatureRow(batch=str(n % 7), feature=f"f{n}", effect=n / 7, drifted=bool(n % 2)) for n in range(1203))
    assert store.record_feature_drift("club", rows) == Changes(inserted=1203)
    assert store.record_feature_drift("club", rows) == NOTHING
    assert store.record("club", Snapshot(feature_drift=rows[:1])) == Changes(deleted=1202)


TEXT = st.text(max_size=8)
NAMES = st.text("abc\x00\udcff é%'\"", min_size=1, max_size=3)
NUMBERS = st.none() | st.floats()
METRICS = st.lists(st.builds(MetricRow, batch=NAMES, name=NAMES, value=NUMBERS), max_size=6)
FEATURES = st.lists(
    st.builds(FeatureRow, batch=NAMES, feature=NAMES, effect=NUMBERS, psi=NUMBERS, drifted=st.none() | st.booleans()),
    max_size=6,
)
BATCHES = st.lists(
    st.builds(
        BatchRow,
        batch=NAMES,
        position=st.integers(0, 2**31 - 1),
        state=TEXT,
        headline=TEXT,
        period_start=st.none() | st.datetimes(timezones=st.just(UTC)),
    ),
    max_size=6,
)
JOBS = st.lists(
    st.builds(JobRow, run_id=NAMES, job=TEXT, purpose=TEXT, status=TEXT, error=st.none() | TEXT), max_size=4
)
SNAPSHOTS = st.builds(
    Snapshot,
    batches=BATCHES.map(tuple),
    metrics=METRICS.map(tuple),
    feature_drift=FEATURES.map(tuple),
    jobs=JOBS.map(tuple),
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(first=SNAPSHOTS, second=SNAPSHOTS)
def test_a_second_record_changes_nothing_whatever_was_there(
    store: Monitoring, clock: Clock, first: Snapshot, second: Snapshot
) -> None:
    store.record("club", first)
    store.record("club", second)
    before = everything(store)
    clock.pass_by(minutes=1)
    assert store.record("club", second) == NOTHING
    assert store.record_metrics("club", second.metrics or ()) == NOTHING
    assert everything(store) == before
    store.forget("club")
