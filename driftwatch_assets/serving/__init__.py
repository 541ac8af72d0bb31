"""The prediction service: champions over HTTP, reports, metrics, and a log of what was served."""

from driftwatch_assets.serving.champion import ServedModel
from driftwatch_assets.serving.limits import Limits
from driftwatch_assets.serving.service import service

__all__ = ["Limits", "ServedModel", "service"]
