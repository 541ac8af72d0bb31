"""What a training leaves behind in the experiment tracker: parameters, metrics, files."""

from __future__ import annotations

import io
import json
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from driftwatch_assets.training import AnomalyReport, BinaryReport, MulticlassReport
from driftwatch_assets.training.figures import (
    calibration_figure,
    confusion_figure,
    precision_recall_figure,
    ranking_figure,
    roc_figure,
    scores_figure,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from driftwatch_assets.training import Report, Score, TrainingOutcome

_LONGEST_VALUE = 500


def parameters(outcome: TrainingOutcome) -> dict[str, str]:
    """Give what the training was declared with and decided on, flat, as the tracker lists it."""
    declared = outcome.candidate.model_dump(mode="json", exclude_none=True)
    flat = {
        "candidate": outcome.candidate.name,
        "trained_through": outcome.trained_through,
        "window": span(outcome),
        "rows": str(outcome.rows),
        "features": str(len(outcome.features)),
        "metric": outcome.comparison.metric,
        "seed": str(outcome.seed),
        "estimator": " > ".join(outcome.candidate.paths),
        "declaration": json.dumps(declared, sort_keys=True),
        "task": outcome.task.kind,
    }
    if outcome.task.kind == "anomaly":
        flat["contamination"] = str(outcome.task.contamination)
    if outcome.threshold is not None:
        flat["threshold"] = str(outcome.threshold)
    named: Counter[str] = Counter()
    for path, given in outcome.candidate.parameters_by_path:
        estimator = path.rpartition(".")[2]
        named[estimator] += 1
        which = estimator if named[estimator] == 1 else f"{estimator}_{named[estimator]}"
        flat |= {f"{which}.{name}": str(value) for name, value in given.items()}
    return {name: value[:_LONGEST_VALUE] for name, value in flat.items()}


def metrics(outcome: TrainingOutcome) -> dict[str, float]:
    """Give the numbers of a training by flat names."""
    comparison = outcome.comparison
    numbers = {f"challenger_{name}": value for name, value in comparison.challenger_report.metrics().items()}
    if comparison.champion_report is not None:
        numbers |= {f"champion_{name}": value for name, value in comparison.champion_report.metrics().items()}
    if comparison.difference is not None:
        numbers |= _flat("difference", comparison.difference)
    ranked = outcome.ranking.table["score"].dropna()
    numbers |= {f"ranking_{name}": float(score) for name, score in ranked.items()}
    numbers |= {f"seconds_{name}": seconds for name, seconds in outcome.seconds.items()}
    if comparison.gap is not None and comparison.train_score is not None:
        numbers |= {"challenger_train_score": comparison.train_score, "challenger_gap": comparison.gap}
    if isinstance(comparison.challenger_report, AnomalyReport):
        numbers["anomaly_rate"] = comparison.challenger_report.rate
    if outcome.temperature is not None:
        numbers["temperature"] = outcome.temperature
    if outcome.threshold is not None:
        numbers["threshold"] = outcome.threshold
    return numbers | {"seconds": sum(outcome.seconds.values()), "rows": float(outcome.rows)}


def scores(outcome: TrainingOutcome) -> dict[str, float]:
    """Give the declared metric of challenger, champion and their difference, with intervals."""
    comparison = outcome.comparison
    flat = _flat("challenger", comparison.challenger)
    if comparison.champion is not None and comparison.difference is not None:
        flat |= _flat("champion", comparison.champion) | _flat("difference", comparison.difference)
    return flat


def failed_gates(outcome: TrainingOutcome) -> list[dict[str, str | float]]:
    """Give the gates that the challenger did not pass, with what was measured and what it was held against."""
    return [
        {"gate": gate.gate, "value": gate.value, "threshold": gate.threshold}
        for gate in outcome.gates
        if not gate.passed
    ]


def files(outcome: TrainingOutcome) -> dict[str, bytes]:
    """Give the figures and documents of a training, by path."""
    comparison = outcome.comparison
    judgement = {
        "promotion": asdict(outcome.promotion),
        "gates": [asdict(gate) for gate in outcome.gates],
        "metric": comparison.metric,
        "rows": comparison.rows,
        "scores": scores(outcome),
        "train_score": comparison.train_score,
    }
    ranking = {
        "chosen": outcome.ranking.chosen,
        "reason": outcome.ranking.reason,
        "candidates": json.loads(outcome.ranking.table.reset_index().to_json(orient="records")),
    }
    drawn = {"figures/ranking.png": ranking_figure(outcome.ranking, comparison.metric)}
    drawn |= _figures(comparison.challenger_report, "challenger")
    if comparison.champion_report is not None:
        drawn |= _figures(comparison.champion_report, "champion")
    if not isinstance(comparison.challenger_report, AnomalyReport):
        drawn["per_class.json"] = _json(comparison.challenger_report.as_dict()["per_class"])
    return drawn | {
        "judgement.json": _json(judgement),
        "ranking.json": _json(ranking),
        "metrics.json": _json(comparison.challenger_report.as_dict()),
        "notes.txt": "\n".join(outcome.notes).encode(),
    }


def _figures(report: Report, who: str) -> dict[str, bytes]:
    title = who.capitalize()
    if isinstance(report, AnomalyReport):
        return {f"figures/scores_{who}.png": scores_figure(report, title)}
    drawn = {}
    if isinstance(report, MulticlassReport | BinaryReport):
        drawn[f"figures/confusion_{who}.png"] = confusion_figure(report, title)
    if isinstance(report, BinaryReport):
        drawn |= {
            f"figures/roc_{who}.png": roc_figure(report, title),
            f"figures/precision_recall_{who}.png": precision_recall_figure(report, title),
            f"figures/calibration_{who}.png": calibration_figure(report, title),
        }
    return drawn


def beside_model(outcome: TrainingOutcome, references: Mapping[str, bytes]) -> dict[str, bytes]:
    """Give the files that are stored with the model and read again with it, by name."""
    held_out = io.BytesIO()
    outcome.held_out.to_parquet(held_out, index=False)
    card = {
        "features": list(outcome.features),
        "classes": list(outcome.classes),
        "window": list(outcome.window),
        "task_kind": outcome.task.kind,
        "threshold": outcome.threshold,
        "batch_fingerprints": dict(outcome.batch_fingerprints),
        "references": sorted(references),
    }
    return {**references, "card.json": _json(card), "held_out.parquet": held_out.getvalue()}


def span(outcome: TrainingOutcome) -> str:
    """Give the window in a few words."""
    return f"{outcome.window[0]} to {outcome.window[-1]} ({len(outcome.window)} batches)"


def _flat(name: str, score: Score) -> dict[str, float]:
    return {name: score.value, f"{name}_low": score.low, f"{name}_high": score.high}


def _json(content: Any) -> bytes:
    return json.dumps(content, indent=2, default=float).encode()
