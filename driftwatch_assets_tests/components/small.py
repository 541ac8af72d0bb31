"""The shipped gas sensors made small: fewer initial batches, one quick candidate, on folders of a test."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import dagster as dg

from driftwatch_assets.arrivals import ArrivalPolicy
from driftwatch_assets.components.models import monitored_model
from driftwatch_assets.components.ticks import LocalDaemon
from driftwatch_assets.definitions import places_of, shared_definitions
from driftwatch_assets.quality import Suite
from driftwatch_assets.training import Candidate, Gates

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

    from driftwatch_assets.components import MonitoredModel
    from driftwatch_assets.components.ticks import Tick
    from driftwatch_assets.resources import Places
    from driftwatch_assets.settings import Settings
    from driftwatch_assets.steps import Watched

MODEL = "gas_sensors"
INITIAL_BATCHES = 2
SCALE = 0.1


def environment(folder: Path) -> dict[str, str]:
    """Give the settings that put everything into one folder."""
    return {
        "DRIFTWATCH_LANDING": str(folder / "landing"),
        "DRIFTWATCH_LAKE": str(folder / "lake"),
        "MLFLOW_TRACKING_URI": f"sqlite:///{folder / 'mlflow' / 'mlflow.db'}",
        "DAGSTER_HOME": str(folder / "dagster"),
    }


def small_model(**training: object) -> MonitoredModel:
    """Make the shipped model small; `training` replaces parts of what is declared of its training."""
    shipped = monitored_model(MODEL)
    declared = shipped.declaration
    quick = {"candidates": (_candidate(100.0),), "rank_batches": 1, "gates": Gates(minimum=0.3)}
    return replace(
        shipped,
        declaration=declared.model_copy(
            update={
                "initial_batches": INITIAL_BATCHES,
                "arrivals": ArrivalPolicy(settle_seconds=0.0),
                "quality": declared.quality.model_copy(update={"bronze": Suite(()), "silver": Suite(())}),
                "training": declared.training.model_copy(update={**quick, **training}),
            }
        ),
    )


def dull_candidate() -> Candidate:
    """Give a candidate that says the same of every row."""
    return _candidate(1e-9)


def spoilt_candidate() -> Candidate:
    """Give a candidate that cannot be fitted."""
    return _candidate(-1.0)


def _candidate(penalty: float) -> Candidate:
    return Candidate.model_validate(
        {
            "name": "svc",
            "steps": [
                {"estimator": "sklearn.preprocessing.StandardScaler"},
                {"estimator": "sklearn.svm.SVC", "parameters": {"C": penalty, "gamma": 0.005}},
            ],
        }
    )


@dataclass(frozen=True)
class Small:
    """A small model at work: an instance, the folders of a test, and the sensors ticked by hand."""

    instance: dg.DagsterInstance
    component: MonitoredModel
    settings: Settings

    @cached_property
    def places(self) -> Places:
        return places_of(self.settings)

    @cached_property
    def daemon(self) -> LocalDaemon:
        definitions = dg.Definitions.merge(
            shared_definitions(self.settings),
            self.component.build_defs(dg.ComponentTree.for_test().load_context),
        )
        return LocalDaemon(self.instance, definitions, self.places)

    @property
    def watched(self) -> Watched:
        return self.component.watch(self.places)

    def with_model(self, component: MonitoredModel) -> Self:
        """Give the same instance and folders with another declaration."""
        return replace(self, component=component)

    def arrivals(self) -> Tick:
        return self.daemon.tick(self.component.keys.arrivals_sensor)

    def retraining(self) -> Tick:
        return self.daemon.tick(self.component.keys.retraining_sensor)

    def take_in(self, request: dg.RunRequest) -> bool:
        return self.daemon.run(self.component.keys.batch_job, request).success

    def train(self, request: dg.RunRequest) -> bool:
        return self.daemon.run(self.component.keys.training_job, request).success
