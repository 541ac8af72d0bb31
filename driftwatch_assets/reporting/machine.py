"""The machine-readable twins of the pages: strict JSON, sorted, the same content always the same bytes."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from driftwatch_assets.reporting.distributions import by_strength
from driftwatch_assets.reporting.history import HistoryEntry
from driftwatch_assets.reporting.retrainings import retraining_gains
from driftwatch_assets.reporting.statistics_table import with_drifted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch_assets.reporting.anomaly import AnomalyScores
    from driftwatch_assets.reporting.content import BatchReport, ColumnDrift
    from driftwatch_assets.reporting.heatmap import Heatmap
    from driftwatch_assets.reporting.performance import Performance
    from driftwatch_assets.reporting.relations import RelationDrift, WholeTableScore
    from driftwatch_assets.reporting.verdict import Verdict
    from driftwatch_assets.results import ClassDrift


def batch_json(report: BatchReport) -> dict[str, Any]:
    """Say what a batch's page says, for machines.

    Every value is one that strict JSON has; what is not known, not defined or not a number is null.
    ``overall_drift_detected`` is true, false, or null when there was not enough data; ``drift_severity`` is ``"none"``,
    ``"low"``, ``"medium"`` or ``"high"``.

    Examples
    --------
    >>> from driftwatch_assets.reporting.content import BatchReport
    >>> from driftwatch_assets.reporting.verdict import Verdict
    >>> found = batch_json(BatchReport(model="gas_sensors", batch="8", rows=294, verdict=Verdict(False)))
    >>> found["overall_drift_detected"], found["drift_severity"], found["performance"]
    (False, 'none', None)
    """
    verdict, compared = report.verdict, len(report.features)
    performance = report.performance
    judged = report.performance or report.anomaly
    return {
        "model": report.model,
        "task": report.task,
        "batch": report.batch,
        "rows": report.rows,
        **_verdict(verdict),
        "number_of_features": compared,
        "share_of_drifted_features": len(verdict.drifted_features) / compared if compared else None,
        "reference": report.reference or None,
        "statistics": _statistics(with_drifted(report)),
        "label_drift": _column(report.label_drift),
        "prediction_drift": _column(report.prediction_drift),
        "within_classes": [plain(_within(each)) for each in report.within_classes],
        "mean_confidence": plain(report.mean_confidence),
        "performance": None if performance is None else _performance(performance),
        "baseline": None
        if performance is None or performance.baseline is None
        else {performance.metric: plain(performance.baseline), "rows": performance.baseline_rows or None},
        "performance_degraded": None if judged is None else judged.degraded,
        "performance_reason": (report.performance_missing if judged is None else judged.reason) or None,
        "anomaly": None if report.anomaly is None else _anomaly(report.anomaly),
        "correlation_drift": None if report.correlation is None else _relation(report.correlation),
        "whole_table": None if report.whole_table is None else _whole_table(report.whole_table),
        "governance": None if report.governance is None else plain(report.governance.model_dump()),
        "quality_page": report.quality_page or None,
        "champion": None
        if report.champion is None
        else {
            "version": report.champion.version,
            "trained_through": report.champion.trained_through,
            "estimator": report.champion.candidate,
        },
        "decision": None if report.decision is None else plain(asdict(report.decision)),
        "quarantine": {"rows": report.quarantined, "reasons": plain(dict(report.quarantine))},
        "history": [plain(asdict(each)) for each in report.history],
        "provenance": plain(dict(report.provenance)),
    }


def summary_json(
    model: str, rows: Sequence[Mapping[str, Any] | HistoryEntry], heatmap: Heatmap | None = None
) -> dict[str, Any]:
    """Say what the summary page says, for machines; the heatmap is whole here.

    Raises
    ------
    ReportContentError
        A record has a field that no entry has, or no batch.
    """
    entries = [HistoryEntry.of(each) for each in rows]
    return {
        "model": model,
        "batches": [plain(asdict(each)) for each in entries],
        "retrainings": [
            {**plain(asdict(gain)), "over_previous": gain.over_previous, "over_frozen": gain.over_frozen}
            for gain in retraining_gains(entries)
        ],
        "heatmap": None if heatmap is None else _heatmap(heatmap),
    }


def _within(found: ClassDrift) -> dict[str, Any]:
    names = ("name", "n_reference", "n_current", "drifted", "features", "strongest", "share")
    return {name: getattr(found, name) for name in names}


def _heatmap(heatmap: Heatmap) -> dict[str, Any]:
    return {
        "statistic": heatmap.statistic,
        "batches": [str(each) for each in heatmap.drifted.columns],
        "features": [str(each) for each in heatmap.drifted.index],
        "values": plain(heatmap.cells.to_numpy()),
        "drifted": plain(heatmap.drifted.to_numpy()),
    }


def json_bytes(content: Mapping[str, Any]) -> bytes:
    r"""Write a twin as strict JSON in UTF-8: keys sorted, one line a value.

    Examples
    --------
    >>> json_bytes({"b": None, "a": 1})
    b'{\n  "a": 1,\n  "b": null\n}\n'
    """
    text = json.dumps(content, allow_nan=False, ensure_ascii=False, indent=2, sort_keys=True)
    return f"{text}\n".encode()


def plain(value: Any) -> Any:
    """Turn a value into one that strict JSON has.

    Examples
    --------
    >>> plain({"a": np.float64("nan"), "b": np.int64(3), "c": (np.bool_(True), float("inf"))})
    {'a': None, 'b': 3, 'c': [True, None]}
    """
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in sorted(value.items(), key=lambda pair: str(pair[0]))}
    if isinstance(value, set | frozenset):
        value = sorted(value, key=str)
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return None if pd.isna(value) else str(value)


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "overall_drift_detected": plain(verdict.drift_detected),
        "drift_severity": verdict.severity,
        "features_with_drift": sorted(verdict.drifted_features),
        "number_of_drifted_features": len(verdict.drifted_features),
        "drift_reason": verdict.reason,
        "drift_rule": verdict.rule or None,
    }


def _statistics(frame: pd.DataFrame | None) -> dict[str, Any]:
    if frame is None:
        return {}
    return {str(name): plain(row) for name, row in sorted(frame.to_dict(orient="index").items())}


def _column(drift: ColumnDrift | None) -> dict[str, Any] | None:
    if drift is None:
        return None
    found = by_strength(drift.statistics).to_dict(orient="index")
    return {
        **_verdict_of(drift.verdict),
        "statistics": {str(name): plain(row) for name, row in sorted(found.items())},
        "distribution": None if drift.distribution is None else plain(asdict(drift.distribution)),
    }


def _performance(performance: Performance) -> dict[str, Any]:
    per_class = performance.per_class.to_dict(orient="index")
    return {
        "rows": performance.rows,
        "metric": performance.metric,
        "value": plain(performance.value),
        "interval": plain(performance.interval),
        "accuracy": plain(performance.accuracy),
        "accuracy_interval": plain(performance.accuracy_interval),
        "f1_macro": plain(performance.f1_macro),
        "per_class": {str(name): plain(row) for name, row in sorted(per_class.items(), key=lambda pair: str(pair[0]))},
        "confusion_matrix": {"classes": list(performance.classes), "rows": plain(performance.confusion)},
        "binary": None if performance.binary is None else plain(asdict(performance.binary)),
    }


def _anomaly(scores: AnomalyScores) -> dict[str, Any]:
    top = [{"id": name, "score": plain(score)} for name, score in scores.top]
    return {**plain(asdict(scores)), "top": top}


def _relation(drift: RelationDrift) -> dict[str, Any]:
    return {**_verdict_of(drift.verdict), "statistics": _statistics(drift.ordered)}


def _whole_table(score: WholeTableScore) -> dict[str, Any]:
    told = plain(asdict(replace(score, strongest=())))
    return {
        **_verdict_of(score.verdict),
        **{name: told[name] for name in ("auc", "low", "high", "threshold", "rows")},
        "strongest": [{"feature": name, "loss": plain(loss)} for name, loss in score.strongest],
    }


def _verdict_of(verdict: Verdict) -> dict[str, Any]:
    return {
        "drift_detected": verdict.drift_detected,
        "drift_severity": verdict.severity,
        "drift_reason": verdict.reason,
    }
