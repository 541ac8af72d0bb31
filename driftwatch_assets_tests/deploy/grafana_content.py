"""What the dashboards' databases hold in the tests: five models and a sixth, recorded by the project's own code."""

from __future__ import annotations

import datetime as dt
import time
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
from mlflow.entities import Metric, Param

from driftwatch_assets.alerting import AlertRule, EndedRun, RunRule, run_spans, spans
from driftwatch_assets.declaration import Declaration
from driftwatch_assets.monitoring import (
    BatchRow,
    FeatureRow,
    JobRow,
    MetricRow,
    Snapshot,
    VersionRow,
)
from driftwatch_assets.registry import ModelRegistry
from driftwatch_assets.registry.evidence import metrics, parameters
from driftwatch_assets.retraining import MEASURED, RECORDED
from driftwatch_assets.sources import Files, windows_between
from driftwatch_assets.training import train
from driftwatch_assets_tests.training.applications import (
    CRASH_FEATURES,
    CRASHES,
    LOAN_FEATURES,
    LOANS,
    crash_batches,
    crash_declaration,
    loan_batches,
    loan_declaration,
)
from driftwatch_assets_tests.training.drifting import FEATURES, TASK, declaration, drifting_batches

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from driftwatch_assets.monitoring import Monitoring
    from driftwatch_assets.training import TrainingOutcome

SIXTH = Declaration.model_validate(
    {
        "name": "a_model_of_a_user_with_quite_a_long_name",
        "title": "A user's own",
        "task": {"id": "row", "label": "kind", "classes": ["ash", "beech", "cedar"]},
        "source": {
            "pattern": "batch(?P<batch>[0-9]+)\\.csv",
            "table": "rows",
            "reader": {"format": "csv", "columns": ["row", "kind"]},
        },
        "training": {"candidates": [{"name": "one", "estimator": "sklearn.svm.SVC"}]},
        "alerts": {
            "rules": [
                {"name": "accuracy_low", "metric": "accuracy", "condition": "<", "threshold": 0.7, "severity": "high"}
            ]
        },
    }
)
"""A model as a user would declare it: batches are files, and a rule watches them."""

_BATCHES = 8
_DAY = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
_CHANNELS = ("mail", "slack")


def record_model(store: Monitoring, declared: Declaration) -> None:
    """Record a model with every kind of row: drift, a retraining refused, a failed run, an alert of each state."""
    generator = np.random.default_rng(5)
    keys = batch_keys(declared)
    metric = declared.training.metric_for(declared.task)
    values = {name: 0.9 - 0.05 * generator.random(len(keys)) for name in MEASURED[declared.task.kind] | RECORDED.keys()}
    values["value"][-3:] = 0.5
    rule = AlertRule(name="value_low", metric="value", condition="<", threshold=0.7, severity="high")
    seen = AlertRule(name="rows_few", metric="rows", condition="<", threshold=10_000, severity="low")
    past = AlertRule(name="psi_high", metric="psi", condition=">", threshold=0.87, severity="medium")
    runs = RunRule()
    declared_rules = [one for one in declared.alerts.rules if one.name not in {"value_low", "rows_few", "psi_high"}]
    values["psi"][:] = [0.1, 0.9, *[0.1] * (len(keys) - 2)]
    store.record(
        declared.name,
        Snapshot(
            versions=_versions(keys, metric),
            batches=tuple(
                BatchRow(
                    batch=key,
                    position=at,
                    period_start=start,
                    state="measured",
                    rows=100 + at,
                    quarantined=at % 3,
                    champion_version=None if at < 3 else 1,
                    drift_detected=None if at < 3 else at % 2 == 0,
                    drift_severity="high" if at >= 3 and at % 2 == 0 else None,
                    headline=f"Batch {key}: what a person should know of it",
                    report_url=f"http://127.0.0.1:3070/{declared.name}/reports/{key}.html",
                )
                for at, (key, start) in enumerate(keys.items())
            ),
            metrics=tuple(
                MetricRow(batch=key, name=name, value=float(numbers[at]))
                for name, numbers in values.items()
                for at, key in enumerate(keys)
            ),
            feature_drift=tuple(
                FeatureRow(batch=key, feature=f"feature_{at}", effect=_effect(generator, at), psi=0.1, drifted=at < 5)
                for key in list(keys)[3:]
                for at in range(40)
            ),
            rules=(rule, seen, past, runs, *declared_rules),
            jobs=_jobs(declared.name, list(keys)),
        ),
    )
    told = {
        one: spans(one, [(key, float(values[one.metric][at]), "run-1") for at, key in enumerate(keys)])
        for one in (rule, seen, past)
    }
    ended = [EndedRun(run_id=f"{declared.name}-2", job="watch", batch=list(keys)[2], failed=True, ended_at=_DAY)]
    store.apply_alerts(declared.name, {**told, runs: run_spans(ended)}, channels=_CHANNELS)
    few = next(one for one in store.alerts("open", declared.name) if one.rule == "rows_few")
    store.acknowledge(few.id, "someone@example.org")


def _effect(generator: np.random.Generator, at: int) -> float:
    return float("inf") if at == 0 else float(generator.random() * (40 - at) / 40)


def batch_keys(declared: Declaration) -> dict[str, dt.datetime | None]:
    """Give batches as the declared source would: numbers, or the first windows and the last one of its span."""
    source = declared.source
    if isinstance(source, Files):
        return {str(at): None for at in range(1, _BATCHES + 1)}
    last = source.end or dt.datetime.now(dt.UTC).date()
    windows = [*windows_between(source.every, *(dt.datetime.combine(day, dt.time()) for day in (source.start, last)))]
    kept = [*windows[: _BATCHES - 1], windows[-1]] if len(windows) >= _BATCHES else windows
    return {window.key: window.start.replace(tzinfo=dt.UTC) for window in kept}


def _versions(keys: Mapping[str, Any], metric: str) -> tuple[VersionRow, ...]:
    through = list(keys)
    return tuple(
        VersionRow(
            version=at + 1,
            trained_through=through[2 + at],
            candidate="forest",
            gate_result="refused" if at == 1 else "promoted",
            is_champion=at == 2,
            metric=metric,
            score=0.9,
            score_low=0.85,
            score_high=0.95,
            champion_compared=at or None,
            reason="it does not beat the champion" if at == 1 else "it beats the champion",
            fingerprint=f"f{at}",
            mlflow_run_id=f"r{at}",
        )
        for at in range(3)
    )


def _jobs(model: str, batches: list[str]) -> tuple[JobRow, ...]:
    ends = ["SUCCESS", "SUCCESS", "FAILURE", "CANCELED", "STARTED"]
    return tuple(
        JobRow(
            run_id=f"{model}-{at}",
            job="watch",
            purpose="arrival" if at else "training",
            status=status,
            batch=batches[at],
            started_at=_DAY + dt.timedelta(minutes=10 * at),
            ended_at=None if status == "STARTED" else _DAY + dt.timedelta(minutes=10 * at + 2),
            error="the file could not be read" if status == "FAILURE" else None,
        )
        for at, status in enumerate(ends)
    )


def track_model(tracking_uri: str, artifacts: str, declared: Declaration) -> None:
    """Log two trainings, a failed run and one under way in the model's experiment, under the project's own names."""
    registry = ModelRegistry(tracking_uri, declared.name, artifact_root=artifacts)
    for at, outcome in enumerate(trained(declared.task.kind)):
        with registry.run(f"training {at + 1}") as run_id:
            now = int(time.time() * 1000)
            registry._client.log_batch(
                run_id,
                metrics=[Metric(name, value, now, 0) for name, value in metrics(outcome).items()],
                params=[Param(name, value) for name, value in parameters(outcome).items()],
            )
    registry.begin("gone", "failed")
    registry.fail("gone", "its process ended")
    registry.begin("working", "under way")


@cache
def trained(kind: str) -> tuple[TrainingOutcome, TrainingOutcome]:
    """Train a model of a kind, and one that challenges it."""
    train_one: Callable[..., TrainingOutcome]
    if kind == "binary":
        train_one = partial(train, loan_declaration(), loan_batches(5), task=LOANS, features=LOAN_FEATURES)
        batches = ("2023-04", "2023-05")
    elif kind == "anomaly":
        train_one = partial(train, crash_declaration(), crash_batches(), task=CRASHES, features=CRASH_FEATURES)
        batches = ("3", "4")
    else:
        train_one = partial(train, declaration(), drifting_batches(4), task=TASK, features=FEATURES)
        batches = ("3", "4")
    first = train_one(through=batches[0])
    return first, train_one(through=batches[1], champion=first)
