"""What may be declared as an alert rule, and when a value fails it."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from driftwatch_assets.alerting import AlertPlan, AlertRule, PromotionRule, RunRule, SourceRule

GIVEN: dict[str, Any] = {
    "name": "accuracy_low",
    "metric": "accuracy",
    "condition": "<",
    "threshold": 0.7,
    "severity": "high",
}


def rule(**changed: Any) -> AlertRule:
    return AlertRule.model_validate({**GIVEN, **changed})


@pytest.mark.parametrize(
    ("condition", "below", "equal", "above"),
    [("<", True, False, False), ("<=", True, True, False), (">", False, False, True), (">=", False, True, True)],
)
def test_a_value_fails_where_the_condition_holds(condition: str, below: bool, equal: bool, above: bool) -> None:
    found = rule(condition=condition, threshold=0.5)
    assert [found.failed(value) for value in (0.4, 0.5, 0.6)] == [below, equal, above]
    assert [found.failed(value) for value in (-math.inf, math.inf)] == [below, above]


@pytest.mark.parametrize("value", [None, math.nan])
@pytest.mark.parametrize("condition", ["<", "<=", ">", ">="])
def test_a_value_that_is_not_known_neither_fails_nor_passes(condition: str, value: float | None) -> None:
    assert rule(condition=condition).failed(value) is None


@given(value=st.floats(allow_nan=False), threshold=st.floats(allow_nan=False, allow_infinity=False))
def test_a_condition_and_its_opposite_never_agree(value: float, threshold: float) -> None:
    for one, other in (("<", ">="), ("<=", ">")):
        assert rule(condition=one, threshold=threshold).failed(value) is not rule(
            condition=other, threshold=threshold
        ).failed(value)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"condition": "=="}, "'<', '<=', '>' or '>='"),
        ({"severity": "urgent"}, "'low', 'medium', 'high' or 'critical'"),
        ({"threshold": math.nan}, "finite number"),
        ({"threshold": None}, "valid number"),
        ({"name": "Accuracy low"}, "pattern"),
        ({"name": "run_failed"}, "the name of the rule for failed runs"),
        ({"name": "promotion_refused"}, "the name of the rule for refused challengers"),
        ({"metrics": "accuracy"}, "Extra inputs"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused_with_what_may_be(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        rule(**changed)


def test_two_rules_of_one_name_are_refused() -> None:
    with pytest.raises(ValidationError, match="two alert rules are named accuracy_low"):
        AlertPlan(rules=(rule(), rule(threshold=0.5)))


@pytest.mark.parametrize("address", ["someone", "a@b", "a b@example.org", "a@example.org, b@example.org", "<a@b.org>"])
def test_a_recipient_that_is_no_mail_address_is_refused(address: str) -> None:
    with pytest.raises(ValidationError, match="is no mail address"):
        AlertPlan(recipients=(address,))


def test_built_in_rules_alert_by_default_and_need_not() -> None:
    assert AlertPlan().every == (
        RunRule(severity="high", enabled=True),
        PromotionRule(severity="high", enabled=True),
        SourceRule(),
    )
    plan = AlertPlan.model_validate({"run_failed": {"enabled": False}, "promotion_refused": {"severity": "low"}})
    assert [(one.name, one.severity, one.enabled) for one in plan.every] == [
        ("run_failed", "high", False),
        ("promotion_refused", "low", True),
        ("source_unreadable", "high", True),
    ]


def test_a_rule_is_known_by_its_content() -> None:
    assert len({rule(), rule(), rule(threshold=0.5)}) == 2
