"""When an alert opens and when it resolves: told by the values alone, so that telling it again gives the same."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from driftwatch_assets.alerting.rule import AlertRule, Condition


CHOSEN_ASSETS = "chosen assets"
"""What stands for the job of a run that a person launched from the asset graph."""


@dataclass(frozen=True)
class AlertSpan:
    """A stretch of batches over which a rule failed.

    Attributes
    ----------
    opened_batch
        The first batch that failed; of a failed run without a batch, its job.
    opened_value
        The rule's metric there; None for runs.
    opened_by_run
        The run that measured it, or that failed.
    latest_batch, latest_value
        The last batch that failed, and its value.
    resolved_batch, resolved_value, resolved_by_run
        The first batch after it that passed; None while the rule fails.
    condition, threshold
        What the values fail by, where the rule itself does not say.
    """

    opened_batch: str
    opened_value: float | None
    opened_by_run: str | None
    latest_batch: str
    latest_value: float | None
    resolved_batch: str | None = None
    resolved_value: float | None = None
    resolved_by_run: str | None = None
    condition: Condition | None = None
    threshold: float | None = None

    @property
    def resolved(self) -> bool:
        """Whether the rule passes again."""
        return self.resolved_batch is not None


def spans(rule: AlertRule, values: Iterable[tuple[str, float | None, str | None]]) -> list[AlertSpan]:
    """Tell over which batches a rule failed.

    An alert opens at the first failing batch, stays while batches fail, and resolves at the first one that passes.
    A batch whose value is not known changes nothing. A rule that is not enabled has none.

    Parameters
    ----------
    rule
        The rule.
    values
        ``(batch, value, run)`` in batch order, each batch once; value and run are None where they are not known.

    Returns
    -------
    list of AlertSpan
        In batch order; only the last one may be unresolved.

    Examples
    --------
    >>> from driftwatch_assets.alerting import AlertRule
    >>> rule = AlertRule(name="accuracy_low", metric="accuracy", condition="<", threshold=0.7, severity="high")
    >>> values = [("7", 0.8, None), ("8", 0.6, None), ("9", None, None), ("10", 0.5, None), ("11", 0.9, None)]
    >>> [(span.opened_batch, span.latest_batch, span.resolved_batch) for span in spans(rule, values)]
    [('8', '10', '11')]
    """
    found: list[AlertSpan] = []
    if not rule.enabled:
        return found
    for batch, value, run in values:
        failed = rule.failed(value)
        if failed is None:
            continue
        is_open = bool(found) and not found[-1].resolved
        if failed and is_open:
            found[-1] = replace(found[-1], latest_batch=batch, latest_value=value)
        elif failed:
            found.append(AlertSpan(batch, value, run, batch, value))
        elif is_open:
            found[-1] = replace(found[-1], resolved_batch=batch, resolved_value=value, resolved_by_run=run)
    return found


@dataclass(frozen=True)
class EndedRun:
    """How a run ended.

    Attributes
    ----------
    run_id
        Dagster's id of it.
    job
        What it ran.
    batch
        The batch that it was for, where there is one.
    failed
        Whether it failed; a run that was cancelled neither failed nor passed and is not given.
    ended_at
        When it ended.
    """

    run_id: str
    job: str
    batch: str | None
    failed: bool
    ended_at: datetime


def run_spans(runs: Sequence[EndedRun]) -> list[AlertSpan]:
    """Tell for which batches runs have failed.

    A batch fails while the latest run of any job for it has failed; what one job failed at is mended by a later run of
    the same job, and what a run of chosen assets failed at by whatever succeeds for the batch afterwards. Of a batch
    that failed more than once the latest stretch is given. Runs without a batch are known by their job.

    Parameters
    ----------
    runs
        Runs that ended, in any order.

    Returns
    -------
    list of AlertSpan
        One a batch that ever failed, in the order in which they opened.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> noon, one = (datetime(2026, 1, 1, hour, tzinfo=UTC) for hour in (12, 13))
    >>> failed = EndedRun("a1", "batch", "7", failed=True, ended_at=noon)
    >>> run_spans([failed])[0].resolved
    False
    >>> run_spans([failed, EndedRun("b2", "batch", "7", failed=False, ended_at=one)])[0].resolved_by_run
    'b2'
    """
    failing: dict[str, set[str]] = {}
    found: dict[str, AlertSpan] = {}
    for run in sorted(runs, key=lambda each: (each.ended_at, each.run_id)):
        known_by = run.batch if run.batch is not None else run.job
        jobs = failing.setdefault(known_by, set())
        if run.failed:
            if not jobs:
                found.pop(known_by, None)
                found[known_by] = AlertSpan(known_by, None, run.run_id, known_by, None)
            jobs.add(run.job)
        elif jobs & {run.job, CHOSEN_ASSETS}:
            jobs -= {run.job, CHOSEN_ASSETS}
            if not jobs:
                found[known_by] = replace(found[known_by], resolved_batch=known_by, resolved_by_run=run.run_id)
    return list(found.values())


@dataclass(frozen=True)
class Refusal:
    """The absolute gate that a challenger did not pass: it fails where ``value <condition> threshold``."""

    gate: str
    value: float
    condition: Condition
    threshold: float


@dataclass(frozen=True)
class JudgedChallenger:
    """What the gates decided of a challenger.

    Attributes
    ----------
    batch
        The batch that it was trained through.
    run
        The run that trained it, where it is known.
    promoted
        Whether it was promoted.
    refusal
        What refused it; None where it was promoted, or only did not beat the champion.
    """

    batch: str
    run: str | None
    promoted: bool
    refusal: Refusal | None


def refusal_spans(challengers: Iterable[JudgedChallenger]) -> list[AlertSpan]:
    """Tell over which trainings challengers were refused by an absolute gate.

    An alert opens with the first one that is refused and resolves with the next that is promoted. One that only does
    not beat the champion changes nothing.

    Parameters
    ----------
    challengers
        In the order of the batches that they were trained through.

    Examples
    --------
    >>> low = Refusal("minimum", 0.73, "<", 0.8)
    >>> judged = [("3", False, low), ("4", False, None), ("5", False, low), ("6", True, None)]
    >>> [span] = refusal_spans(JudgedChallenger(batch, None, *rest) for batch, *rest in judged)
    >>> span.opened_batch, span.latest_batch, span.resolved_batch, span.threshold
    ('3', '5', '6', 0.8)
    """
    found: list[AlertSpan] = []
    gate = ""
    for one in challengers:
        is_open = bool(found) and not found[-1].resolved
        why = one.refusal
        if why is not None and is_open:
            # Values of two gates cannot be compared: the threshold is that of the gate that opened.
            value = why.value if why.gate == gate else found[-1].latest_value
            found[-1] = replace(found[-1], latest_batch=one.batch, latest_value=value)
        elif why is not None:
            gate, value = why.gate, why.value
            opened = AlertSpan(one.batch, value, one.run, one.batch, value)
            found.append(replace(opened, condition=why.condition, threshold=why.threshold))
        elif one.promoted and is_open:
            found[-1] = replace(found[-1], resolved_batch=one.batch, resolved_by_run=one.run)
    return found


FAILED_LOOKS = 2
"""So many looks at a source fail in a row before anybody is told: one alone may be a server that restarts."""


@dataclass(frozen=True)
class Outage:
    """A stretch of looks at a source that failed.

    Attributes
    ----------
    since
        When the first one failed.
    looks
        How many have failed.
    error
        What the last one said.
    ended_at
        When a look succeeded again; None while they fail.
    """

    since: datetime
    looks: int
    error: str
    ended_at: datetime | None = None

    @property
    def known_by(self) -> str:
        """What stands for a batch, since none came of it."""
        return _moment(self.since)

    @property
    def ended_with(self) -> str | None:
        """What stands for the batch that resolved it."""
        return None if self.ended_at is None else _moment(self.ended_at)


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def outage_spans(outages: Iterable[Outage]) -> list[AlertSpan]:
    """Tell when a source could not be looked at: from the second failed look in a row until one succeeds.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> noon, one = (datetime(2026, 1, 1, hour, tzinfo=UTC) for hour in (12, 13))
    >>> outage_spans([Outage(noon, 1, "the database does not answer")])
    []
    >>> [span] = outage_spans([Outage(noon, 360, "the database does not answer", ended_at=one)])
    >>> span.opened_batch, span.resolved_batch
    ('2026-01-01 12:00:00 UTC', '2026-01-01 13:00:00 UTC')
    """
    return [
        AlertSpan(one.known_by, None, None, one.known_by, None, resolved_batch=one.ended_with)
        for one in outages
        if one.looks >= FAILED_LOOKS
    ]
