"""A declared rule for retraining, and whether it fires on a batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from driftwatch_assets.reporting.errors import ReportContentError

if TYPE_CHECKING:
    from collections.abc import Mapping


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


def governance_from(stored: Mapping[str, Any], rule: str = "") -> Governance:
    """Tell what a rule says of a batch, as it is stored.

    Parameters
    ----------
    stored
        ``fires``, ``parts`` (each ``text``, ``fires``, and ``value`` or ``values`` as pairs of a name and a value),
        ``reason``, and ``rule`` where that is not given.
    rule
        The rule as declared.

    Raises
    ------
    ReportContentError
        A field is absent.

    Examples
    --------
    >>> part = {"text": "recall < 0.50", "values": [["recall", 0.455]], "fires": True}
    >>> found = governance_from({"fires": True, "parts": [part], "reason": "the rule fires"}, "recall < 0.50")
    >>> found.parts[0].value, found.parts[0].fires
    (0.455, True)
    """
    absent = [name for name in ("fires", "parts") if name not in stored]
    if absent:
        raise ReportContentError(
            f"the verdict of a rule lacks {', '.join(absent)}; it has {', '.join(map(str, stored)) or 'nothing'}"
        )
    return Governance(
        rule=rule or str(stored.get("rule", "")),
        fires=stored["fires"],
        parts=tuple(_part(each) for each in stored["parts"]),
        reason=stored.get("reason") or "",
    )


def _part(stored: Mapping[str, Any]) -> GovernancePart:
    named = stored.get("values") or [("", stored.get("value"))]
    return GovernancePart(str(stored["text"]), named[0][1], stored["fires"])
