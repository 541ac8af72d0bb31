"""When an alert opens and when it resolves: told by the values alone, so that telling it again gives the same."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from driftwatch_assets.alerting.rule import AlertRule


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
    """

    opened_batch: str
    opened_value: float | None
    opened_by_run: str | None
    latest_batch: str
    latest_value: float | None
    resolved_batch: str | None = None
    resolved_value: float | None = None
    resolved_by_run: str | None = None

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
