"""One batch in the history of a model."""

from __future__ import annotations

from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from driftwatch_assets.reporting.errors import ReportContentError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RATE = "anomaly_rate"
_SAME = {
    "accuracy": (
        ("value", "accuracy"),
        ("value_low", "accuracy_low"),
        ("value_high", "accuracy_high"),
        ("frozen_value", "frozen_accuracy"),
        ("previous_value", "previous_accuracy"),
    ),
    RATE: (("value", RATE),),
}


@dataclass(frozen=True)
class HistoryEntry:
    """One batch in the model's history, and what happened after it.

    Where accuracy is the metric, `value` and the accuracy are one: what is given of one is known of the other.

    Attributes
    ----------
    batch, rows
        Its key and its rows.
    champion_trained_through
        The last batch that its champion had seen; None when there was no champion.
    accuracy, f1_macro
        Of that champion on this batch, 0 to 1; None while labels are not known.
    accuracy_low, accuracy_high
        95 % interval of the accuracy, when it is to be drawn.
    frozen_accuracy
        What the first champion, never retrained, reaches on this batch.
    previous_accuracy
        What the champion before this one would have reached on this batch.
    drift_detected, severity, drifted_features
        The verdict, and the number of drifted features.
    checks_failed
        The number of failed checks.
    retrained, promoted
        Whether a model was trained through this batch, and whether it became champion.
    metric
        What the model is judged by.
    value, value_low, value_high
        The metric of the champion on this batch, 0 to 1, with its 95 % interval; None while it is not known.
    frozen_value, previous_value
        The metric of the first champion and of the champion before this one, on this batch.
    anomaly_rate
        Share of the rows that is called anomalous, 0 to 1; None where the task has labels. It is `value` where the
        metric is ``"anomaly_rate"``.
    contamination
        The share that was declared.
    degraded
        Whether the metric counts as degraded, or the rate as off the declared share; None where that could not be told.
    """

    batch: str
    rows: int | None = None
    champion_trained_through: str | None = None
    accuracy: float | None = None
    f1_macro: float | None = None
    accuracy_low: float | None = None
    accuracy_high: float | None = None
    frozen_accuracy: float | None = None
    previous_accuracy: float | None = None
    drift_detected: bool | None = None
    severity: str | None = None
    drifted_features: int | None = None
    checks_failed: int | None = None
    retrained: bool = False
    promoted: bool = False
    metric: str = "accuracy"
    value: float | None = None
    value_low: float | None = None
    value_high: float | None = None
    frozen_value: float | None = None
    previous_value: float | None = None
    anomaly_rate: float | None = None
    contamination: float | None = None
    degraded: bool | None = None

    def __post_init__(self) -> None:
        for pair in _SAME.get(self.metric, ()):
            given = [getattr(self, name) for name in pair]
            known = next((each for each in given if each is not None), None)
            for name in pair:
                if getattr(self, name) is None:
                    object.__setattr__(self, name, known)

    @property
    def waits_for_labels(self) -> bool:
        """Whether the batch was predicted by a champion, and how well is not known yet."""
        known = self.metric == RATE or self.value is not None or self.anomaly_rate is not None
        return self.champion_trained_through is not None and self.rows != 0 and not known

    @classmethod
    def of(cls, record: Mapping[str, Any] | HistoryEntry) -> HistoryEntry:
        """Read an entry from a record of the history; lists (of features, of checks) become their length.

        Of a batch that was not judged (`drift_detected` is None), no number of drifted features is told.

        Raises
        ------
        ReportContentError
            The record has a field that no entry has, or no batch.

        Examples
        --------
        >>> HistoryEntry.of({"batch": 7, "accuracy": 0.87, "drifted_features": ["a", "b"]}).drifted_features
        2
        >>> HistoryEntry.of({"batch": 1, "drift_detected": None, "drifted_features": []}).drifted_features is None
        True
        >>> HistoryEntry.of({"batch": "7", "accuracy": 0.87}).value
        0.87
        >>> try:
        ...     HistoryEntry.of({"batch": "7", "acuracy": 0.87})
        ... except ReportContentError as error:
        ...     print(error)
        a history record has the field 'acuracy', which no entry has; did you mean 'accuracy'?
        """
        if isinstance(record, HistoryEntry):
            return record
        names = [each.name for each in fields(cls)]
        values: dict[str, Any] = {}
        for name, value in record.items():
            if name not in names:
                near = get_close_matches(name, names, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"valid fields are {', '.join(names)}"
                raise ReportContentError(f"a history record has the field {name!r}, which no entry has; {hint}")
            values[name] = len(value) if isinstance(value, list | tuple | set | frozenset) else value
        if "batch" not in values:
            raise ReportContentError(f"a history record names no batch: it has {', '.join(record) or 'no field'}")
        if record.get("drift_detected", "not told") is None:
            values["drifted_features"] = None
        values["batch"] = str(values["batch"])
        values["retrained"] = bool(values.get("retrained"))
        values["promoted"] = bool(values.get("promoted"))
        return cls(**values)


def retrained_places(history: Sequence[HistoryEntry]) -> tuple[int, ...]:
    """Give the places of the batches after which a model was trained while there was a champion already.

    A batch without rows names no champion, whether or not there is one: the batches before it tell.

    Examples
    --------
    >>> first, second = HistoryEntry("1", promoted=True), HistoryEntry("2", rows=0, promoted=True)
    >>> retrained_places([first, second])
    (1,)
    """
    places = []
    champion_before = False
    for at, entry in enumerate(history):
        champion_before = champion_before or entry.champion_trained_through is not None
        if champion_before and (entry.retrained or entry.promoted):
            places.append(at)
        champion_before = champion_before or entry.promoted
    return tuple(places)


def judged_by(history: Sequence[HistoryEntry]) -> str:
    """Name the metric that a history is told by: that of the newest batch with a value.

    Examples
    --------
    >>> judged_by([HistoryEntry("1", accuracy=0.9), HistoryEntry("2", metric="auc", value=0.8), HistoryEntry("3")])
    'auc'
    >>> judged_by([])
    'accuracy'
    """
    with_value = [each.metric for each in history if each.value is not None]
    return (with_value or [each.metric for each in history] or ["accuracy"])[-1]
