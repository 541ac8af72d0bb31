"""Predictions, and labels where there are, → performance."""

from __future__ import annotations

from dataclasses import asdict
from math import isnan
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from driftwatch_assets.performance import judge_performance, judge_rate
from driftwatch_assets.results import AnyMeasured, JudgedPerformance, PerformanceResult
from driftwatch_assets.steps.champion import as_champion, check_peers, expected_of, line_of
from driftwatch_assets.steps.evidence import identity, write_result
from driftwatch_assets.steps.governance import govern
from driftwatch_assets.steps.labels import known_with, put_labels_aside, with_labels
from driftwatch_assets.steps.outcome import CheckOutcome, StepOutcome, Text, rejected_rows
from driftwatch_assets.steps.relations import NO_LABELS, Relations, judge_relations
from driftwatch_assets.steps.watch import NO_CHAMPION
from driftwatch_assets.training import measure_task

if TYPE_CHECKING:
    import pandas as pd

    from driftwatch_assets.performance import PerformanceVerdict
    from driftwatch_assets.registry import ModelVersion
    from driftwatch_assets.steps.champion import Expected
    from driftwatch_assets.steps.watched import Watched
    from driftwatch_assets.training import Report, Task

_MEASURED: TypeAdapter[AnyMeasured] = TypeAdapter(AnyMeasured)
_TOLD = ("accuracy", "f1_macro", "auc", "precision", "recall", "f1", "anomaly_rate")


def measure_performance(watched: Watched, batch: str) -> StepOutcome:
    """Compare a batch's predictions with the labels that are known; without labels, their rate with the declared one.

    Besides the champion, the first champion (frozen, never retrained) and the champion before this one are measured
    on the same rows, so that what each retraining bought can be read off. Predictions and labels are stored beside each
    other, as outcomes.

    Raises
    ------
    driftwatch_assets.registry.RegistryIncomplete
        What scored the batch, or what its stored performance was compared with, was deleted from the registry.

    """
    tables, task = watched.tables, watched.declaration.task
    labels = with_labels(watched, batch)
    gold = labels.gold
    predictions = watched.lake.read(tables.predictions, batch)
    provenance = watched.lake.provenance(tables.predictions, batch)
    line = line_of(watched, batch) if len(predictions) else None
    champion = None if line is None else line.own
    loaded = None if line is None else watched.registry.load(line.own)
    expected = None if loaded is None else expected_of(loaded)
    labelled = gold if task.label is None else gold[gold[task.label].notna()]
    columns = [task.id] if task.label is None else [task.id, task.label]
    said = labelled[columns].merge(predictions.drop(columns=columns[1:], errors="ignore"), on=task.id, how="inner")
    report = None
    if len(said) and loaded is not None:
        report = measured(watched, said, said, loaded.threshold)
    confidence = None
    if len(predictions) and "confidence" in predictions:
        confidence = float(predictions["confidence"].mean())
    verdict = judge_measured(
        watched, report, expected, len(said) if champion is not None else len(labelled), confidence
    )
    peers: dict[str, Any] = {}
    if line is not None and report is not None and expected is not None:
        check_peers(watched, batch, line)
        frozen, previous = (_peer(watched, one, labelled) for one in (line.first, line.previous))
        peers = {
            "frozen_value": _value(frozen, expected),
            "previous_value": _value(previous, expected),
            "frozen_accuracy": _flat(frozen, "accuracy"),
            "previous_accuracy": _flat(previous, "accuracy"),
        }
    gold_fingerprint = watched.lake.fingerprint(tables.gold, batch)
    checks = [
        CheckOutcome(
            "performance",
            passed=verdict.degraded is not True,
            severity="error" if verdict.severity == "high" else "warn",
            description=verdict.reason,
            facts={"judged": verdict.degraded is not None, "baseline": verdict.baseline, "severity": verdict.severity},
        )
    ]
    relations = Relations()
    if task.known_after:
        relations = judge_relations(watched, loaded, labelled, NO_CHAMPION if loaded is None else NO_LABELS)
        checks += relations.checks
    metrics = {} if report is None else report.metrics()
    known = {**metrics, "labelled_rows": float(len(labelled)), "mean_confidence": confidence}
    governed = govern(watched, batch, known, relations.correlation_drift)
    if governed is not None:
        checks.append(governed[1])
    result = PerformanceResult(
        batch=batch,
        rows=len(gold),
        labelled_rows=len(labelled),
        labels_fingerprint=labels.fingerprint,
        gold_fingerprint=gold_fingerprint,
        predictions_fingerprint=provenance["fingerprint"],
        champion=None if champion is None else as_champion(champion),
        verdict=judged_of(verdict),
        metric=verdict.metric,
        value=verdict.value,
        value_low=verdict.low,
        value_high=verdict.high,
        metrics=None if report is None else measured_of(report),
        mean_confidence=confidence,
        governance=None if governed is None else governed[0],
        identity=identity(gold_fingerprint, None if champion is None else champion.fingerprint, labels.fingerprint),
        **relations.found,
        **peers,
    )
    # Before the evidence: once that names the labels, they are not measured again.
    outcomes = {} if task.label is None else {"outcomes": _outcomes(watched, batch, predictions, gold, result)}
    uri, fingerprint = write_result(watched, batch, "performance", result)
    facts: dict[str, Any] = {
        "fingerprint": fingerprint,
        "labelled_rows": float(len(labelled)),
        "verdict": verdict.reason,
        **outcomes,
    }
    if task.known_after:
        aside = put_labels_aside(watched, batch, labels)
        if len(aside):
            facts |= {"labels_set_aside": float(len(aside)), "set_aside": Text(rejected_rows(aside))}
    if report is not None:
        facts |= {name: metrics[name] for name in _TOLD if name in metrics}
        facts |= {"metric": verdict.metric, "value": verdict.value, "baseline": verdict.baseline, **peers}
    return StepOutcome({name: value for name, value in facts.items() if value is not None}, tuple(checks), uri=uri)


def _outcomes(
    watched: Watched, batch: str, predictions: pd.DataFrame, gold: pd.DataFrame, result: PerformanceResult
) -> str:
    """Store the predictions with their labels, null where these are not known yet; give where.

    It is a table of its own, so that labels that come late leave the predictions as they were.
    """
    task = watched.declaration.task
    joined = predictions.merge(gold[[task.id, task.label]], on=task.id, how="left", validate="one_to_one")
    told = known_with(watched, batch)
    joined["label_known_with"] = joined[task.label].notna().map({True: told, False: None}).astype(object)
    origin = {
        name: getattr(result, name) for name in ("predictions_fingerprint", "gold_fingerprint", "labels_fingerprint")
    }
    return watched.lake.write(watched.tables.outcomes, batch, joined, origin).uri


def judge_measured(
    watched: Watched, report: Report | None, expected: Expected | None, rows: int, confidence: float | None
) -> PerformanceVerdict:
    """Judge what was measured, by the declared policy, against what was expected of the champion."""
    declaration = watched.declaration
    task: Task = declaration.task
    if task.kind == "anomaly":
        metrics = {} if report is None else report.metrics()
        return judge_rate(
            rate=metrics.get("anomaly_rate"),
            low=metrics.get("anomaly_rate_low"),
            high=metrics.get("anomaly_rate_high"),
            rows=rows,
            contamination=None if expected is None else task.contamination,
            policy=declaration.performance,
        )
    metric = declaration.training.metric_for(task) if expected is None else expected.metric
    low, high = (None, None) if report is None else map(_defined, report.interval(metric))
    return judge_performance(
        metric=metric,
        value=None if report is None else _defined(report.value(metric)),
        low=low,
        high=high,
        labelled_rows=rows,
        mean_confidence=confidence,
        baseline=None if expected is None else expected.value,
        policy=declaration.performance,
    )


def _peer(watched: Watched, version: ModelVersion | None, labelled: pd.DataFrame) -> Report | None:
    """Measure another champion on the batch's labelled rows."""
    if version is None:
        return None
    model = watched.registry.load(version)
    return measured(watched, labelled, model.predict(labelled), model.threshold)


def measured(watched: Watched, rows: pd.DataFrame, scored: pd.DataFrame, threshold: float | None) -> Report:
    """Measure what was said of rows, `scored` being in their order, in the way of the task."""
    task = watched.declaration.task
    labels = None if task.label is None else rows[task.label].astype(str)
    return measure_task(task, labels, scored, rows[task.id].tolist(), threshold=threshold)


def judged_of(verdict: PerformanceVerdict) -> JudgedPerformance:
    """Give a verdict on performance in the form that is stored."""
    return JudgedPerformance(**asdict(verdict))


def measured_of(report: Report) -> AnyMeasured:
    """Give what was measured in the form that is stored."""
    found: AnyMeasured = _MEASURED.validate_python(report.as_dict())
    return found


def _value(report: Report | None, expected: Expected) -> float | None:
    """Give the value by which a peer is compared: the metric, or the rate of anomalies."""
    if report is None:
        return None
    if expected.metric == "rate_fit":
        return _flat(report, "anomaly_rate")
    return _defined(report.value(expected.metric))


def _flat(report: Report | None, name: str) -> float | None:
    return None if report is None else report.metrics().get(name)


def _defined(value: float) -> float | None:
    return None if isnan(value) else value
