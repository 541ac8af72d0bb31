"""One monitored model on the page over all models, and how much it needs a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from driftwatch_assets.reporting.errors import ReportContentError
from driftwatch_assets.reporting.history import HistoryEntry, judged_by, retrained_places

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SEVERITIES = ("low", "medium", "high", "critical")
"""From the mildest to the worst."""

_NEEDS = ("act", "look", "fine", "idle")


@dataclass(frozen=True)
class OpenAlert:
    """An alert that has not been resolved.

    Attributes
    ----------
    rule
        The rule's name.
    severity
        One of `SEVERITIES`.
    batch
        The batch that opened it; empty where a failed run without a batch did.
    acknowledged
        Whether somebody has taken it on.
    detail
        The value against the threshold in a few words, or what failed.

    Raises
    ------
    ReportContentError
        The severity is none of `SEVERITIES`.
    """

    rule: str
    severity: str
    batch: str = ""
    acknowledged: bool = False
    detail: str = ""

    def __post_init__(self) -> None:
        if self.severity not in SEVERITIES:
            raise ReportContentError(
                f"alert {self.rule!r} has the severity {self.severity!r}; valid severities are {', '.join(SEVERITIES)}"
            )


@dataclass(frozen=True)
class IndexEntry:
    """A monitored model as the page over all models tells of it.

    Attributes
    ----------
    model, title
        Its name, and its title for people; the name where that is empty.
    batches
        How many batches it has.
    batch, rows
        Its newest batch; None while there is none.
    metric
        What it is judged by, such as ``"auc"`` or ``"anomaly_rate"``.
    value, value_batch
        The metric of the newest batch on which it is known, and which batch that is.
    expected
        What was expected of the metric, or the declared share of anomalies; None where that is not known.
    trend
        The metric by batch, in batch order; None where it is not known.
    drift_detected, severity, drifted_features
        The verdict on the newest batch.
    degraded
        Whether the performance on `value_batch` counts as degraded; None where that could not be told.
    alerts
        What is open.
    champion_version, champion_trained_through
        The champion; None while there is none, or where its version is not known.
    retrainings, promotions
        Trainings after the first champion, and how many of them promoted a new one.
    failure
        What failed, where the newest run failed.
    links
        (Words, address) of its pages, the first of which is what its name leads to; empty while nothing is drawn.
    updated
        When the newest of it was recorded, in words.
    """

    model: str
    title: str = ""
    batches: int = 0
    batch: str | None = None
    rows: int | None = None
    metric: str = "accuracy"
    value: float | None = None
    value_batch: str | None = None
    expected: float | None = None
    trend: tuple[float | None, ...] = ()
    drift_detected: bool | None = None
    severity: str | None = None
    drifted_features: int | None = None
    degraded: bool | None = None
    alerts: tuple[OpenAlert, ...] = ()
    champion_version: str | int | None = None
    champion_trained_through: str | None = None
    retrainings: int = 0
    promotions: int = 0
    failure: str = ""
    links: tuple[tuple[str, str], ...] = ()
    updated: str = ""

    @property
    def need(self) -> str:
        """How much it needs a person.

        ``"act"``: its newest run failed, or a high or critical alert waits. ``"look"``: another alert is open, its
        newest batch drifted, or its newest known performance is degraded. ``"idle"``: it has no batch. ``"fine"``: none
        of these.

        Examples
        --------
        >>> IndexEntry("a", batch="7", alerts=(OpenAlert("auc_low", "high"),)).need
        'act'
        >>> IndexEntry("a", batch="7", alerts=(OpenAlert("auc_low", "high", acknowledged=True),)).need
        'look'
        >>> IndexEntry("a").need, IndexEntry("a", batch="7").need
        ('idle', 'fine')
        """
        if self.failure or any(worst >= SEVERITIES.index("high") for worst in self._ranks(acknowledged=False)):
            return "act"
        if self.alerts or self.degraded or self.drift_detected:
            return "look"
        return "fine" if self.batch is not None else "idle"

    @property
    def order(self) -> tuple[Any, ...]:
        """What entries are sorted by: the greatest need first, then the worst alert, drift, and the title."""
        waiting, taken = self._ranks(acknowledged=False), self._ranks(acknowledged=True)
        drift = (
            1 + (SEVERITIES.index(self.severity) if self.severity in SEVERITIES else 0) if self.drift_detected else 0
        )
        return (
            _NEEDS.index(self.need),
            not self.failure,
            -max(waiting, default=-1),
            -max(taken, default=-1),
            -len(self.alerts),
            not self.degraded,
            -drift,
            (self.title or self.model).casefold(),
            self.model,
        )

    def _ranks(self, *, acknowledged: bool) -> list[int]:
        return [SEVERITIES.index(each.severity) for each in self.alerts if each.acknowledged == acknowledged]

    @classmethod
    def of(cls, model: str, history: Sequence[Mapping[str, Any] | HistoryEntry], **known: Any) -> IndexEntry:
        """Read what a history tells; `known` gives the other fields, or replaces those read.

        Parameters
        ----------
        model
            Its name.
        history
            In batch order, as `driftwatch_assets.reporting.summary_json` writes it.
        known
            Other fields by name: title, alerts, champion_version, failure, links, …

        Raises
        ------
        ReportContentError
            A record has a field that no entry of a history has, or no batch.

        Examples
        --------
        >>> told = [{"batch": "6", "promoted": True}, {"batch": "7", "rows": 3613, "accuracy": 0.87}, {"batch": "8"}]
        >>> entry = IndexEntry.of("gas_sensors", told, title="Gas sensors")
        >>> entry.batch, entry.value, entry.value_batch, entry.champion_trained_through
        ('8', 0.87, '7', '6')
        """
        entries = [HistoryEntry.of(each) for each in history]
        metric = judged_by(entries)
        values = tuple(each.value if each.metric == metric else None for each in entries)
        scored = [(each, value) for each, value in zip(entries, values, strict=True) if value is not None]
        newest = entries[-1] if entries else None
        through = [each.batch for each in entries if each.promoted]
        again = [entries[at] for at in retrained_places(entries)]
        told: dict[str, Any] = {
            "batches": len(entries),
            "batch": None if newest is None else newest.batch,
            "rows": None if newest is None else newest.rows,
            "metric": metric,
            "value": scored[-1][1] if scored else None,
            "value_batch": scored[-1][0].batch if scored else None,
            "expected": scored[-1][0].contamination if scored else None,
            "trend": values,
            "drift_detected": None if newest is None else newest.drift_detected,
            "severity": None if newest is None else newest.severity,
            "drifted_features": None if newest is None else newest.drifted_features,
            "degraded": scored[-1][0].degraded if scored else None,
            "champion_trained_through": through[-1] if through else None,
            "retrainings": len(again),
            "promotions": sum(each.promoted for each in again),
        }
        return cls(model, **{**told, **known})
