"""The rate of anomalies is judged by its distance from the declared contamination, and only where it is clear."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch_assets.performance import PerformancePolicy, PerformanceVerdict, judge_rate
from driftwatch_assets.training import wilson_interval


def judged(anomalies: int, rows: int, contamination: float | None = 0.1, **policy: Any) -> PerformanceVerdict:
    low, high = wilson_interval(anomalies, rows) if rows else (None, None)
    return judge_rate(
        rate=anomalies / rows if rows else None,
        low=low,
        high=high,
        rows=rows,
        contamination=contamination,
        policy=PerformancePolicy(**policy),
    )


def test_a_clear_distance_is_degraded_and_its_evidence_is_told() -> None:
    verdict = judged(80, 400)
    assert (verdict.degraded, verdict.severity, verdict.metric, verdict.baseline) == (
        True,
        "medium",
        "anomaly_rate",
        0.1,
    )
    assert (
        verdict.reason
        == "anomaly_rate 0.200 is 0.100 above the declared 0.100 (95 % interval 0.164 to 0.242, 400 rows)"
    )
    assert (verdict.value, verdict.labelled_rows, verdict.low_confidence) == (0.2, 400, False)


def test_too_few_anomalies_are_as_telling_as_too_many() -> None:
    verdict = judged(0, 400)
    assert (verdict.degraded, verdict.severity) == (True, "medium")
    assert "0.100 below the declared 0.100" in verdict.reason


@pytest.mark.parametrize(
    ("anomalies", "rows", "said"),
    [
        (50, 400, "anomaly_rate 0.125 is within 0.050 of the declared 0.100"),
        (10, 60, "anomaly_rate 0.167 is 0.067 above the declared 0.100, which 60 rows cannot tell from chance"),
    ],
)
def test_what_is_small_or_chance_is_not_degraded(anomalies: int, rows: int, said: str) -> None:
    verdict = judged(anomalies, rows)
    assert (verdict.degraded, verdict.severity) == (False, "none")
    assert verdict.reason.startswith(said)


@pytest.mark.parametrize(
    ("verdict", "reason"),
    [
        (judged(20, 49), "not judged: there are 49 rows, 50 are needed"),
        (judged(0, 0), "not judged: there are 0 rows, 50 are needed"),
        (judged(90, 400, None), "not judged: no champion is older than this batch"),
    ],
)
def test_what_cannot_be_judged_is_not_called_good(verdict: PerformanceVerdict, reason: str) -> None:
    assert (verdict.degraded, verdict.severity, verdict.reason) == (None, "none", reason)


@given(rows=st.integers(50, 5000), share=st.floats(0, 1), contamination=st.floats(0.01, 0.49), drop=st.floats(0.001, 1))
def test_the_rule_holds_for_whatever_is_measured(rows: int, share: float, contamination: float, drop: float) -> None:
    anomalies = round(rows * share)
    verdict = judged(anomalies, rows, contamination, maximum_drop=drop)
    low, high = wilson_interval(anomalies, rows)
    far = round(abs(anomalies / rows - contamination), 12) >= drop
    assert verdict.degraded == (far and not low <= contamination <= high)
    assert (verdict.severity == "none") == (verdict.degraded is not True)
