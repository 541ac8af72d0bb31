"""Bronze → silver and quarantine: rows are typed, and those that cannot be used are set aside with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch_assets.quality import TableColumns
from driftwatch_assets.sources import readable, split
from driftwatch_assets.steps.outcome import StepOutcome, Text
from driftwatch_assets.steps.validate import check_suite

if TYPE_CHECKING:
    import pandas as pd

    from driftwatch_assets.steps.watched import Watched

_SHOWN = 10


def clean(watched: Watched, batch: str) -> StepOutcome:
    """Clean a batch's bronze rows; a batch that fails a blocking check leaves stored silver as it was.

    Rejected rows are stored before anything is decided, so that they can be looked at in either case.
    """
    tables, task = watched.tables, watched.declaration.task
    bronze = watched.lake.read(tables.bronze, batch)
    provenance = watched.lake.provenance(tables.bronze, batch)
    parted = split(bronze, watched.transforms.silver(readable(bronze)), provenance["source_file"])
    kept, rejected = parted.kept, parted.rejected
    origin = {
        "source_file": provenance["source_file"],
        "source_fingerprint": provenance["source_fingerprint"],
        "bronze_fingerprint": provenance["fingerprint"],
    }
    watched.lake.write(tables.quarantine, batch, rejected, origin)
    features = [name for name in kept.select_dtypes("number").columns if name not in {task.id, task.label}]
    columns = TableColumns(types=watched.transforms.silver_types, features=tuple(features), identity=(task.id,))
    checks, refused = check_suite(
        kept, watched.declaration.quality.silver, columns, table=tables.silver, batch=batch, rejected=len(rejected)
    )
    facts = {
        "rows": float(len(kept)),
        "quarantined_rows": float(len(rejected)),
        "quarantine": Text(_as_markdown(rejected)),
        "quarantine_uri": watched.lake.uri(tables.quarantine, batch),
    }
    if refused:
        return StepOutcome(facts, checks, refused=refused)
    written = watched.lake.write(tables.silver, batch, kept, origin)
    facts |= {"fingerprint": written.fingerprint, "changed": written.changed}
    return StepOutcome(facts, checks, stored=kept, uri=written.uri)


def _as_markdown(rejected: pd.DataFrame) -> str:
    if rejected.empty:
        return "No row was rejected."
    lines = ["| file | line | reason |", "|---|---|---|"]
    for row in rejected.head(_SHOWN).itertuples():
        reason = str(row.reason).replace("|", "\\|")
        lines.append(f"| {row.source_file} | {row.source_line} | {reason} |")
    more = len(rejected) - _SHOWN
    return "\n".join(lines) + (f"\n\nand {more} more" if more > 0 else "")
