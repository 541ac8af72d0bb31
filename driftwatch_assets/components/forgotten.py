"""What is stored of a model and Dagster does not know any more: an asset was wiped, or its runs were deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch_assets.lake import batch_order

if TYPE_CHECKING:
    from collections.abc import Collection

    import dagster as dg

    from driftwatch_assets.components.keys import Keys
    from driftwatch_assets.steps import Watched


def told_of_forgotten(
    instance: dg.DagsterInstance, watched: Watched, keys: Keys, taken_in: Collection[str]
) -> str | None:
    """Say which batches that were taken in lack a materialization, and what makes the assets whole; None for none."""
    stored = {*watched.lake.batches(watched.tables.gold)} & {*taken_in}
    if not stored:
        return None
    assets = (*keys.bronzes, *keys.silvers, keys.gold, keys.predictions, keys.drift, keys.performance, keys.report)
    lacking = {
        asset.to_user_string(): found
        for asset in assets
        if (found := stored - instance.get_materialized_partitions(asset))
    }
    if not lacking:
        return None
    batches = sorted(set.union(*lacking.values()), key=batch_order)
    count = "1 stored batch" if len(batches) == 1 else f"{len(batches)} stored batches"
    return (
        f"Dagster knows no materialization any more of {', '.join(lacking)} for {count}: the asset was wiped, or its "
        f"runs were deleted; driftwatch backfill {watched.name} --from {batches[0]} --to {batches[-1]} makes it whole"
    )
