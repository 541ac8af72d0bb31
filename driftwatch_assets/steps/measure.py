"""Predictions and labels → performance."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pandas as pd

from driftwatch_assets.performance import judge_anomaly_rate, judge_performance
from driftwatch_assets.steps.champion import expected_value, line_of
from driftwatch_assets.steps.evidence import identity, load_evidence, write_evidence
from driftwatch_assets.steps.labels import with_labels
from driftwatch_assets.steps.outcome import CheckOutcome, StepOutcome
from driftwatch_assets.steps.relations import NO_LABELS, judge_relations
from driftwatch_assets.steps.watch import NO_CHAMPION
from driftwatch_assets.training import measure_task

if TYPE_CHECKING:
    from driftwatch_assets.performance import PerformanceVerdict
    from driftwatch_assets.steps.champion import Line
    from driftwatch_assets.steps.watched import Watched
    from driftwatch_assets.training import Report


def measure_performance(watched: Watched, batch: str) -> StepOutcome:
    """Compare a batch's predictions with the labels that are known; without a task's labels, look at what it called.

    Besides the champion, the first champion (frozen, never retrained) and the champion before this one are measured
    on the same rows, so that what each retraining bought can be read off.
    """
    tables, task = watched.tables, watched.declaration.task
    labels = with_labels(watched, batch)
    gold = labels.gold
    predictions = watched.lake.read(tables.predictions, batch)
    provenance = watched.lake.provenance(tables.predictions, batch)
    line = line_of(watched, batch) if len(predictions) else None
    champion = None if line is None else line.own
    known = gold if task.label is None else gold[gold[task.label].notna()]
    report = _report(watched, known, predictions)
    baseline = None if line is None else expected_value(watched.registry.load(line.own))
    verdict = _verdict(watched, report, predictions, len(known), baseline)
    peers = _peers(watched, line, known, report)
    content: dict[str, Any] = {
        "batch": batch,
        "rows": len(gold),
        "labelled_rows": len(known),
        "labels_fingerprint": labels.fingerprint,
        "gold_fingerprint": watched.lake.fingerprint(tables.gold, batch),
        "predictions_fingerprint": provenance["fingerprint"],
        "champion": None
        if champion is None
        else {
            "version": str(champion.version),
            "trained_through": champion.trained_through,
            "fingerprint": champion.fingerprint,
        },
        "verdict": asdict(verdict),
        "metrics": None if report is None else report.as_dict(),
        "mean_confidence": _confidence(predictions),
        **peers,
    }
    content["identity"] = identity(
        content["gold_fingerprint"], None if champion is None else champion.fingerprint, labels.fingerprint
    )
    checks = [
        CheckOutcome(
            "performance",
            passed=verdict.degraded is not True,
            severity="error" if verdict.severity == "high" else "warn",
            description=verdict.reason,
            facts={"judged": verdict.degraded is not None, "baseline": baseline, "severity": verdict.severity},
        )
    ]
    if task.known_after:
        why = NO_CHAMPION if champion is None else NO_LABELS
        loaded = None if line is None else watched.registry.load(line.own)
        relations = judge_relations(watched, loaded, known, why)
        content |= relations.content
        checks += relations.checks
    governed = _governance(watched, batch, report, predictions)
    if governed is not None:
        told, check = governed
        content["governance"] = told
        checks.append(check)
    uri, fingerprint = write_evidence(watched, batch, "performance", content)
    facts: dict[str, Any] = {
        "fingerprint": fingerprint,
        "labelled_rows": float(len(known)),
        "verdict": verdict.reason,
    }
    if report is not None:
        facts |= {**report.metrics(), "baseline": baseline, **peers}
    return StepOutcome({name: value for name, value in facts.items() if value is not None}, tuple(checks), uri=uri)


def _report(watched: Watched, known: pd.DataFrame, predictions: pd.DataFrame) -> Report | None:
    task = watched.declaration.task
    if task.label is None:
        return None if predictions.empty else measure_task(task, None, predictions, ids=predictions[task.id])
    said = known[[task.id, task.label]].merge(predictions, on=task.id, how="inner")
    if said.empty:
        return None
    return measure_task(task, said[task.label].astype(str), said, ids=said[task.id])


def _verdict(
    watched: Watched, report: Report | None, predictions: pd.DataFrame, labelled: int, baseline: float | None
) -> PerformanceVerdict:
    task, policy = watched.declaration.task, watched.declaration.performance
    if task.kind == "anomaly":
        return judge_anomaly_rate(report=report, contamination=task.contamination, policy=policy)
    metric = watched.declaration.training.metric
    value = None if report is None else report.value(metric)
    low, high = (None, None) if report is None else report.interval(metric)
    return judge_performance(
        metric=metric,
        value=value,
        low=low,
        high=high,
        labelled_rows=labelled if report is None else report.rows,
        mean_confidence=_confidence(predictions),
        baseline=baseline,
        policy=policy,
    )


def _confidence(predictions: pd.DataFrame) -> float | None:
    if predictions.empty or "confidence" not in predictions.columns:
        return None
    return float(predictions["confidence"].mean())


def _peers(watched: Watched, line: Line | None, known: pd.DataFrame, report: Report | None) -> dict[str, Any]:
    """Measure the first champion, and the one before the batch's, on the batch's known rows."""
    if line is None or report is None:
        return {}
    task, metric = watched.declaration.task, watched.declaration.training.metric
    low, high = report.interval(metric)
    found: dict[str, Any] = {
        "metric": metric,
        "value": report.value(metric),
        "value_low": low,
        "value_high": high,
    }
    for name, version in (("frozen", line.first), ("previous", line.previous)):
        peer = None
        if version is not None:
            said = watched.registry.load(version).predict(known)
            labels = None if task.label is None else known[task.label].astype(str)
            peer = measure_task(task, labels, said, ids=known[task.id])
        found[f"{name}_value"] = None if peer is None else peer.value(metric)
        if task.label is not None:
            found[f"{name}_accuracy"] = None if peer is None else peer.value("accuracy")
    return found


def _governance(
    watched: Watched, batch: str, report: Report | None, predictions: pd.DataFrame
) -> tuple[dict[str, Any], CheckOutcome] | None:
    """Hold the declared rule against what is known of the batch; what is not known yet decides nothing."""
    rule = watched.declaration.retraining.rule
    if rule is None:
        return None
    metrics: dict[str, float | None] = {} if report is None else dict(report.metrics())
    drift = load_evidence(watched, batch, "drift") or {}
    said = (drift.get("prediction_drift") or {}).get("statistics") or []
    scores = next((row for row in said if row.get("kind") == "numeric"), {})
    metrics |= {"psi": scores.get("psi"), "wasserstein_scaled": scores.get("wasserstein_scaled")}
    metrics["drifted_share"] = (drift.get("data_drift") or {}).get("share_drifted")
    metrics["mean_confidence"] = _confidence(predictions)
    verdict = rule.evaluate(metrics)
    told = {
        "rule": str(rule),
        "fires": verdict.fires,
        "reason": verdict.reason,
        "parts": [{"text": part.text, "value": part.value, "fires": part.fires} for part in verdict.parts],
    }
    check = CheckOutcome(
        "governance",
        passed=verdict.fires is not True,
        severity="error",
        description=verdict.reason,
        facts={"judged": verdict.fires is not None, "rule": str(rule)},
    )
    return told, check
