"""Resources of the code location."""

from driftwatch_assets.resources.mlflow import ended_as_it_went, mlflow_tracking
from driftwatch_assets.resources.places import Places

__all__ = ["Places", "ended_as_it_went", "mlflow_tracking"]
