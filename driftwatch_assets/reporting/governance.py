"""A declared rule for retraining, and whether it fires on a batch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class GovernancePart:
    """One comparison of a rule.

    Attributes
    ----------
    text
        As declared, such as ``"auc < 0.70"``.
    value
        The measured figure; None when it is not known.
    fires
        Whether the comparison holds; None when it could not be told.
    """

    text: str
    value: float | None
    fires: bool | None


@dataclass(frozen=True)
class Governance:
    """A declared rule for retraining, and what it says of a batch.

    Attributes
    ----------
    rule
        As declared, such as ``"auc < 0.70 or psi >= 0.2"``.
    fires
        Whether it asks for a retraining; None when it could not be told.
    parts
        Its comparisons, in order.
    reason
        One sentence for people.
    """

    rule: str
    fires: bool | None
    parts: tuple[GovernancePart, ...] = ()
    reason: str = ""
