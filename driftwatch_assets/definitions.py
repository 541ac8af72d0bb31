"""The code location: every folder under `defs/` that declares a monitored model, and what they share."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from driftwatch_assets.components.delivery import build_delivery
from driftwatch_assets.components.executor import steps_executor
from driftwatch_assets.resources import Places
from driftwatch_assets.settings import Settings


def places_of(settings: Settings) -> Places:
    """Give the settings as the resource that every asset and sensor uses."""
    return Places(
        lake_url=settings.lake,
        landing_root=str(settings.landing),
        tracking_uri=settings.mlflow_tracking_uri,
        artifact_location=settings.mlflow_artifacts,
        reports_url=settings.reports_url,
        ui_url=settings.ui_url,
        monitoring_file=settings.monitoring_file,
        embedded_root=str(settings.embedded),
    )


def shared_definitions(settings: Settings) -> dg.Definitions:
    """Give what all models share: where things are kept, and how steps are executed.

    A run's steps take seconds and its process start takes more, so that a process a step would cost most of the time.
    """
    return dg.Definitions(
        resources={"places": places_of(settings)},
        sensors=[build_delivery()],
        executor=steps_executor(settings),
    )


@dg.definitions
def defs() -> dg.Definitions:
    """Load every declared model."""
    return dg.Definitions.merge(
        shared_definitions(Settings.from_environment()),
        dg.load_from_defs_folder(path_within_project=Path(__file__).parent),
    )
