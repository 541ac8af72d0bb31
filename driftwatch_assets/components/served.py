"""Served traffic in the graph: an asset by hour, with its job and its sensor."""

# Dagster reads the annotations of an asset's function as objects, so that they are not postponed here.
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import dagster as dg

from driftwatch_assets.components import records
from driftwatch_assets.components.events import as_events, telling_how_it_ends
from driftwatch_assets.components.keys import Keys
from driftwatch_assets.components.processes import claim
from driftwatch_assets.components.served_sensor import build_served_sensor
from driftwatch_assets.declaration import Declaration
from driftwatch_assets.resources import Places
from driftwatch_assets.steps import SERVED_CHECKS, Watched, watch_served


def build_served(declaration: Declaration, keys: Keys, watch: Callable[[Places], Watched]) -> dg.Definitions:
    """Build the asset of what the prediction service answered, partitioned by hour, its job and its sensor."""
    asset = _asset(declaration, keys, watch)
    job = dg.define_asset_job(
        keys.served_job,
        selection=dg.AssetSelection.assets(keys.served),
        description=f"Watches an hour of what was asked of {keys.model} and answered.",
        tags={records.MODEL_TAG: keys.model},
    )
    return dg.Definitions(assets=[asset], jobs=[job], sensors=[build_served_sensor(keys, job, watch)])


def _asset(declaration: Declaration, keys: Keys, watch: Callable[[Places], Watched]) -> dg.AssetsDefinition:
    with warnings.catch_warnings():
        # Partitioned checks are a preview in Dagster 1.13; a test pins what is leaned on.
        warnings.simplefilter("ignore", dg.PreviewWarning)
        checks = [
            dg.AssetCheckSpec(name, asset=keys.served, description=promise, partitions_def=keys.served_hours)
            for name, promise in SERVED_CHECKS.items()
        ]

    @dg.asset(
        key=keys.served,
        deps=[dg.AssetDep(keys.trained, partition_mapping=dg.AllPartitionMapping())],
        description="What the prediction service answered in an hour of UTC, compared with the references of the "
        "champions that answered, and with labels where `driftwatch label` has told them.",
        kinds={"fastapi", "parquet"},
        partitions_def=keys.served_hours,
        check_specs=checks,
        group_name=keys.model,
        owners=list(declaration.owners),
        tags={records.MODEL_TAG: keys.model},
    )
    def materialize(context: dg.AssetExecutionContext, places: Places) -> Iterator[Any]:
        started = time.monotonic()
        claim(context)
        with telling_how_it_ends(context):
            outcome = watch_served(watch(places), context.partition_key)
        yield from as_events(context, {keys.served: outcome}, started)

    return materialize
