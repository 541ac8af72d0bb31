"""What is known → the monitoring database, and its declared rules → alerts."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from driftwatch_assets.alerting import (
    EndedRun,
    JudgedChallenger,
    Refusal,
    outage_spans,
    refusal_spans,
    run_spans,
    spans,
)
from driftwatch_assets.lake import BatchMissing
from driftwatch_assets.monitoring import MonitoringError, open_monitoring
from driftwatch_assets.steps.labels import known_with
from driftwatch_assets.steps.outcome import CheckOutcome, StepOutcome
from driftwatch_assets.steps.snapshot import batch_row, feature_rows, metric_rows, snapshot, version_rows
from driftwatch_assets.training import ABSOLUTE

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from driftwatch_assets.alerting import AlertRule, AlertSpan, BuiltInRule, Outage
    from driftwatch_assets.monitoring import (
        AlertChanges,
        Changes,
        FeatureRow,
        JobRow,
        Monitoring,
        Snapshot,
    )
    from driftwatch_assets.registry import ModelVersion
    from driftwatch_assets.retraining import Decision
    from driftwatch_assets.steps.watched import Watched

RECORDED_CHECK = "recorded"
_STRONGEST = 3
_TRAINING = "training"
"""The purpose of runs that learn from a batch and judge nothing of it."""


def monitor(watched: Watched, batch: str) -> StepOutcome:
    """Record what a batch's run found; a database that cannot be used stops nothing.

    What could not be recorded stands in the lake, from which the sensor records it.

    Raises
    ------
    BatchMissing
        The batch has no gold.
    """
    batches = watched.lake.batches(watched.tables.gold)
    if batch not in batches:
        raise BatchMissing(watched.tables.gold, batch, batches)
    metrics = metric_rows(watched, batch)
    values = {row.name: row.value for row in metrics}
    failing = [rule.name for rule in watched.declaration.alerts.rules if rule.failed(values[rule.metric])]
    facts: dict[str, Any] = {
        "numbers": float(sum(row.value is not None for row in metrics)),
        "failing_rules": ", ".join(failing) or "none",
    }
    try:
        store = open_monitoring(watched.monitoring)
        store.record_versions(watched.name, version_rows(watched))
        store.record_batches(watched.name, [batch_row(watched, batch, batches.index(batch))])
        store.record_metrics(watched.name, metrics)
        store.record_feature_drift(watched.name, feature_rows(watched, [batch]))
    except MonitoringError as unusable:
        said = f"{unusable} The lake holds it all, and the alerts sensor records it from there."
        return StepOutcome(facts, (CheckOutcome(RECORDED_CHECK, passed=False, severity="warn", description=said),))
    said = f"Batch {batch} is recorded in {store.shown}."
    return StepOutcome(facts, (CheckOutcome(RECORDED_CHECK, passed=True, severity="warn", description=said),))


def record_all(watched: Watched, store: Monitoring, jobs: Sequence[JobRow]) -> tuple[Snapshot, Changes]:
    """Bring the monitoring database to all that lake, registry and orchestrator know of a model."""
    known = replace(snapshot(watched), jobs=tuple(jobs))
    return known, store.record(watched.name, known)


def judge_alerts(
    watched: Watched,
    store: Monitoring,
    known: Snapshot,
    *,
    decided: Callable[[str], Decision],
    run_urls: str = "",
    why: Callable[[str], Mapping[str, Any] | None] | None = None,
    channels: Sequence[str] = (),
    channels_of: Mapping[str, Sequence[str]] | None = None,
    notify: bool = True,
    outages: Sequence[Outage] = (),
    at_once: bool = False,
) -> AlertChanges:
    """Hold the declared rules against all that is known, and open, update and resolve alerts.

    Runs are judged by all that were ever recorded, so that no failure is forgotten behind later ones.

    Parameters
    ----------
    watched
        The model.
    store
        The monitoring database.
    known
        All that is known of the model.
    decided
        What the retraining policy says as of a batch.
    run_urls
        Address under which a run's id leads to its page; empty where there is none.
    why
        Tells of a run by its id at which step and with which error it failed, as fields of a `Notice`; None where
        nobody knows any more.
    channels
        Names of the channels that get a message.
    channels_of
        Those of single batches, by batch, in their place.
    notify
        Whether people are told.
    outages
        When its source could not be looked at, oldest first.
    at_once
        Whether only what needs no waiting is judged, failed runs and outages; alerts of other rules stay as they are.

    """
    jobs = store.jobs(watched.name)
    runs = _ended(jobs)
    judged = _ended(job for job in jobs if job.purpose != _TRAINING)
    latest = {run.batch: run for run in sorted(judged, key=lambda each: each.ended_at) if run.batch is not None}
    run_of = {batch: run.run_id for batch, run in latest.items()}
    plan = watched.declaration.alerts
    found: dict[AlertRule | BuiltInRule, Sequence[AlertSpan]] = {
        rule: _spans(rule, known, run_of) for rule in plan.rules if rule.enabled and not at_once
    }
    versions: Sequence[ModelVersion] = ()
    if not at_once:
        versions = watched.registry.history(watched.name)
        trained_by = run_of | _trained_by(jobs)
        found[plan.promotion_refused] = _refusals(versions, trained_by) if plan.promotion_refused.enabled else []
    concerned = {span.opened_batch for one in found.values() for span in one}
    concerned |= {span.resolved_batch for one in found.values() for span in one if span.resolved_batch is not None}
    failing = run_spans(runs) if plan.run_failed.enabled else []
    found[plan.run_failed] = failing
    found[plan.source_unreadable] = outage_spans(outages) if plan.source_unreadable.enabled else []
    reports = {row.batch: row.report_url for row in known.batches or ()}
    told_by_run = (*failing, *found.get(plan.promotion_refused, ()))
    about = {span.opened_by_run for span in told_by_run} | {span.resolved_by_run for span in told_by_run}
    of_runs = {run.run_id: _told_of_run(run, why, reports, run_urls) for run in runs if run.run_id in about}
    strongest = _strongest(row for row in known.feature_drift or () if row.batch in concerned)
    at: dict[str, dt.datetime] = {batch: run.ended_at for batch, run in latest.items()}
    at |= {run.run_id: run.ended_at for run in runs}
    at |= {one.known_by: one.since for one in outages}
    at |= {one.ended_with: one.ended_at for one in outages if one.ended_with is not None and one.ended_at is not None}
    return store.apply_alerts(
        watched.name,
        found,
        {
            batch: {
                **_told(batch, known, latest.get(batch), strongest, run_urls),
                **_done(_answered(watched, batch, known), versions, decided),
            }
            for batch in concerned
        }
        | {one.known_by: {"error": one.error} for one in outages},
        of_runs={run: told for run, told in of_runs.items() if told is not None},
        channels=channels,
        channels_of=channels_of,
        notify=notify,
        at=at,
    )


def _spans(rule: AlertRule, known: Snapshot, run_of: Mapping[str, str]) -> list[AlertSpan]:
    values = {row.batch: row.value for row in known.metrics or () if row.name == rule.metric}
    return spans(rule, [(row.batch, values.get(row.batch), run_of.get(row.batch)) for row in known.batches or ()])


def _trained_by(jobs: Iterable[JobRow]) -> dict[str, str]:
    trained = (job for job in jobs if job.purpose == _TRAINING and job.status == "SUCCESS")
    return {job.batch: job.run_id for job in trained if job.batch is not None}


def _refusals(versions: Iterable[ModelVersion], trained_by: Mapping[str, str]) -> list[AlertSpan]:
    return refusal_spans(
        JudgedChallenger(
            one.trained_through,
            trained_by.get(one.trained_through),
            promoted=one.gate_result == "promoted",
            refusal=_refusal(one),
        )
        for one in versions
    )


def _refusal(version: ModelVersion) -> Refusal | None:
    failed = next((gate for gate in version.failed_gates if gate.gate in ABSOLUTE), None)
    if failed is None:
        return None
    return Refusal(failed.gate, failed.value, ">" if failed.gate == "maximum_gap" else "<", failed.threshold)


def _ended(jobs: Iterable[JobRow]) -> list[EndedRun]:
    """Give the runs that succeeded or failed; one that was cancelled says nothing."""
    return [
        EndedRun(job.run_id, job.job, job.batch, failed=job.status == "FAILURE", ended_at=job.ended_at)
        for job in jobs
        if job.status in {"SUCCESS", "FAILURE"} and job.ended_at is not None
    ]


def _strongest(rows: Iterable[FeatureRow]) -> dict[str, list[dict[str, Any]]]:
    drifted: dict[str, list[FeatureRow]] = {}
    for row in rows:
        if row.drifted:
            drifted.setdefault(row.batch, []).append(row)
    return {
        batch: [
            {"name": row.feature, "effect": row.effect, "psi": row.psi}
            for row in sorted(some, key=_effect, reverse=True)[:_STRONGEST]
        ]
        for batch, some in drifted.items()
    }


def _effect(row: FeatureRow) -> float:
    return math.inf if row.effect is None else row.effect


def _told(
    batch: str,
    known: Snapshot,
    run: EndedRun | None,
    strongest: Mapping[str, list[dict[str, Any]]],
    run_urls: str,
) -> dict[str, Any]:
    """Give what a message tells of a batch besides the rule and what was done: fields of a `Notice`."""
    row = next((one for one in known.batches or () if one.batch == batch), None)
    return {
        "features": None if row is None or row.drift_detected is None else strongest.get(batch, []),
        "job": None if run is None else run.job,
        "run_url": f"{run_urls}/{run.run_id}" if run is not None and run_urls else None,
        "report_url": None if row is None else row.report_url or None,
    }


def _answered(watched: Watched, batch: str, known: Snapshot) -> tuple[str, ...]:
    """Give the batches through which a training answers one: itself, and the one that made its labels known."""
    rows = {row.batch for row in known.batches or ()}
    tells = known_with(watched, batch) if batch in rows else None
    return (batch,) if tells is None or tells == batch or tells not in rows else (batch, tells)


def _done(
    answered: Sequence[str], versions: Iterable[ModelVersion], decided: Callable[[str], Decision]
) -> dict[str, Any]:
    """Tell what the system did about a batch: a training that answers it, or else what the policy says of one."""
    trained = [version for version in versions if version.trained_through in answered]
    if trained:
        newest = trained[-1]
        refusal = _refusal(newest)
        return {
            "retrained": True,
            "promoted": newest.gate_result == "promoted",
            "version": newest.version,
            "decision": newest.reason,
            "gate": None if refusal is None else refusal.gate,
        }
    decision = decided(answered[-1])
    reason = decision.reason
    if decision.kind == "retrain":
        how = "is asked for" if decision.attempt == 1 else "failed and is asked for again"
        reason = f"a training through batch {decision.batch} {how}: {decision.reason}"
    return {"retrained": None if decision.pending else False, "decision": reason}


def _told_of_run(
    run: EndedRun,
    why: Callable[[str], Mapping[str, Any] | None] | None,
    reports: Mapping[str, str],
    run_urls: str,
) -> dict[str, Any] | None:
    """Give what a message tells of a run itself: what it ran, why it failed, where to read on."""
    reason: Mapping[str, Any] | None = {}
    if run.failed and why is not None:
        reason = why(run.run_id)
    if reason is None:
        return None
    return {
        "job": run.job,
        **reason,
        "run_url": f"{run_urls}/{run.run_id}" if run_urls else None,
        "report_url": reports.get(run.batch or "") or None,
    }
