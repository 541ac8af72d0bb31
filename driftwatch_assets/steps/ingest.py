"""Source → bronze: the tables of a batch are read, checked and stored as they came."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from driftwatch_assets.quality import TableColumns
from driftwatch_assets.steps.extract import Refused, extract
from driftwatch_assets.steps.outcome import CheckOutcome, StepOutcome, Text, rejected_rows
from driftwatch_assets.steps.validate import check_suite, publish_quality
from driftwatch_assets.steps.watched import SOURCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch_assets.sources import Unplaced
    from driftwatch_assets.steps.extract import Extract
    from driftwatch_assets.steps.watched import Watched

DELIVERY_CHECK = "delivery"


def ingest(watched: Watched, batch: str, tables: Sequence[str] | None = None) -> dict[str, StepOutcome]:
    """Take the tables of a batch into bronze, all of them or none.

    A table that is refused, or that fails a blocking check, leaves the stored partitions of all as they were.

    Parameters
    ----------
    watched, batch
        The model and its batch.
    tables
        The tables to take in; by default all.

    Returns
    -------
    dict
        What became of each table.

    Raises
    ------
    DeliveryMissing, DeliveryChanged, driftwatch_assets.sources.DatabaseUnreachable
        See `extract`.

    """
    chosen = watched.sources if tables is None else tables
    found = extract(watched, batch, chosen)
    outcomes = {name: _checked(watched, batch, name, found[name]) for name in chosen}
    if not any(outcome.refused for outcome in outcomes.values()):
        for name, extracted in found.items():
            if not isinstance(extracted, Refused):
                outcomes[name] = _written(watched, batch, name, extracted, outcomes[name])
        forget_bronze(watched, chosen, but=batch)
    return publish_quality(watched, batch, outcomes)


def _checked(watched: Watched, batch: str, name: str, found: Extract | Refused) -> StepOutcome:
    if isinstance(found, Refused):
        check = CheckOutcome(DELIVERY_CHECK, passed=False, severity="error", description=found.reason)
        return StepOutcome({"source_file": found.origin}, (check,), refused=found.reason)
    frame = found.frame
    aside = found.unplaced
    told = f"; of the source {aside.told}" if aside else ""
    whole = CheckOutcome(
        DELIVERY_CHECK,
        passed=True,
        severity="error",
        description=f"{found.origin} was read whole: {len(frame)} rows{told}",
        facts={"source_file": found.origin, "source_fingerprint": found.fingerprint},
    )
    personal = watched.declaration.source.personal(name)
    checks, refused = check_suite(
        watched,
        frame,
        watched.declaration.quality.of("bronze", name),
        TableColumns(identity=("source_line",), personal=personal),
        layer="bronze",
        name=name,
        batch=batch,
        unplaced=None if aside is None else aside.rows,
    )
    facts: dict[str, Any] = {
        "rows": float(len(frame)),
        "unreadable_rows": float(frame["problem"].notna().sum()),
        "source_file": found.origin,
        "source_fingerprint": found.fingerprint,
    }
    if aside is not None:
        facts["unplaced_rows"] = float(len(aside))
        facts["unplaced"] = Text(rejected_rows(aside.rows))
        facts["unplaced_uri"] = watched.lake.uri(watched.tables.unplaced(name), SOURCE)
    return StepOutcome(facts, (whole, *checks), refused=refused)


def _written(watched: Watched, batch: str, name: str, found: Extract, outcome: StepOutcome) -> StepOutcome:
    origin = {"source_file": found.origin, "source_fingerprint": found.fingerprint}
    written = watched.lake.write(watched.tables.bronze(name), batch, found.frame, origin)
    _keep_unplaced(watched, name, found.unplaced)
    return replace(
        outcome,
        facts={**outcome.facts, "fingerprint": written.fingerprint, "changed": written.changed},
        stored=found.frame,
        uri=written.uri,
    )


def _keep_unplaced(watched: Watched, name: str, unplaced: Unplaced | None) -> None:
    """Store what belongs to no batch, as the source has it now; what has been mended is put aside no longer."""
    table = watched.tables.unplaced(name)
    if unplaced:
        watched.lake.write(table, SOURCE, unplaced.rows, {"source_file": str(unplaced.rows["source_file"].iloc[0])})
    elif unplaced is not None:
        watched.lake.drop(table, SOURCE)


def forget_bronze(watched: Watched, tables: Sequence[str], *, but: str | None = None) -> None:
    """Drop bronze that is older than the declared retention and has become silver; of the batch `but` it stays."""
    keep = watched.declaration.retention.bronze
    if keep is None:
        return
    for name in tables:
        bronze = watched.tables.bronze(name)
        for old in watched.lake.batches(bronze)[:-keep]:
            if old != but and _is_silver(watched, name, old):
                watched.lake.drop(bronze, old)


def _is_silver(watched: Watched, name: str, batch: str) -> bool:
    """Tell whether stored silver was made of the bronze that is stored."""
    lake, bronze, silver = watched.lake, watched.tables.bronze(name), watched.tables.silver(name)
    if not (lake.exists(bronze, batch) and lake.exists(silver, batch)):
        return False
    return lake.provenance(silver, batch).get("bronze_fingerprint") == lake.fingerprint(bronze, batch)
