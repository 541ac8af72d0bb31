"""Model versions, the champion as of a batch, and the runs that made them, in MLflow."""

from driftwatch_assets.registry.errors import ArtifactRefused, RegistryIncomplete, RegistryUnreachable
from driftwatch_assets.registry.registry import ModelRegistry
from driftwatch_assets.registry.store import switch_off_telemetry
from driftwatch_assets.registry.version import FailedGate, LoadedModel, ModelVersion, champion_among

__all__ = [
    "ArtifactRefused",
    "FailedGate",
    "LoadedModel",
    "ModelRegistry",
    "ModelVersion",
    "RegistryIncomplete",
    "RegistryUnreachable",
    "champion_among",
    "switch_off_telemetry",
]
