"""Silver → gold: features, and the label when it is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch_assets.steps.outcome import StepOutcome

if TYPE_CHECKING:
    from driftwatch_assets.steps.watched import Watched


class GoldInvalid(ValueError):  # noqa: N818 - named for what is the matter
    """The gold function of a model returned a table that does not fit its declaration."""


def make_features(watched: Watched, batch: str) -> StepOutcome:
    """Make a batch's gold table.

    Raises
    ------
    GoldInvalid
        When the declared id or label column is missing, or an id occurs twice.

    """
    tables, task = watched.tables, watched.declaration.task
    silver = watched.lake.read(tables.silver, batch)
    gold = watched.transforms.gold(silver)
    for role, column in (("id", task.id), ("label", task.label)):
        if column not in gold.columns:
            message = (
                f"{watched.name}: gold() returned no column {column!r} for batch {batch}, which task.{role} names; "
                f"it returned {', '.join(map(str, gold.columns[:8]))}, …"
            )
            raise GoldInvalid(message)
    repeated = gold[task.id][gold[task.id].duplicated()]
    if not repeated.empty:
        message = (
            f"{watched.name}: gold() returned the id {repeated.iloc[0]!r} more than once for batch {batch} "
            f"({len(repeated)} repeated ids in column {task.id!r}); an id names one row of its batch"
        )
        raise GoldInvalid(message)
    origin = {"silver_fingerprint": watched.lake.fingerprint(tables.silver, batch)}
    written = watched.lake.write(tables.gold, batch, gold, origin)
    labelled = int(gold[task.label].notna().sum())
    facts = {
        "rows": float(len(gold)),
        "labelled_rows": float(labelled),
        "features": float(len(watched.features(gold))),
        "fingerprint": written.fingerprint,
        "changed": written.changed,
    }
    carried = {str(name): (tables.silver, str(name)) for name in gold.columns if name in silver.columns}
    return StepOutcome(facts, stored=gold, uri=written.uri, lineage=carried)
