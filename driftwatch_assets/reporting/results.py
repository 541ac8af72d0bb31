"""What the other rooms found, as a report tells it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from driftwatch_assets.reporting.content import WithinClass
from driftwatch_assets.reporting.performance import Performance
from driftwatch_assets.reporting.verdict import Verdict

if TYPE_CHECKING:
    import pandas as pd

    from driftwatch_assets import drift
    from driftwatch_assets.training.multiclass import MulticlassReport


def verdict_of(verdict: drift.Verdict) -> Verdict:
    """Tell a verdict on drift, with its rule in words.

    Examples
    --------
    >>> import pandas as pd
    >>> from driftwatch_assets.drift import Reference, judge
    >>> reference = Reference.fit(pd.DataFrame({"x": range(100)}))
    >>> verdict_of(judge(reference.compare(pd.DataFrame({"x": range(200, 300)})))).drifted_features
    ('x',)
    """
    return Verdict(
        drift_detected=verdict.drift_detected,
        severity=verdict.severity,
        drifted_features=tuple(verdict.drifted_features),
        reason=verdict.reason,
        rule=verdict.policy.in_words(),
    )


def within_of(judged: pd.DataFrame) -> tuple[WithinClass, ...]:
    """Tell the drift within classes, as `drift.judge_within` returned it."""
    return tuple(
        WithinClass(
            name=str(name),
            n_reference=int(row["n_reference"]),
            n_current=int(row["n_current"]),
            drifted=None if row["drift_detected"] is None else int(row["drifted"]),
            features=int(row["features"]),
            strongest=str(row["strongest"]),
        )
        for name, row in judged.to_dict(orient="index").items()
    )


def performance_of(
    report: MulticlassReport,
    *,
    degraded: bool | None = None,
    reason: str = "",
    baseline_accuracy: float | None = None,
    baseline_rows: str = "",
) -> Performance:
    """Tell what was measured on the labelled rows, beside the verdict on it.

    Parameters
    ----------
    report
        What `training.multiclass.measure` returned.
    degraded, reason
        The verdict on performance.
    baseline_accuracy, baseline_rows
        What was expected of the champion, and in words on which rows.

    Examples
    --------
    >>> from driftwatch_assets.training.multiclass import measure
    >>> performance_of(measure(["a", "b"], ["a", "a"])).classes
    ('a', 'b')
    """
    return Performance(
        rows=report.rows,
        accuracy=report.accuracy,
        interval=(report.accuracy_low, report.accuracy_high),
        f1_macro=report.f1_macro,
        per_class=report.per_class,
        confusion=report.confusion.to_numpy(),
        classes=tuple(str(name) for name in report.confusion.index),
        baseline_accuracy=baseline_accuracy,
        baseline_rows=baseline_rows,
        degraded=degraded,
        reason=reason,
    )


def confidence_of(report: MulticlassReport) -> float | None:
    """Give the mean confidence, or None where there was none."""
    value: Any = report.mean_confidence
    return None if math.isnan(value) else float(value)
