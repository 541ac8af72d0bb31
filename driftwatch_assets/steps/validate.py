"""A table's suite → check results, and whether the batch may go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch_assets.quality import validate
from driftwatch_assets.steps.outcome import CheckOutcome

if TYPE_CHECKING:
    import pandas as pd

    from driftwatch_assets.quality import Suite, TableColumns


def check_suite(
    frame: pd.DataFrame,
    suite: Suite,
    columns: TableColumns,
    *,
    table: str,
    batch: str,
    rejected: int = 0,
) -> tuple[tuple[CheckOutcome, ...], str | None]:
    """Run a suite on a table.

    Returns
    -------
    tuple
        The check results, and why the batch may not go on (`None` when it may).

    """
    if not suite.expectations:
        return (), None
    report = validate(frame, suite, columns=columns, table=table, batch=batch, rejected=rejected)
    checks = tuple(
        CheckOutcome(verdict.name, verdict.passed, verdict.severity, verdict.sentence, verdict.observed)
        for verdict in report.verdicts
    )
    if not report.halts:
        return checks, None
    halting = "; ".join(verdict.sentence for verdict in report.failed if verdict.blocking)
    return checks, f"{table}, batch {batch}, may not go on: {halting}"
