"""What the governance rule is told of a batch."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from driftwatch_assets.results import (
    ColumnsDrift,
    ColumnStatistics,
    CorrelationDrift,
    DataDrift,
    DriftResult,
    Governance,
    RelationStatistics,
    RulePart,
    WholeTableDrift,
)
from driftwatch_assets.retraining import MEASURED, RetrainingPolicy
from driftwatch_assets.steps.evidence import write_result
from driftwatch_assets.steps.governance import govern
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS, House

if TYPE_CHECKING:
    from pathlib import Path

    from driftwatch_assets.steps import Watched

pytestmark = DAGSTERS_OWN_WARNINGS
JUDGED: dict[str, Any] = {"drift_detected": True, "severity": "low", "drifted_features": (), "reason": ""}


def relations(*changes: float | None) -> CorrelationDrift:
    rows = tuple(RelationStatistics(feature=f"x{at}", change=change) for at, change in enumerate(changes))
    return CorrelationDrift(**JUDGED, statistics=rows)


SCORE = ColumnStatistics(feature="score", kind="numeric", psi=0.3, wasserstein_scaled=0.4)
DRIFT = DriftResult(
    batch="7",
    rows=120,
    labelled_rows=100,
    gold_fingerprint="",
    identity="",
    data_drift=DataDrift(**JUDGED, share_drifted=0.25),
    prediction_drift=ColumnsDrift(**JUDGED, statistics=(SCORE,)),
    whole_table_drift=WholeTableDrift(**JUDGED, auc=0.9, auc_low=0.8, auc_high=1.0, pvalue=0.0),
    correlation_drift=relations(0.2, None, 0.6),
)
OF_DRIFT = {
    "rows": 120,
    "labelled_rows": 100,
    "drifted_share": 0.25,
    "psi": 0.3,
    "wasserstein_scaled": 0.4,
    "whole_table_auc": 0.9,
    "correlation_change": 0.6,
}


def ruled(folder: Path, rule: str) -> Watched:
    watched = House(folder).watched
    policy = RetrainingPolicy(triggers=("governance",), rule=rule)  # type: ignore[arg-type]  # as YAML gives it
    watched = replace(watched, declaration=watched.declaration.model_copy(update={"retraining": policy}))
    write_result(watched, "7", "drift", DRIFT)
    return watched


def governed(watched: Watched, measured: dict[str, float | None], *rest: Any) -> Governance:
    found = govern(watched, "7", measured, *rest)
    assert found is not None
    return found[0]


@pytest.mark.parametrize(("name", "value"), OF_DRIFT.items())
def test_a_rule_knows_every_metric_of_the_drift(tmp_path: Path, name: str, value: float) -> None:
    told = governed(ruled(tmp_path, f"{name} == {value}"), {})
    assert told.fires is True
    assert told.parts == (RulePart(text=f"{name} == {value}", value=value, fires=True),)


def test_every_metric_that_all_tasks_have_is_one_of_these() -> None:
    assert frozenset.intersection(*MEASURED.values()) <= OF_DRIFT.keys()


def test_relations_that_were_judged_with_late_labels_come_before_those_of_the_drift(tmp_path: Path) -> None:
    told = governed(ruled(tmp_path, "correlation_change > 0.5"), {}, relations(0.1))
    assert told.fires is False


def test_what_is_not_known_yet_decides_nothing(tmp_path: Path) -> None:
    told = governed(ruled(tmp_path, "accuracy < 0.7"), {})
    assert told.fires is None
