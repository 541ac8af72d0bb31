"""Where every model stands, at one moment."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from driftwatch_assets.alerting import spans
from driftwatch_assets.monitoring import ModelOverview, Snapshot
from driftwatch_assets_tests.monitoring.examples import DRIFT, LOW, version, whole

if TYPE_CHECKING:
    from driftwatch_assets.monitoring import Monitoring
    from driftwatch_assets_tests.monitoring.conftest import Clock


def test_an_empty_database_has_no_models(store: Monitoring) -> None:
    found = store.overview()
    assert (found.models, found.outbox_pending, found.outbox_oldest) == ({}, 0, None)


def test_a_model_stands_where_its_newest_batch_in_batch_order_is(store: Monitoring) -> None:
    store.record("club", whole())
    found = store.overview().models["club"]
    batches = whole().batches or ()
    assert (found.batches, found.latest) == (2, batches[1])
    assert found.metrics == {"accuracy": 0.1 + 0.2, "psi": 5e-324}
    assert found.previous_metrics == {"accuracy": 0.9}
    assert (found.versions, found.promoted) == (2, 2)
    assert found.champion == (whole().versions or ())[1]
    assert found.latest_job == (whole().jobs or ())[1]
    swapped = (replace(batches[0], position=1), replace(batches[1], position=0))
    store.record_batches("club", swapped)
    assert store.overview().models["club"].latest == swapped[0]


def test_a_refused_challenger_is_counted_as_a_training_and_not_as_a_promotion(store: Monitoring) -> None:
    store.record_versions("club", [version(1, is_champion=True), version(2, gate_result="refused")])
    found = store.overview().models["club"]
    assert (found.versions, found.promoted) == (2, 1)
    assert found.champion is not None
    assert found.champion.version == 1


def test_unresolved_alerts_come_the_most_severe_and_oldest_first(store: Monitoring, clock: Clock) -> None:
    urgent = DRIFT.model_copy(update={"name": "psi_very_high", "severity": "critical"})
    for rule, batch in ((DRIFT, "1"), (LOW, "1"), (urgent, "2")):
        value = 0.5
        store.apply_alerts("club", {rule: spans(rule, [(batch, value, None)])}, channels=["mail"])
        clock.pass_by(minutes=1)
    store.acknowledge(store.alerts()[-1].id, "someone")
    resolved = spans(LOW, [("1", 0.5, None), ("2", 0.9, None)])
    store.apply_alerts("club", {LOW: resolved})
    found = store.overview()
    assert [alert.rule for alert in found.models["club"].alerts] == ["psi_very_high", "psi_high"]
    assert found.outbox_pending == 3
    assert found.outbox_oldest is not None
    assert (clock.now - found.outbox_oldest).total_seconds() == 180


def test_a_model_of_which_only_rules_are_known_is_there(store: Monitoring) -> None:
    store.record("new", Snapshot(rules=(LOW,)))
    assert store.overview().models == {"new": ModelOverview(model="new")}
