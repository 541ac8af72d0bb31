"""Which landed batches are taken in now."""

from driftwatch_assets.arrivals.plan import (
    ArrivalPlan,
    ArrivalPolicy,
    ArrivalRequest,
    Intake,
    IntakeStatus,
    Landed,
    plan_arrivals,
)

__all__ = ["ArrivalPlan", "ArrivalPolicy", "ArrivalRequest", "Intake", "IntakeStatus", "Landed", "plan_arrivals"]
