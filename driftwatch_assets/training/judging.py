"""Challenger against champion: the statistic, the verdict of the gates, and the decision, each by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from driftwatch_assets.quoting import quoted
from driftwatch_assets.training.anomaly import AnomalyReport
from driftwatch_assets.training.declaration import DECIMALS
from driftwatch_assets.training.finishing import said
from driftwatch_assets.training.report import measure_task
from driftwatch_assets.training.scores import Score, paired_scores, plain_scores

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    import pandas as pd

    from driftwatch_assets.training.declaration import Gates
    from driftwatch_assets.training.report import Report
    from driftwatch_assets.training.task import Metric, Task

GateName = Literal[
    "minimum", "must_reach_contamination", "must_beat_champion", "margin", "maximum_gap", "per_class_floor"
]

ABSOLUTE: frozenset[GateName] = frozenset({"minimum", "must_reach_contamination", "maximum_gap", "per_class_floor"})
"""The gates that no champion is needed for: who does not pass them is not good enough, whatever serves."""


@dataclass(frozen=True)
class Comparison:
    """What was measured on the judging rows.

    Attributes
    ----------
    metric
        The declared metric.
    rows
        Judging rows.
    challenger, champion
        Their metric with intervals; no champion at the first training.
    difference
        Challenger minus champion, paired.
    challenger_report, champion_report
        All metrics of each.
    train_score
        The challenger's metric on the rows that it was fitted on, for the gate `maximum_gap` and nothing else; None
        where that gate is not declared.

    """

    metric: Metric
    rows: int
    challenger: Score
    champion: Score | None
    difference: Score | None
    challenger_report: Report
    champion_report: Report | None
    train_score: float | None = None

    @property
    def gap(self) -> float | None:
        """By how much the metric is higher on the rows that the challenger was fitted on."""
        return None if self.train_score is None else self.train_score - self.challenger.value


@dataclass(frozen=True)
class GateResult:
    """One gate's verdict.

    Attributes
    ----------
    gate
        Which gate.
    value
        What was measured.
    threshold
        What it was held against.
    passed
        Whether it was passed.
    sentence
        The verdict in words.

    """

    gate: GateName
    value: float
    threshold: float
    passed: bool
    sentence: str


@dataclass(frozen=True)
class Promotion:
    """What happens to the challenger.

    Attributes
    ----------
    promote
        Whether it becomes champion.
    reason
        One sentence.

    """

    promote: bool
    reason: str

    @property
    def gate_result(self) -> Literal["promoted", "refused"]:
        """How the registry calls it."""
        return "promoted" if self.promote else "refused"


def compare(
    labels: Any,
    challenger: pd.DataFrame,
    champion: pd.DataFrame | None,
    *,
    metric: Metric,
    task: Task,
    seed: int,
    thresholds: tuple[float | None, float | None] = (None, None),
    seen: tuple[Any, pd.DataFrame] | None = None,
) -> Comparison:
    """Measure challenger and champion on the same judging rows.

    Parameters
    ----------
    labels
        Class names, shape (rows,); not read for an anomaly task.
    challenger, champion
        Predictions of the rows (see `predict`); None where there is no champion.
    metric, seed
        See `TrainingDeclaration`.
    task
        The declared task.
    thresholds
        The thresholds that challenger and champion apply, for the reports.
    seen
        Labels of the rows that the challenger was fitted on, and what it says of them, for the gap.

    """
    guesses = {"challenger": challenger} if champion is None else {"challenger": challenger, "champion": champion}
    paired = paired_scores(
        [("judging rows", labels, {name: said(task, metric, one) for name, one in guesses.items()})],
        metric,
        seed=seed,
        task=task,
    )
    trained = None
    if seen is not None:
        rows = [("rows that were fitted on", seen[0], {"challenger": said(task, metric, seen[1])})]
        trained = plain_scores(rows, metric, task=task)["challenger"]
    reports = {
        name: measure_task(task, labels, one, threshold=threshold)
        for (name, one), threshold in zip(guesses.items(), thresholds, strict=False)
    }
    return Comparison(
        metric=metric,
        rows=len(challenger),
        challenger=paired.scores["challenger"],
        champion=paired.scores.get("champion"),
        difference=None if champion is None else paired.difference("challenger", "champion"),
        challenger_report=reports["challenger"],
        champion_report=reports.get("champion"),
        train_score=trained,
    )


def judge(comparison: Comparison, gates: Gates) -> tuple[GateResult, ...]:
    """Hold the comparison against the declared gates.

    Rules, with m the challenger's metric, d its difference to the champion and t the challenger's metric on the rows
    that it was fitted on: `minimum` passes when m ≥ threshold, `must_reach_contamination` of an anomaly task when the
    upper bound of the rate's interval is ≥ the contamination, `must_beat_champion` when d > 0, `margin` when
    d ≥ -threshold, `maximum_gap` when t - m ≤ threshold, `per_class_floor` when the least recall among the classes with
    at least `per_class_support` judging rows is ≥ threshold. Without a champion the two that compare are left out.

    For `rate_fit`, `must_beat_champion` passes when the 95 % interval of d reaches 0 or more. Challenger and champion
    are both held to the same declared contamination, on rows that neither saw, and a rate that keeps it cannot be kept
    better: there is nothing to win beyond it, while the challenger has learned from newer rows. So it takes over unless
    it clearly keeps the rate worse; who allows less declares `margin`.

    Examples
    --------
    >>> import pandas as pd
    >>> from driftwatch_assets.training.declaration import Gates
    >>> from driftwatch_assets.training.task import Multiclass
    >>> def guessed(guess):
    ...     return pd.DataFrame({"predicted": guess, "confidence": 1.0})
    >>> measured = compare(
    ...     ["a", "b"] * 20,
    ...     guessed(["a", "b"] * 20),
    ...     guessed(["a", "a"] * 20),
    ...     metric="accuracy",
    ...     task=Multiclass(id="row", label="kind", classes=["a", "b"]),
    ...     seed=1,
    ... )
    >>> [(gate.gate, gate.passed) for gate in judge(measured, Gates(minimum=0.9))]
    [('minimum', True), ('must_beat_champion', True)]

    """
    results: list[GateResult] = []
    value = comparison.challenger.value
    if gates.minimum is not None:
        passed = value >= gates.minimum
        words = "reaches" if passed else "stays below"
        sentence = f"{comparison.metric} {comparison.challenger} {words} the minimum of {gates.minimum:.4f}"
        results.append(GateResult("minimum", value, gates.minimum, passed, sentence))
    if gates.must_reach_contamination and isinstance(comparison.challenger_report, AnomalyReport):
        results.append(_contamination(comparison.challenger_report))
    if comparison.difference is not None:
        gain = round(comparison.difference.value, DECIMALS)
        against = f"champion on the same {comparison.rows} rows: difference {comparison.difference}"
        if gates.must_beat_champion and comparison.metric == "rate_fit":
            passed = comparison.difference.high >= 0
            sentence = f"the rate is kept {'no worse' if passed else 'worse'} than by the {against}"
            results.append(GateResult("must_beat_champion", comparison.difference.high, 0.0, passed, sentence))
        elif gates.must_beat_champion:
            passed = gain > 0
            sentence = f"{'better than' if passed else 'no better than'} the {against}"
            results.append(GateResult("must_beat_champion", gain, 0.0, passed, sentence))
        if gates.margin is not None:
            passed = gain >= -gates.margin
            words = "at most" if passed else "more than"
            sentence = f"worse by {words} {gates.margin:.4f} than the {against}"
            results.append(GateResult("margin", gain, -gates.margin, passed, sentence))
    if gates.maximum_gap is not None and comparison.gap is not None:
        passed = gates.gap_allowed(comparison.gap)
        sentence = (
            f"{comparison.metric} is {comparison.gap:.4f} higher on the rows that were fitted on "
            f"({comparison.train_score:.4f}), {'at most' if passed else 'more than'} the gap of {gates.maximum_gap:.4f}"
        )
        results.append(GateResult("maximum_gap", comparison.gap, gates.maximum_gap, passed, sentence))
    if gates.per_class_floor is not None:
        results += _per_class(comparison, gates, gates.per_class_floor)
    return tuple(results)


def decide(gates: Sequence[GateResult], *, first: bool) -> Promotion:
    """Promote when every gate was passed.

    Examples
    --------
    >>> decide([], first=True).reason
    'promoted: the first model, and no gate was declared'

    """
    failed = [gate.sentence for gate in gates if not gate.passed]
    if failed:
        return Promotion(promote=False, reason=f"refused: {'; '.join(failed)}")
    evidence = "; ".join(gate.sentence for gate in gates) or "no gate was declared"
    return Promotion(promote=True, reason=f"promoted: {'the first model, and ' if first else ''}{evidence}")


def _contamination(report: AnomalyReport) -> GateResult:
    """Refuse a rate that is lower than declared by more than chance: near 0 it is close by, and says nothing."""
    declared = report.task.contamination
    passed = report.rate_high >= declared
    rate = Score(report.rate, report.rate_low, report.rate_high)
    sentence = f"rate {rate} {'reaches' if passed else 'stays below'} the declared contamination of {declared:.4f}"
    return GateResult("must_reach_contamination", report.rate_high, declared, passed, sentence)


def _per_class(comparison: Comparison, gates: Gates, floor: float) -> list[GateResult]:
    classes = getattr(comparison.challenger_report, "per_class", None)
    if classes is None:
        return []
    gated = classes[classes["support"] >= gates.per_class_support]
    if gated.empty:
        return []
    weakest = str(gated["recall"].idxmin())
    recall = float(gated["recall"].min())
    support = int(gated["support"].loc[weakest])
    passed = recall >= floor
    sentence = (
        f"weakest class {quoted(weakest)} is found in {recall:.4f} of its {support} rows, "
        f"{'at least' if passed else 'below'} the floor of {floor:.4f}"
    )
    return [GateResult("per_class_floor", recall, floor, passed, sentence)]
