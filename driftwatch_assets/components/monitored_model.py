"""The component: one declaration becomes the whole asset graph of a monitored model."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import dagster as dg

from driftwatch_assets.components import records
from driftwatch_assets.components.alerts import build_alerts
from driftwatch_assets.components.assets import MLFLOW_KEY_SUFFIX, build_assets
from driftwatch_assets.components.code import load_simulator, load_transforms
from driftwatch_assets.components.failures import build_failures
from driftwatch_assets.components.fetching import build_fetching
from driftwatch_assets.components.keys import Keys
from driftwatch_assets.components.names import check_name_is_free
from driftwatch_assets.components.scaffold import MonitoredModelScaffolder
from driftwatch_assets.components.schedules import build_schedules
from driftwatch_assets.components.sensors import build_arrivals, build_labels, build_retraining
from driftwatch_assets.components.served import build_served
from driftwatch_assets.components.suites import check_suites
from driftwatch_assets.declaration import Declaration
from driftwatch_assets.resources import Places, mlflow_tracking
from driftwatch_assets.settings import Settings
from driftwatch_assets.steps import Transforms, Watched

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Self

    from pydantic import BaseModel


@dg.scaffold_with(MonitoredModelScaffolder)
@dataclass(frozen=True)
class MonitoredModel(dg.Component):
    """A monitored model: where its data comes from, how it becomes features, what competes, what counts as drift.

    Attributes
    ----------
    declaration
        The content of `defs.yaml`.
    folder
        The folder of `defs.yaml`.
    transforms
        The two functions of `transforms.py`.
    simulate
        The simulator, `None` where there is none.

    """

    declaration: Declaration
    folder: Path
    transforms: Transforms
    simulate: Callable[..., list[Path]] | None

    @classmethod
    def get_model_cls(cls) -> type[BaseModel]:
        """Give the schema of `attributes`, so that editors and `dg check yaml` know it whole."""
        return Declaration

    @classmethod
    def load(cls, attributes: BaseModel | None, context: dg.ComponentLoadContext) -> Self:
        """Load the declaration and the code beside it; estimators are looked up, not imported.

        What is wrong in the declaration is found here, also where `dg check yaml` lets it through: unknown keys and
        values, a name that is taken, estimators and parameters that are not there, missing code, columns that silver
        does not have.
        """
        declaration = attributes
        if not isinstance(declaration, Declaration):
            message = f"{context.path / 'defs.yaml'} has no attributes; a monitored model needs at least name and task"
            raise TypeError(message)
        check_name_is_free(declaration.name, context.path, context.defs_module_path)
        package = context.defs_relative_module_name(context.path)
        transforms = load_transforms(context.path, package, declaration)
        check_suites(declaration, transforms.silver_types, context.path / "defs.yaml")
        return cls(
            declaration=declaration,
            folder=context.path,
            transforms=transforms,
            simulate=None
            if declaration.simulator is None
            else load_simulator(context.path, package, declaration.simulator),
        )

    @cached_property
    def keys(self) -> Keys:
        """Names of the model's assets, jobs and sensors."""
        return Keys(self.declaration)

    @cached_property
    def check_keys(self) -> list[dg.AssetCheckKey]:
        """Every check of the model."""
        return [spec.key for asset in self._assets() for spec in asset.check_specs]

    def _assets(self) -> list[dg.AssetsDefinition]:
        transforms = self.transforms
        return build_assets(
            self.declaration, self.keys, self.watch, earlier=transforms.earlier, telling=transforms.label_tables
        )

    @property
    def _trusted_modules(self) -> tuple[str, ...]:
        paths = [path for candidate in self.declaration.training.candidates for path in candidate.paths]
        return tuple(dict.fromkeys(path.split(".")[0] for path in paths))

    def watch(self, places: Places) -> Watched:
        """Bind the model to its places."""
        return Watched(
            declaration=self.declaration,
            transforms=self.transforms,
            lake=places.lake(),
            registry=places.registry(self.declaration.name, self._trusted_modules),
            landing=places.landing(self.declaration.name),
            reports_url=places.reports_url,
            monitoring=places.monitoring(),
            embedded=places.embedded(),
            database=places.database(self.declaration.name),
        )

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:  # noqa: ARG002 - Dagster's signature
        """Build assets, checks, jobs and sensors."""
        keys, name = self.keys, self.declaration.name
        batch_job = dg.define_asset_job(
            keys.batch_job,
            selection=dg.AssetSelection.groups(name) - dg.AssetSelection.assets(keys.trained, keys.served),
            description=f"Takes one batch of {name} from landing to report.",
            tags={records.MODEL_TAG: name},
        )
        training_job = dg.define_asset_job(
            keys.training_job,
            selection=dg.AssetSelection.assets(keys.trained, keys.report, keys.monitoring),
            description=f"Trains {name} through one batch, and draws that batch's report again.",
            tags={records.MODEL_TAG: name},
        )
        sensors = [
            build_arrivals(keys, batch_job, self.watch),
            build_retraining(keys, training_job, self.watch),
            build_failures(keys, training_job, self.watch),
            build_alerts(keys, self.watch),
        ]
        jobs: list[dg.JobDefinition | dg.UnresolvedAssetJobDefinition] = [batch_job, training_job]
        if self.declaration.task.known_after:
            labels_job = dg.define_asset_job(
                keys.labels_job,
                selection=dg.AssetSelection.assets(keys.performance),
                description=f"Measures the performance of {name} on one batch once its labels are known.",
                tags={records.MODEL_TAG: name},
            )
            jobs.append(labels_job)
            sensors.append(build_labels(keys, labels_job, self.watch))
        fetching = build_fetching(self.declaration, keys, self.watch)
        schedules = build_schedules(self.declaration, keys, batch_job, training_job, self.watch)
        settings = Settings.from_environment()
        return dg.Definitions.merge(
            fetching,
            schedules,
            build_served(self.declaration, keys, self.watch),
            dg.Definitions(
                assets=self._assets(),
                jobs=jobs,
                sensors=sensors,
                resources={
                    name + MLFLOW_KEY_SUFFIX: mlflow_tracking.configured(
                        {
                            "experiment_name": name,
                            "mlflow_tracking_uri": settings.mlflow_tracking_uri,
                            "artifact_root": settings.mlflow_artifacts,
                            "extra_tags": {"driftwatch.model": name},
                            "env": {},
                        }
                    )
                },
            ),
        )
