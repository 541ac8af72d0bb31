"""How much a batch drifted, and the words for it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch_assets.drift.policy import Severity

TINY = 1e-10


def features_needed(judged: int, share: float) -> int:
    """Give how many features must have drifted for the batch to have drifted: the share of the judged ones, but one."""
    return max(1, math.ceil(share * judged - 1e-9))


@dataclass(frozen=True)
class Score:
    """How much a batch drifted, and the features that it was read off.

    Attributes
    ----------
    value
        The score; 0 or more, infinite when a constant reference was left, 0 without a drifted feature.
    features
        How many of the drifted features count towards it.
    effect
        The effect that each of them has at least.
    """

    value: float
    features: int
    effect: float


def severity_score(effects: Sequence[float], judged: int, share: float) -> Score:
    """Weigh how far features moved by how many of them did.

    ``score = max over k of e[k] * min(1, sqrt(k / (share * judged)))`` with e[1] >= e[2] >= … the effects of the
    drifted features: the effect that the k strongest have at least, in full where they are the declared share of the
    judged features, and less, the fewer they are. Where a quarter counts in full, one feature of eight that moved by
    two standard deviations scores 1.41, and one of 128 scores 0.35. The score grows with each effect and each feature.

    Parameters
    ----------
    effects
        Of the drifted features, in any order.
    judged
        How many features were judged.
    share
        Share of the judged features, above 0 to 1, that counts in full.

    Examples
    --------
    >>> severity_score([2.0], judged=8, share=0.25)
    Score(value=1.4142135623730951, features=1, effect=2.0)
    >>> severity_score([0.9, 0.4, 0.8], judged=8, share=0.25)
    Score(value=0.8, features=2, effect=0.8)
    >>> severity_score([], judged=8, share=0.25)
    Score(value=0.0, features=0, effect=0.0)
    """
    best = Score(0.0, 0, 0.0)
    for count, effect in enumerate(sorted(effects, reverse=True), start=1):
        value = effect * min(1.0, math.sqrt(count / (share * judged)))
        if value > best.value:
            best = Score(value, count, effect)
    return best


def score_in_words(score: Score, judged: int, severity: Severity) -> str:
    """Say what a severity was read off.

    Examples
    --------
    >>> score_in_words(Score(1.41, 1, 2.0), 8, "high")
    '1 of 8 moved by 2.00 or more, which scores 1.41, so the severity is high'
    """
    if math.isinf(score.effect):
        return f"{score.features} of {judged} left a constant, however far, so the severity is {severity}"
    return (
        f"{score.features} of {judged} moved by {score.effect:.2f} or more, which scores {score.value:.2f}, so the "
        f"severity is {severity}"
    )


def graded(score: float, medium: float, high: float) -> Severity:
    """Grade a drift: the cut points belong to the higher grade."""
    return "high" if score >= high else "medium" if score >= medium else "low"


def percent(share: float) -> str:
    """Write a share."""
    return f"{100 * share:.3g} %"


def chance(pvalue: float) -> str:
    """Write an adjusted p-value."""
    return f"adjusted p < {TINY:g}" if pvalue < TINY else f"adjusted p {pvalue:.2g}"


def finite(value: float) -> float | None:
    """Give None for what JSON has no number for."""
    return value if math.isfinite(value) else None
