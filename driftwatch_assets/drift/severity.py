"""How much a batch drifted, and the words for it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch_assets.drift.policy import Severity

TINY = 1e-10


def features_needed(judged: int, share: float) -> int:
    """Give how many features must have drifted for the batch to have drifted: the share of the judged ones, but one."""
    return max(1, math.ceil(share * judged - 1e-9))


def effect_reached(effects: Sequence[float], judged: int, share: float) -> float:
    """Give the effect that the share of the judged features reach.

    Examples
    --------
    >>> effect_reached([0.9, 0.4, 0.2], judged=8, share=0.25), effect_reached([0.9], judged=8, share=0.25)
    (0.4, 0.0)
    """
    place = features_needed(judged, share)
    return sorted(effects, reverse=True)[place - 1] if place <= len(effects) else 0.0


def graded(effect: float, medium: float, high: float) -> Severity:
    """Give the severity of a drift."""
    return "high" if effect >= high else "medium" if effect >= medium else "low"


def percent(share: float) -> str:
    """Write a share."""
    return f"{100 * share:.3g} %"


def chance(pvalue: float) -> str:
    """Write an adjusted p-value."""
    return f"adjusted p < {TINY:g}" if pvalue < TINY else f"adjusted p {pvalue:.2g}"


def finite(value: float) -> float | None:
    """Give None for what JSON has no number for."""
    return value if math.isfinite(value) else None
