"""Alert rules: what is declared beside a monitored model, and when a value fails."""

from __future__ import annotations

import math
import operator
import re
from collections import Counter
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Condition = Literal["<", "<=", ">", ">="]
Severity = Literal["low", "medium", "high", "critical"]

SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high", "critical")
"""From the least to the most urgent."""

RUN_FAILED: Literal["run_failed"] = "run_failed"
PROMOTION_REFUSED: Literal["promotion_refused"] = "promotion_refused"
SOURCE_UNREADABLE: Literal["source_unreadable"] = "source_unreadable"
BUILT_IN: Mapping[str, str] = MappingProxyType(
    {
        RUN_FAILED: "failed runs",
        PROMOTION_REFUSED: "refused challengers",
        SOURCE_UNREADABLE: "sources that cannot be looked at",
    }
)
"""The names of the rules that are there without being declared, and what each is for; no declared rule may take one."""

_FAILS: Mapping[str, Callable[[float, float], bool]] = MappingProxyType(
    {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
)
_NAME = r"^[a-z][a-z0-9_]{0,62}$"
_MAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\"]+")


def mail_address(address: str) -> str:
    """Give a mail address as it is.

    Raises
    ------
    ValueError
        When it is none.
    """
    if not _MAIL.fullmatch(address):
        raise ValueError(f"{address!r} is no mail address, such as someone@example.org")
    return address


MailAddress = Annotated[str, AfterValidator(mail_address)]


class AlertRule(BaseModel):
    """A metric's condition that calls for a person: it fails where ``value <condition> threshold`` holds.

    Examples
    --------
    >>> rule = AlertRule(name="accuracy_low", metric="accuracy", condition="<", threshold=0.7, severity="high")
    >>> rule.failed(0.69), rule.failed(0.7), rule.failed(None)
    (True, False, None)
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=_NAME, description="Name of the rule, once a model, such as accuracy_low.")
    metric: str = Field(pattern=_NAME, description="The metric that it looks at, such as accuracy.")
    condition: Condition = Field(description="The rule fails where `value condition threshold` holds.")
    threshold: float = Field(allow_inf_nan=False, description="What the value is compared with.")
    severity: Severity = Field(description="How urgent it is: low, medium, high or critical.")
    enabled: bool = Field(default=True, description="Whether it is looked at; where not, its alerts resolve.")

    @model_validator(mode="after")
    def _not_reserved(self) -> AlertRule:
        if self.name in BUILT_IN:
            raise ValueError(
                f"{self.name} is the name of the rule for {BUILT_IN[self.name]}: choose another name, or set "
                f"`{self.name}:` beside `rules:`"
            )
        return self

    def failed(self, value: float | None) -> bool | None:
        """Tell whether a value fails; None where the value is not known (None or NaN)."""
        if value is None or math.isnan(value):
            return None
        return _FAILS[self.condition](value, self.threshold)


class BuiltInRule(BaseModel):
    """A rule that looks at no metric and is there without being declared; it may be switched off."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    metric: None = None
    condition: None = None
    threshold: None = None
    severity: Severity = Field(default="high", description="How urgent it is.")
    enabled: bool = Field(default=True, description="Whether it opens alerts.")


class RunRule(BuiltInRule):
    """The rule for runs: it fails while a batch's latest run of a job has failed."""

    name: Literal["run_failed"] = RUN_FAILED


class PromotionRule(BuiltInRule):
    """The rule for challengers: it fails from one that an absolute gate refused until one is promoted.

    A challenger that only does not beat the champion opens nothing: the champion is as good as it was, and the alert of
    whatever asked for the training says what came of it.
    """

    name: Literal["promotion_refused"] = PROMOTION_REFUSED


class SourceRule(BuiltInRule):
    """The rule for sources: it fails while looks at what has arrived fail, from the second one in a row on."""

    name: Literal["source_unreadable"] = SOURCE_UNREADABLE


class AlertPlan(BaseModel):
    """What calls for a person, and who is told besides the channels of the environment.

    Examples
    --------
    >>> plan = AlertPlan.model_validate({
    ...     "rules": [{"name": "psi_high", "metric": "psi", "condition": ">=", "threshold": 0.2, "severity": "medium"}],
    ... })
    >>> [rule.name for rule in plan.every]
    ['psi_high', 'run_failed', 'promotion_refused', 'source_unreadable']
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    recipients: tuple[MailAddress, ...] = Field(
        default=(), description="Mail addresses that mail channels also send to."
    )
    rules: tuple[AlertRule, ...] = Field(default=(), description="The rules, each under a name of its own.")
    run_failed: RunRule = Field(default_factory=RunRule, description="How failed runs are told of.")
    promotion_refused: PromotionRule = Field(
        default_factory=PromotionRule, description="How challengers are told of that an absolute gate refused."
    )
    source_unreadable: SourceRule = Field(
        default_factory=SourceRule, description="How a source is told of that cannot be looked at."
    )

    @model_validator(mode="after")
    def _named_once(self) -> AlertPlan:
        twice = [name for name, times in Counter(rule.name for rule in self.rules).items() if times > 1]
        if twice:
            raise ValueError(f"two alert rules are named {', '.join(twice)}: name each rule once")
        return self

    @property
    def every(self) -> tuple[AlertRule | BuiltInRule, ...]:
        """The declared rules and the built-in ones."""
        return (*self.rules, self.run_failed, self.promotion_refused, self.source_unreadable)
