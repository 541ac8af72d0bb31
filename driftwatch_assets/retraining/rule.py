"""A governance rule: a declared expression over performance and drift that says when a model must be retrained."""

from __future__ import annotations

import ast
import difflib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ConfigDict, RootModel, model_validator

from driftwatch_assets.retraining.metrics import METRICS
from driftwatch_assets.retraining.rule_text import RuleInvalid, names, number, parsed, source

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    Metrics = Mapping[str, float | None]

_COMPARISONS: Mapping[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Lt: lambda left, right: left < right,
    ast.LtE: lambda left, right: left <= right,
    ast.Gt: lambda left, right: left > right,
    ast.GtE: lambda left, right: left >= right,
    ast.Eq: lambda left, right: left == right,
    ast.NotEq: lambda left, right: left != right,
}


@dataclass(frozen=True)
class RulePart:
    """One comparison of a rule.

    Attributes
    ----------
    text
        As it was written.
    values
        Each metric that it names, with its value; None when that is not known.
    fires
        Whether the comparison holds; None when it cannot be told.
    """

    text: str
    values: tuple[tuple[str, float | None], ...]
    fires: bool | None

    @property
    def value(self) -> float | None:
        """The value of the first metric that it names."""
        return self.values[0][1]


@dataclass(frozen=True)
class RuleVerdict:
    """What a rule says of a set of metrics.

    Attributes
    ----------
    fires
        Whether the model must be retrained; None when metrics that decide it are not known.
    parts
        The comparisons, in the order of the text.
    reason
        One sentence for people.
    """

    fires: bool | None
    parts: tuple[RulePart, ...]
    reason: str


class Rule(RootModel[str]):
    """An expression such as ``auc < 0.70 or psi >= 0.2 or precision < 0.60 or recall < 0.50``.

    It has comparisons (``<  <=  >  >=  ==  !=``, also chained as in ``0.1 <= psi < 0.2``) of metrics and numbers,
    ``and``, ``or``, ``not`` and parentheses, and nothing else: it is read, never run. Each comparison names a metric
    at least, and each metric is one of `METRICS`.

    A metric that is not known (None, NaN or absent) makes its comparison neither true nor false, and the rule is
    decided in Kleene's three-valued logic: ``true or unknown`` is true, ``false and unknown`` is false, and what
    remains is unknown.

    Raises
    ------
    pydantic.ValidationError
        When the text is no such expression, or names what is no metric; the nearest name is told.

    References
    ----------
    S. C. Kleene, "Introduction to Metamathematics" (1952), section 64.

    Examples
    --------
    >>> rule = Rule("auc < 0.70 or recall < 0.50")
    >>> rule.names
    ('auc', 'recall')
    >>> rule.evaluate({"auc": 0.788, "recall": 0.455}).reason
    'the rule fires: recall < 0.50 holds (recall is 0.455)'
    >>> rule.evaluate({"auc": 0.788}).fires is None
    True
    >>> Rule("acc < 0.8")
    Traceback (most recent call last):
    ...
    pydantic_core._pydantic_core.ValidationError: 1 validation error for Rule
      Value error, the rule names 'acc', which is no metric; did you mean 'auc'?...
    """

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="after")
    def _readable(self) -> Rule:
        _refuse_unknown(names(parsed(self.text)), METRICS, "is no metric")
        return self

    @property
    def text(self) -> str:
        """The rule on one line."""
        return " ".join(self.root.split())

    @property
    def names(self) -> tuple[str, ...]:
        """The metrics that it names, once each, in the order of the text."""
        return tuple(dict.fromkeys(names(parsed(self.text))))

    def require(self, measured: Collection[str], of: str) -> None:
        """Refuse the rule where it names a metric that is never measured.

        Parameters
        ----------
        measured
            The metrics that there will be.
        of
            What they are measured of, for the message, such as ``"a multiclass model"``.

        Raises
        ------
        RuleInvalid
            With the name, the nearest measured one and all of them.

        Examples
        --------
        >>> Rule("auc < 0.7").require({"accuracy", "psi"}, "a multiclass model")
        Traceback (most recent call last):
        ...
        driftwatch_assets.retraining.rule_text.RuleInvalid: the rule names 'auc', which is not measured of a \
multiclass model; it may name accuracy, psi
        """
        _refuse_unknown(self.names, measured, f"is not measured of {of}")

    def evaluate(self, metrics: Metrics) -> RuleVerdict:
        """Decide the rule.

        Parameters
        ----------
        metrics
            Value by name. None, NaN and absent names are not known; names that the rule does not use are left alone.
        """
        text = self.text
        known = {name: _known(metrics.get(name)) for name in self.names}
        parts: list[RulePart] = []
        fires = _evaluated(parsed(text), text, known, parts)
        return RuleVerdict(fires, tuple(parts), _in_words(fires, parts, known))

    def __str__(self) -> str:
        """Give the rule on one line."""
        return self.text


def _refuse_unknown(named: Iterable[str], known: Collection[str], what: str) -> None:
    for name in named:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"it may name {', '.join(sorted(known))}"
            raise RuleInvalid(f"the rule names {name!r}, which {what}; {hint}")


def _known(value: float | None) -> float | None:
    number = math.nan if value is None else float(value)
    return None if math.isnan(number) else number


def _evaluated(node: ast.expr, text: str, known: Metrics, parts: list[RulePart]) -> bool | None:
    if isinstance(node, ast.BoolOp):
        values = [_evaluated(value, text, known, parts) for value in node.values]
        return _all(values) if isinstance(node.op, ast.And) else _not(_all(_not(value) for value in values))
    if isinstance(node, ast.Compare):
        part = _compared(node, text, known)
        parts.append(part)
        return part.fires
    if isinstance(node, ast.UnaryOp):
        return _not(_evaluated(node.operand, text, known, parts))
    raise TypeError(f"a rule that was checked holds {ast.dump(node)}")


def _compared(node: ast.Compare, text: str, known: Metrics) -> RulePart:
    operands = [node.left, *node.comparators]
    named = dict.fromkeys(operand.id for operand in operands if isinstance(operand, ast.Name))
    values = [known[each.id] if isinstance(each, ast.Name) else number(each, text) for each in operands]
    holds = _all(
        None if left is None or right is None else _COMPARISONS[type(operator)](left, right)
        for operator, left, right in zip(node.ops, values, values[1:], strict=False)
    )
    return RulePart(source(node, text), tuple((name, known[name]) for name in named), holds)


def _all(values: Iterable[bool | None]) -> bool | None:
    found = list(values)
    return False if False in found else None if None in found else True


def _not(value: bool | None) -> bool | None:
    return None if value is None else not value


def _in_words(fires: bool | None, parts: Sequence[RulePart], known: Metrics) -> str:
    if fires is None:
        missing = [name for name, value in known.items() if value is None]
        return f"not decided: {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not known"
    telling = [part for part in parts if part.fires is fires] or parts
    said = "; ".join(_said(part) for part in telling)
    return f"the rule {'fires' if fires else 'does not fire'}: {said}"


def _said(part: RulePart) -> str:
    verb = {True: "holds", False: "does not hold", None: "cannot be told"}[part.fires]
    values = ", ".join(f"{name} is {'not known' if value is None else f'{value:.5g}'}" for name, value in part.values)
    return f"{part.text} {verb} ({values})"
