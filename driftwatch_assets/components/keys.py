"""Names of a model's assets, jobs, sensors and partitions."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import dagster as dg

from driftwatch_assets.sources import FORMATS, window_at

if TYPE_CHECKING:
    from driftwatch_assets.declaration import Declaration
    from driftwatch_assets.sources import Every

_CRON: dict[Every, str] = {"day": "0 0 * * *", "week": "0 0 * * 1", "month": "0 0 1 * *", "year": "0 0 1 1 *"}


@dataclass(frozen=True)
class Keys:
    """Every name that belongs to one monitored model."""

    declaration: Declaration

    @property
    def model(self) -> str:
        """The model's name."""
        return self.declaration.name

    def _key(self, *path: str) -> dg.AssetKey:
        return dg.AssetKey([self.model, *path])

    def bronze(self, table: str) -> dg.AssetKey:
        """Bronze of a source table."""
        return self._key("bronze", table)

    def silver(self, table: str) -> dg.AssetKey:
        """Silver of a source table."""
        return self._key("silver", table)

    @property
    def bronzes(self) -> dict[dg.AssetKey, str]:
        """Every bronze table, with the name of its source table."""
        return {self.bronze(table): table for table in self.declaration.source.table_names}

    @property
    def silvers(self) -> dict[dg.AssetKey, str]:
        """Every silver table, with the name of its source table."""
        return {self.silver(table): table for table in self.declaration.source.table_names}

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
    def dashboard(self) -> dg.AssetKey:
        """Pictures of a batch."""
        return self._key("dashboard")

    @cached_property
    def served(self) -> dg.AssetKey:
        """What the prediction service answered, by hour."""
        return self._key("served")

    @cached_property
    def served_hours(self) -> dg.DynamicPartitionsDefinition:
        """The hours in which the prediction service answered."""
        return dg.DynamicPartitionsDefinition(name=f"{self.model}_served_hour")

    @cached_property
    def monitoring(self) -> dg.AssetKey:
        """What is known of the batch, in the monitoring database."""
        return self._key("monitoring")

    @cached_property
    def trained(self) -> dg.AssetKey:
        """The model, partitioned by the batch that it is trained through."""
        return self._key("model")

    @cached_property
    def partitions(self) -> dg.PartitionsDefinition[str]:
        """The batches of the model: keys that are added as files arrive, or windows of time."""
        source = self.declaration.source
        if source.every is None:
            return dg.DynamicPartitionsDefinition(name=f"{self.model}_batch")
        last = None
        if source.end is not None:
            last = window_at(source.every, dt.datetime.combine(source.end, dt.time())).end
        return dg.TimeWindowPartitionsDefinition(
            cron_schedule=_CRON[source.every],
            fmt=FORMATS[source.every],
            start=window_at(source.every, dt.datetime.combine(source.start, dt.time())).start,
            end=last,
        )

    @cached_property
    def asked(self) -> dg.DynamicPartitionsDefinition:
        """The batches that an instance has asked for: the partitions themselves where they are keys that are added."""
        if isinstance(self.partitions, dg.DynamicPartitionsDefinition):
            return self.partitions
        return dg.DynamicPartitionsDefinition(name=f"{self.model}_window")

    def known_batches(self, instance: dg.DagsterInstance) -> list[str]:
        """Give the batches that are partitions: all that were added, or all windows that are over."""
        return list(self.partitions.get_partition_keys(dynamic_partitions_store=instance))

    @property
    def batch_job(self) -> str:
        """Job that takes one batch through the graph."""
        return f"{self.model}_batch"

    @property
    def training_job(self) -> str:
        """Job that trains through one batch."""
        return f"{self.model}_training"

    @property
    def labels_job(self) -> str:
        """Job that measures performance once labels are known."""
        return f"{self.model}_labels"

    @property
    def fetch_job(self) -> str:
        """Job that fetches the source's address."""
        return f"{self.model}_fetch"

    @property
    def served_job(self) -> str:
        """Job that watches an hour of served predictions; its sensor has the same name."""
        return f"{self.model}_served"

    @property
    def labels_sensor(self) -> str:
        """Sensor that asks for performance when late labels are known."""
        return f"{self.model}_labels"

    @property
    def arrivals_sensor(self) -> str:
        """Sensor that takes batches in."""
        return f"{self.model}_arrivals"

    @property
    def retraining_sensor(self) -> str:
        """Sensor that asks for trainings."""
        return f"{self.model}_retraining"

    @property
    def alerts_sensor(self) -> str:
        """Sensor that brings the monitoring database and its alerts up to date."""
        return f"{self.model}_alerts"

    @property
    def sensors(self) -> frozenset[str]:
        """Names of all sensors that a model may have."""
        return frozenset(
            {self.arrivals_sensor, self.retraining_sensor, self.labels_sensor, self.alerts_sensor, self.served_job}
        )

    @property
    def labels_home(self) -> dg.AssetKey:
        """The asset that judges what needs labels: drift, or performance where they come later."""
        return self.performance if self.declaration.task.known_after else self.drift

    def triggers(self) -> dict[str, dg.AssetCheckKey]:
        """Give the checks whose failure may lead to a training, by trigger name."""
        declaration = self.declaration
        plan, labelled = declaration.drift, declaration.task.label is not None
        homes = {
            "data_drift": self.drift,
            "label_drift": self.labels_home if labelled and plan.labels else None,
            "correlation_drift": self.labels_home if labelled and plan.correlation else None,
            "prediction_drift": self.drift if plan.predictions else None,
            "whole_table_drift": self.drift if plan.whole_table else None,
            "performance": self.performance,
            "governance": self.performance if declaration.retraining.rule else None,
        }
        return {name: dg.AssetCheckKey(home, name) for name, home in homes.items() if home is not None}
