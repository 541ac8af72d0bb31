"""A lake that holds nothing of a model whose batches the instance has taken in: the wrong one, or an emptied one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch_assets.components import records
from driftwatch_assets.lake import LakeError, batch_order

if TYPE_CHECKING:
    import dagster as dg

    from driftwatch_assets.steps import Watched

_SHOWN = 5


class LakeLost(LakeError):  # noqa: N818 - named for what was found
    """The lake holds nothing of what was taken in."""


def check_lake(instance: dg.DagsterInstance, watched: Watched) -> None:
    """Check that the lake holds something of a model whose batches were taken in.

    Raises
    ------
    LakeLost
        It holds nothing; the message says what was taken in, and the ways back.

    """
    tables = (watched.tables.bronze(watched.sources[0]), watched.tables.gold)
    if any(watched.lake.batches(table) for table in tables):
        return
    succeeded = {one.batch for one in records.intakes(instance, watched.name) if one.status == "succeeded"}
    if not succeeded:
        return
    batches = sorted(succeeded, key=batch_order)
    shown = ", ".join(batches[:_SHOWN]) + (f" and {len(batches) - _SHOWN} more" if len(batches) > _SHOWN else "")
    name = watched.name
    message = (
        f"{name}: Dagster's instance took in {len(batches)} batches ({shown}), and the lake {watched.lake.url} holds "
        f"nothing of them. Set DRIFTWATCH_LAKE to the lake that has them, or restore it from a backup; "
        f"`driftwatch backfill {name}` makes it again from what still lies in {watched.landing}, each batch by the "
        f"champion of its time; `driftwatch reset {name}` lets the model begin anew"
    )
    raise LakeLost(message)
