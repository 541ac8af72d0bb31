"""Predictions and labels → performance."""

from __future__ import annotations

from dataclasses import asdict
from math import isnan
from typing import TYPE_CHECKING, Any

from driftwatch_assets.performance import judge_performance
from driftwatch_assets.steps.champion import expected_accuracy, line_of
from driftwatch_assets.steps.evidence import identity, write_evidence
from driftwatch_assets.steps.outcome import CheckOutcome, StepOutcome
from driftwatch_assets.training import measure

if TYPE_CHECKING:
    import pandas as pd

    from driftwatch_assets.steps.champion import Line
    from driftwatch_assets.steps.watched import Watched
    from driftwatch_assets.training import MulticlassReport

_FIELDS = ("predicted", "confidence")


def measure_performance(watched: Watched, batch: str) -> StepOutcome:
    """Compare a batch's predictions with the labels that are known.

    Besides the champion, the first champion (frozen, never retrained) and the champion before this one are measured
    on the same rows, so that what each retraining bought can be read off.
    """
    tables, task = watched.tables, watched.declaration.task
    gold = watched.lake.read(tables.gold, batch)
    predictions = watched.lake.read(tables.predictions, batch)
    provenance = watched.lake.provenance(tables.predictions, batch)
    line = line_of(watched, batch) if len(predictions) else None
    champion = None if line is None else line.own
    labelled = gold[gold[task.label].notna()]
    said = labelled[[task.id, task.label]].merge(predictions[[task.id, *_FIELDS]], on=task.id, how="inner")
    report = None
    if len(said):
        report = measure(said[task.label].astype(str), said["predicted"], said["confidence"], classes=task.classes)
    baseline = None if line is None else expected_accuracy(watched.registry.load(line.own))
    verdict = judge_performance(
        accuracy=None if report is None else report.accuracy,
        accuracy_high=None if report is None else report.accuracy_high,
        labelled_rows=len(said) if champion is not None else len(labelled),
        mean_confidence=float(predictions["confidence"].mean()) if len(predictions) else None,
        baseline=baseline,
        policy=watched.declaration.performance,
    )
    peers = _peers(watched, line, labelled) if line is not None and report is not None else {}
    content: dict[str, Any] = {
        "batch": batch,
        "rows": len(gold),
        "labelled_rows": len(labelled),
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
        "metrics": None if report is None else _metrics(report),
        "mean_confidence": float(predictions["confidence"].mean()) if len(predictions) else None,
        **peers,
    }
    content["identity"] = identity(content["gold_fingerprint"], None if champion is None else champion.fingerprint)
    uri, fingerprint = write_evidence(watched, batch, "performance", content)
    facts: dict[str, Any] = {
        "fingerprint": fingerprint,
        "labelled_rows": float(len(labelled)),
        "verdict": verdict.reason,
    }
    if report is not None:
        facts |= {"accuracy": report.accuracy, "f1_macro": report.f1_macro, "baseline": baseline, **peers}
    check = CheckOutcome(
        "performance",
        passed=verdict.degraded is not True,
        severity="error" if verdict.severity == "high" else "warn",
        description=verdict.reason,
        facts={"judged": verdict.degraded is not None, "baseline": baseline, "severity": verdict.severity},
    )
    return StepOutcome({name: value for name, value in facts.items() if value is not None}, (check,), uri=uri)


def _peers(watched: Watched, line: Line, labelled: pd.DataFrame) -> dict[str, float | None]:
    """Measure the first champion, and the one before the batch's, on the batch's labelled rows."""
    task = watched.declaration.task
    accuracy: dict[str, float | None] = {}
    for name, version in (("frozen_accuracy", line.first), ("previous_accuracy", line.previous)):
        if version is None:
            accuracy[name] = None
            continue
        said = watched.registry.load(version).predict(labelled)["predicted"].to_numpy()
        accuracy[name] = float((said == labelled[task.label].astype(str).to_numpy()).mean())
    return accuracy


def _metrics(report: MulticlassReport) -> dict[str, Any]:
    return {
        "accuracy": report.accuracy,
        "accuracy_low": report.accuracy_low,
        "accuracy_high": report.accuracy_high,
        "f1_macro": report.f1_macro,
        "per_class": {
            str(name): {column: None if isnan(value) else float(value) for column, value in row.items()}
            for name, row in report.per_class.iterrows()
        },
        "confusion": {
            "classes": [str(name) for name in report.confusion.index],
            "counts": report.confusion.to_numpy().tolist(),
        },
    }
