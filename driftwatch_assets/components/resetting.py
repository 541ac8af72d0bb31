"""What Dagster's instance knows of a model, counted and forgotten: runs, partitions, materializations, cursors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg
from dagster._core.scheduler.instigation import SensorInstigatorData

from driftwatch_assets.components import records
from driftwatch_assets.components.outages import forget_outages

if TYPE_CHECKING:
    from driftwatch_assets.components.keys import Keys


@dataclass(frozen=True)
class Known:
    """What an instance knows of a model.

    Attributes
    ----------
    runs
        Ids of its runs.
    partitions
        By the name of a partitions definition, the keys that were added to it.
    assets
        Its assets of which anything is known.

    """

    runs: tuple[str, ...]
    partitions: dict[str, tuple[str, ...]]
    assets: tuple[dg.AssetKey, ...]


def known_of(instance: dg.DagsterInstance, keys: Keys) -> Known:
    """Give what an instance knows of a model."""
    jobs = (keys.batch_job, keys.training_job, keys.labels_job, keys.fetch_job, keys.served_job)
    filters = [dg.RunsFilter(tags={records.MODEL_TAG: keys.model}), *(dg.RunsFilter(job_name=job) for job in jobs)]
    runs = dict.fromkeys(run.run_id for one in filters for run in instance.get_runs(one))
    names = [str(one.name) for one in (keys.asked, keys.served_hours)]
    return Known(
        tuple(runs),
        {name: tuple(instance.get_dynamic_partitions(name)) for name in names},
        tuple(instance.get_asset_keys(prefix=[keys.model])),
    )


def forget(instance: dg.DagsterInstance, keys: Keys, known: Known) -> None:
    """Delete what an instance knows of a model; its sensors stay switched on or off, and begin anew.

    Runs go last: who is interrupted finds by them that something is left.
    """
    for state in instance.all_instigator_state():
        data = state.instigator_data
        if state.instigator_name in keys.sensors and isinstance(data, SensorInstigatorData):
            fresh = SensorInstigatorData(min_interval=data.min_interval, sensor_type=data.sensor_type)
            instance.update_instigator_state(state.with_data(fresh))
    forget_outages(instance, keys.model)
    instance.wipe_assets(list(known.assets))
    for name, batches in known.partitions.items():
        for batch in batches:
            instance.delete_dynamic_partition(name, batch)
    for run in known.runs:
        instance.delete_run(run)
