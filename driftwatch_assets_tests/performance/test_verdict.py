"""Degraded performance asks for an effect and for significance, and says which of the two was missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from driftwatch_assets.performance import PerformancePolicy, judge_performance
from driftwatch_assets.training import wilson_interval

if TYPE_CHECKING:
    from driftwatch_assets.performance import PerformanceVerdict


def judged(**given_: Any) -> PerformanceVerdict:
    facts: dict[str, Any] = {
        "metric": "accuracy",
        "value": 0.80,
        "low": 0.77,
        "high": 0.83,
        "labelled_rows": 400,
        "mean_confidence": 0.9,
        "baseline": 0.90,
        "policy": PerformancePolicy(),
    }
    return judge_performance(**{**facts, **given_})


def test_a_significant_loss_is_degraded_and_its_evidence_is_told() -> None:
    verdict = judged()
    assert (verdict.degraded, verdict.severity) == (True, "medium")
    assert verdict.reason == (
        "accuracy 0.800 is 0.100 below the expected 0.900 (95 % upper bound 0.830, 400 labelled rows)"
    )
    assert (verdict.metric, verdict.value, verdict.low, verdict.high) == ("accuracy", 0.80, 0.77, 0.83)
    assert (verdict.baseline, verdict.labelled_rows) == (0.90, 400)


@pytest.mark.parametrize(
    ("accuracy", "severity"), [(0.8501, "none"), (0.85, "low"), (0.801, "low"), (0.80, "medium"), (0.75, "high")]
)
def test_severity_counts_the_loss_in_units_of_the_declared_drop(accuracy: float, severity: str) -> None:
    assert judged(value=accuracy, high=accuracy + 0.01).severity == severity


@pytest.mark.parametrize(("baseline", "accuracy"), [(0.85, 0.80), (0.95, 0.90), (0.7, 0.65), (1.0, 0.95)])
def test_a_loss_of_exactly_the_declared_drop_counts_in_whatever_doubles(baseline: float, accuracy: float) -> None:
    assert judged(value=accuracy, high=accuracy + 0.01, baseline=baseline).degraded is True


def test_a_loss_that_few_rows_cannot_tell_from_chance_is_none() -> None:
    verdict = judged(high=0.91, labelled_rows=55)
    assert (verdict.degraded, verdict.severity) == (False, "none")
    assert "which 55 labelled rows cannot tell from chance (95 % upper bound 0.910)" in verdict.reason


def test_a_loss_that_nobody_would_act_on_is_none_however_many_rows_show_it() -> None:
    verdict = judged(value=0.86, high=0.861, labelled_rows=1_000_000)
    assert verdict.degraded is False


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"labelled_rows": 49}, "not judged: 49 rows have a label, 50 are needed"),
        (
            {"value": None, "low": None, "high": None, "labelled_rows": 0},
            "not judged: 0 rows have a label, 50 are needed",
        ),
        ({"baseline": None}, "not judged: no champion is older than this batch"),
    ],
)
def test_what_cannot_be_judged_is_not_called_good(facts: dict[str, Any], reason: str) -> None:
    verdict = judged(**facts)
    assert (verdict.degraded, verdict.severity, verdict.reason) == (None, "none", reason)


def test_low_confidence_is_told_also_without_labels() -> None:
    policy = PerformancePolicy(minimum_confidence=0.6)
    verdict = judged(labelled_rows=0, value=None, high=None, mean_confidence=0.5, policy=policy)
    assert verdict.low_confidence
    assert verdict.degraded is None
    assert verdict.reason.endswith("; mean confidence 0.500 is below 0.600")
    assert not judged(mean_confidence=0.6, policy=policy).low_confidence
    assert not judged(mean_confidence=None, policy=policy).low_confidence


def test_a_drop_of_nothing_cannot_be_declared() -> None:
    with pytest.raises(ValidationError, match="maximum_drop"):
        PerformancePolicy(maximum_drop=0)


@given(rows=st.integers(1, 5000), share=st.floats(0, 1), baseline=st.floats(0, 1), drop=st.floats(0.001, 1))
def test_the_rule_holds_for_whatever_is_measured(rows: int, share: float, baseline: float, drop: float) -> None:
    right = round(rows * share)
    accuracy = right / rows
    high = wilson_interval(right, rows)[1]
    policy = PerformancePolicy(maximum_drop=drop)
    verdict = judged(value=accuracy, high=high, labelled_rows=rows, baseline=baseline, policy=policy)
    if rows < policy.minimum_labels:
        assert verdict.degraded is None
    else:
        assert verdict.degraded == (round(baseline - accuracy, 12) >= drop and high < baseline)
    assert (verdict.severity == "none") == (verdict.degraded is not True)


def test_the_metric_is_named_whatever_it_is() -> None:
    verdict = judged(metric="auc", value=0.6, low=0.5, high=0.68, baseline=0.78)
    assert (verdict.degraded, verdict.metric) == (True, "auc")
    assert verdict.reason.startswith("auc 0.600 is 0.180 below the expected 0.780")


def test_a_metric_that_is_undefined_is_not_judged() -> None:
    verdict = judged(metric="auc", value=None, low=None, high=None)
    assert (verdict.degraded, verdict.reason) == (None, "not judged: auc is undefined on the 400 labelled rows")


def test_a_batch_before_the_first_champion_is_told_as_such_however_many_labels_it_has() -> None:
    verdict = judged(value=None, low=None, high=None, baseline=None)
    assert verdict.reason == "not judged: no champion is older than this batch"
