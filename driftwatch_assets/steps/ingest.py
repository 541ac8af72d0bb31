"""Landing → bronze: a delivery is read, checked and stored as it came."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from driftwatch_assets.quality import TableColumns
from driftwatch_assets.sources import DeliveryRefused, fingerprint_file, list_landing
from driftwatch_assets.steps.outcome import CheckOutcome, StepOutcome
from driftwatch_assets.steps.validate import check_suite

if TYPE_CHECKING:
    from driftwatch_assets.sources import Delivery
    from driftwatch_assets.steps.watched import Watched

DELIVERY_CHECK = "delivery"


class DeliveryMissing(LookupError):  # noqa: N818 - named for what is the matter
    """A batch has neither a file in the landing folder nor a stored bronze partition."""


class DeliveryChanged(RuntimeError):  # noqa: N818 - named for what happened
    """A file was replaced between being fingerprinted and being read."""


def find_delivery(watched: Watched, batch: str) -> Delivery | None:
    """Find the file of a batch in the landing folder; `None` when it is not there."""
    landing = list_landing(watched.landing, watched.declaration.source.pattern, now=time.time(), settle_seconds=0.0)
    return next((delivery for delivery in landing.deliveries if delivery.batch == batch), None)


def ingest(watched: Watched, batch: str) -> StepOutcome:
    """Take a batch's delivery into bronze.

    A delivery that is refused, or that fails a blocking check, leaves the stored partition as it was. When the file
    has left the landing folder, what is stored stays and is checked again.

    Raises
    ------
    DeliveryMissing
        When there is nothing to take in and nothing stored.

    """
    source, tables = watched.declaration.source, watched.tables
    delivery = find_delivery(watched, batch)
    if delivery is None:
        if not watched.lake.exists(tables.bronze, batch):
            message = (
                f"{watched.name}: bronze of batch {batch} was asked for, but no file in {watched.landing} matches "
                f"{source.pattern!r} for it and nothing is stored; put the file there, or run "
                f"`driftwatch simulate {watched.name} --to {watched.landing}`"
            )
            raise DeliveryMissing(message)
        frame = watched.lake.read(tables.bronze, batch)
        provenance = watched.lake.provenance(tables.bronze, batch)
        file, fingerprint = provenance["source_file"], provenance["source_fingerprint"]
    else:
        file, fingerprint = delivery.path.name, delivery.fingerprint
        try:
            frame = source.reader.read(delivery.path).to_pandas()
        except DeliveryRefused as refusal:
            return StepOutcome(
                {"source_file": file},
                (CheckOutcome(DELIVERY_CHECK, passed=False, severity="error", description=str(refusal)),),
                refused=str(refusal),
            )
        if fingerprint_file(delivery.path) != fingerprint:
            message = (
                f"{watched.name}: {file} changed while batch {batch} was read from it; nothing was stored, and the "
                f"next tick of the arrivals sensor takes in what it has become"
            )
            raise DeliveryChanged(message)
    readable = CheckOutcome(
        DELIVERY_CHECK,
        passed=True,
        severity="error",
        description=f"{file} was read whole: {len(frame)} rows",
        facts={"source_file": file, "source_fingerprint": fingerprint},
    )
    checks, refused = check_suite(
        frame,
        watched.declaration.quality.bronze,
        TableColumns(identity=("source_line",)),
        table=tables.bronze,
        batch=batch,
    )
    facts = {
        "rows": float(len(frame)),
        "unreadable_rows": float(frame["problem"].notna().sum()),
        "source_file": file,
        "source_fingerprint": fingerprint,
    }
    if refused:
        return StepOutcome(facts, (readable, *checks), refused=refused)
    written = watched.lake.write(tables.bronze, batch, frame, {"source_file": file, "source_fingerprint": fingerprint})
    facts |= {"fingerprint": written.fingerprint, "changed": written.changed}
    return StepOutcome(facts, (readable, *checks), stored=frame, uri=written.uri)
