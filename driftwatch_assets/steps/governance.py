"""The declared rule for retraining, held against what is known of a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch_assets.results import Governance, RulePart
from driftwatch_assets.steps.evidence import load_drift, load_performance
from driftwatch_assets.steps.figures import correlation_change, figures_on_arrival
from driftwatch_assets.steps.labels import known_with
from driftwatch_assets.steps.outcome import CheckOutcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from driftwatch_assets.results import CorrelationDrift
    from driftwatch_assets.steps.watched import Watched

CHECK = "governance"
_CONFIDENCE = "mean_confidence"
"""The one figure of a performance for which no label is needed."""


def govern(
    watched: Watched, batch: str, measured: Mapping[str, float | None], correlation: CorrelationDrift | None = None
) -> tuple[Governance, CheckOutcome] | None:
    """Evaluate the rule on a batch; `None` where none is declared.

    What is not known yet decides nothing: a rule over AUC and PSI can fire on the PSI while labels are awaited, and
    cannot pass before they are there.

    Parameters
    ----------
    watched, batch
        The model and its batch.
    measured
        What its performance came to; empty while labels are not known. `psi` and `wasserstein_scaled` are those of
        the champion's score against the rows that judged it, `drifted_share` is the share of drifted features.
    correlation
        What was judged of the features' relations with late labels; `None`: what was judged with the drift.

    """
    rule = watched.declaration.retraining.rule
    if rule is None:
        return None
    drift = load_drift(watched, batch)
    arrived = {**figures_on_arrival(drift), _CONFIDENCE: measured.get(_CONFIDENCE)}
    labelled = {
        "labelled_rows": None if drift is None else drift.labelled_rows,
        **{name: value for name, value in measured.items() if name != _CONFIDENCE},
        "correlation_change": correlation_change(correlation or (None if drift is None else drift.correlation_drift)),
    }
    verdict = rule.evaluate({**labelled, **arrived})
    on_arrival = rule.evaluate(arrived).fires is True
    by_labels = rule.evaluate(labelled).fires is True
    found = Governance(
        rule=str(rule),
        fires=verdict.fires,
        reason=verdict.reason,
        on_arrival=on_arrival,
        on_labels=verdict.fires is True and (by_labels or not on_arrival),
        parts=tuple(RulePart(text=part.text, value=part.value, fires=part.fires) for part in verdict.parts),
    )
    check = CheckOutcome(
        CHECK,
        passed=verdict.fires is not True,
        severity="error",
        description=verdict.reason,
        facts={"judged": verdict.fires is not None, "rule": str(rule)},
    )
    return found, check


def counts_at(watched: Watched, batch: str, check: str) -> tuple[str | None, ...]:
    """Give the batches at which a failed check of a batch's performance counts: when somebody could have acted on it.

    What only labels show counts where they become known. A rule that fires on what is known without them counts at
    the batch itself, and again with the labels only where these alone make it fire.
    """
    told = known_with(watched, batch)
    if check != CHECK or told == batch:
        return (told,)
    performance = load_performance(watched, batch)
    governed = None if performance is None else performance.governance
    if governed is None:
        return ()
    places = [batch] if governed.on_arrival else []
    return tuple([*places, told] if governed.on_labels else places)
