"""Where a code location keeps its things, as Dagster resources."""

from __future__ import annotations

from collections.abc import Sequence  # noqa: TC003 - Dagster resolves the annotations of a resource
from pathlib import Path

import dagster as dg
from pydantic import Field

from driftwatch_assets.lake import Lake
from driftwatch_assets.registry import ModelRegistry
from driftwatch_assets.settings import database_url, monitoring_url


class Places(dg.ConfigurableResource):  # type: ignore[type-arg]  # the value type is the resource itself
    """Lake, registry, landing folder and report address of all monitored models."""

    lake_url: str = Field(description="Path or fsspec URL of the tables and reports.")
    landing_root: str = Field(description="Folder with a sub-folder a monitored model, where files arrive.")
    tracking_uri: str = Field(description="MLflow's store: sqlite:/// URL or the address of a server.")
    artifact_location: str | None = Field(default=None, description="Artifact folder of a store without server.")
    reports_url: str = Field(description="Address under which the reports are served.")
    ui_url: str = Field(description="Address of Dagster's UI.")
    monitoring_file: str = Field(
        description="SQLite file of the monitoring database where DRIFTWATCH_MONITORING_URL names no other."
    )
    embedded_root: str = Field(description="Folder of the databases that are loaded from landed files.")

    def lake(self) -> Lake:
        """Open the lake."""
        return Lake(self.lake_url)

    def registry(self, model: str, trusted_modules: Sequence[str] = ()) -> ModelRegistry:
        """Open the registry of a model; nothing is read before it is asked."""
        return ModelRegistry(
            self.tracking_uri, model, artifact_root=self.artifact_location, trusted_modules=trusted_modules
        )

    def landing(self, model: str) -> Path:
        """Give the landing folder of a model."""
        return Path(self.landing_root) / model

    def embedded(self) -> Path:
        """Give the folder of the databases that are loaded from landed files."""
        return Path(self.embedded_root)

    def database(self, model: str) -> str | None:
        """Give the URL of a model's source database where the environment has one; `None` means the embedded one.

        It is read when it is needed and is no part of the resource's configuration, which the UI shows.
        """
        return database_url(model)

    @property
    def run_urls(self) -> str:
        """Give the address under which a run's id leads to its page."""
        return f"{self.ui_url}/runs"

    def monitoring(self) -> str:
        """Give the URL of the monitoring database; like a source's, it is read when it is needed."""
        return monitoring_url(self.monitoring_file)
