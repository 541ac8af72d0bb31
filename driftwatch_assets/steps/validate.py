"""A table's suite → check results, and whether the batch may go on; what was found becomes the quality page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, get_args

from driftwatch_assets.quality import validate
from driftwatch_assets.reporting import QualityPage, json_bytes, quality_json, render_quality
from driftwatch_assets.results import ExpectationResult, Layer, QualityResult
from driftwatch_assets.steps.evidence import load_result, write_result
from driftwatch_assets.steps.outcome import CheckOutcome, Link
from driftwatch_assets.steps.watched import FEATURES

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from driftwatch_assets.quality import Suite, TableColumns
    from driftwatch_assets.steps.outcome import StepOutcome
    from driftwatch_assets.steps.watched import Watched

LAYERS: tuple[Layer, ...] = get_args(Layer)
_MOST_REASONS = 50


def check_suite(
    watched: Watched,
    frame: pd.DataFrame,
    suite: Suite,
    columns: TableColumns,
    *,
    layer: Layer,
    name: str,
    batch: str,
    rejected: pd.DataFrame | None = None,
    unplaced: pd.DataFrame | None = None,
    tables: Mapping[str, pd.DataFrame] | None = None,
) -> tuple[tuple[CheckOutcome, ...], str | None]:
    """Run a suite on a table and keep what was found.

    Parameters
    ----------
    watched, batch
        The model and its batch.
    frame, suite, columns
        The table, what is expected of it, and what is known of its columns.
    layer, name
        Which table it is.
    rejected
        Rows that were set aside before, with their `reason`.
    unplaced
        Rows of the source that belong to no batch, with their `reason`; no expectation counts them.
    tables
        The batch's other tables, for expectations that speak of them.

    Returns
    -------
    tuple
        The check results, and why the batch may not go on (`None` when it may).

    """
    table = f"{watched.name}/{layer}/{name}"
    checks: tuple[CheckOutcome, ...] = ()
    halting = None
    verdicts: tuple[ExpectationResult, ...] = ()
    aside = 0 if rejected is None else len(rejected)
    reasons = _reasons(rejected)
    if suite.expectations:
        report = validate(
            frame, suite, columns=columns, table=table, batch=batch, rejected=aside, tables=dict(tables or {})
        )
        checks = tuple(
            CheckOutcome(verdict.name, verdict.passed, verdict.severity, verdict.sentence, verdict.observed)
            for verdict in report.verdicts
        )
        verdicts = tuple(ExpectationResult(**verdict.as_dict()) for verdict in report.verdicts)
        if report.halts:
            halting = "; ".join(verdict.sentence for verdict in report.failed if verdict.blocking)
            halting = f"{table}, batch {batch}, may not go on: {halting}"
            counted = any(verdict.blocking and "delivered_rows" in verdict.observed for verdict in report.failed)
            if counted and reasons:
                first, count = next(iter(reasons.items()))
                halting += f"; of the {aside} rejected rows {count} because {first}"
    result = QualityResult(
        layer=layer,
        table=name,
        rows=len(frame),
        rejected=aside,
        reasons=dict(list(reasons.items())[:_MOST_REASONS]),
        unplaced=dict(list(_reasons(unplaced).items())[:_MOST_REASONS]),
        halted=halting,
        verdicts=verdicts,
    )
    write_result(watched, batch, _kind(layer, name), result)
    return checks, halting


def _kind(layer: str, name: str) -> str:
    return f"quality_{layer}_{name}"


def _reasons(aside: pd.DataFrame | None) -> dict[str, int]:
    """Count rows that were set aside by their reason, the most frequent first."""
    if aside is None or aside.empty:
        return {}
    return {str(reason): int(count) for reason, count in aside["reason"].astype(str).value_counts().items()}


def publish_quality(watched: Watched, batch: str, outcomes: Mapping[str, StepOutcome]) -> dict[str, StepOutcome]:
    """Draw the batch's quality page of all that was found so far, and link it from the outcomes of a step."""
    found = [
        result
        for layer in LAYERS
        for name in ((FEATURES,) if layer == "gold" else watched.sources)
        if (result := load_result(watched, watched.tables.evidence(batch, _kind(layer, name)), QualityResult))
    ]
    halted = "; ".join(result.halted for result in found if result.halted)
    page = QualityPage(
        model=watched.name,
        title=watched.declaration.title,
        batch=batch,
        tables=tuple(found),
        halted=halted,
        linked=not halted or watched.lake.has_file(watched.tables.page(batch)),
    )
    path = watched.tables.quality_page(batch)
    watched.lake.write_file(path, render_quality(page).encode())
    watched.lake.write_file(watched.tables.quality_json(batch), json_bytes(quality_json(page)))
    link = Link(f"{watched.reports_url}/{path}")
    return {name: replace(one, facts={**one.facts, "quality": link}) for name, one in outcomes.items()}
