"""Whether a champion still performs as it was expected to."""

from driftwatch_assets.performance.verdict import (
    PerformancePolicy,
    PerformanceVerdict,
    judge_performance,
    judge_rate,
)

__all__ = ["PerformancePolicy", "PerformanceVerdict", "judge_performance", "judge_rate"]
