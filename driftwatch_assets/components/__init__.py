"""How a declaration becomes assets, checks, jobs and sensors."""

from driftwatch_assets.components.monitored_model import MonitoredModel

__all__ = ["MonitoredModel"]
