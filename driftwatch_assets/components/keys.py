"""Names of a model's assets, jobs, sensors and partitions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import dagster as dg


@dataclass(frozen=True)
class Keys:
    """Every name that belongs to one monitored model."""

    model: str
    source: str

    def _key(self, *path: str) -> dg.AssetKey:
        return dg.AssetKey([self.model, *path])

    @cached_property
    def bronze(self) -> dg.AssetKey:
        """Bronze table."""
        return self._key("bronze", self.source)

    @cached_property
    def silver(self) -> dg.AssetKey:
        """Silver table."""
        return self._key("silver", self.source)

    @cached_property
    def gold(self) -> dg.AssetKey:
        """Gold table."""
        return self._key("gold", "features")

    @cached_property
    def predictions(self) -> dg.AssetKey:
        """Predictions."""
        return self._key("predictions")

    @cached_property
    def drift(self) -> dg.AssetKey:
        """Drift statistics and verdicts."""
        return self._key("drift")

    @cached_property
    def performance(self) -> dg.AssetKey:
        """Performance where labels are known."""
        return self._key("performance")

    @cached_property
    def report(self) -> dg.AssetKey:
        """Pages for people."""
        return self._key("report")

    @cached_property
    def trained(self) -> dg.AssetKey:
        """The model, partitioned by the batch that it is trained through."""
        return self._key("model")

    @cached_property
    def partitions(self) -> dg.DynamicPartitionsDefinition:
        """The batches of the model."""
        return dg.DynamicPartitionsDefinition(name=f"{self.model}_batch")

    @property
    def batch_job(self) -> str:
        """Job that takes one batch through the graph."""
        return f"{self.model}_batch"

    @property
    def training_job(self) -> str:
        """Job that trains through one batch."""
        return f"{self.model}_training"

    @property
    def arrivals_sensor(self) -> str:
        """Sensor that takes batches in."""
        return f"{self.model}_arrivals"

    @property
    def retraining_sensor(self) -> str:
        """Sensor that asks for trainings."""
        return f"{self.model}_retraining"

    def triggers(self) -> dict[str, dg.AssetCheckKey]:
        """Give the checks whose failure may lead to a training, by trigger name."""
        return {
            "data_drift": dg.AssetCheckKey(self.drift, "data_drift"),
            "label_drift": dg.AssetCheckKey(self.drift, "label_drift"),
            "prediction_drift": dg.AssetCheckKey(self.drift, "prediction_drift"),
            "performance": dg.AssetCheckKey(self.performance, "performance"),
        }
