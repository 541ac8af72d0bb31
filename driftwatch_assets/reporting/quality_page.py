"""The page on the quality of one batch, over all its tables, and its machine-readable twin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from driftwatch_assets.reporting.machine import plain
from driftwatch_assets.reporting.pages import render_page
from driftwatch_assets.reporting.quality import OUTCOMES, gravest_first
from driftwatch_assets.reporting.wording import NOTHING, count, page_name, percent, plural, quality_json_name, slug

if TYPE_CHECKING:
    from collections.abc import Mapping

    from driftwatch_assets.reporting.quality import QualityPage
    from driftwatch_assets.results import ExpectationResult, QualityResult

OPEN_PASSED = 6


def render_quality(page: QualityPage) -> str:
    """Render the quality of a batch as a self-contained HTML page.

    It links to the batch's own page, to the summary and to its twin (``batch-….-quality.json``) beside it.

    Parameters
    ----------
    page
        What is told.

    Examples
    --------
    >>> from driftwatch_assets.reporting.quality import QualityPage
    >>> from driftwatch_assets.results import ExpectationResult, QualityResult
    >>> verdict = ExpectationResult(name="ages", sentence="broken: ages; 3 exceptions", passed=False, severity="warn")
    >>> people = QualityResult(layer="silver", table="people", rows=90, verdicts=(verdict,))
    >>> html = render_quality(QualityPage("loans", "2023-01", (people,)))
    >>> "1 of 1 check is broken" in html
    True
    """
    return render_page(
        "quality.html",
        page=page,
        headline=_headline(page),
        state=_state(page),
        totals=[(name, page.count(name)) for name in OUTCOMES],
        rejected=sum(each.rejected for each in page.tables),
        tables=[_table(each) for each in page.tables],
        batch_page=page_name(page.batch),
        json_page=quality_json_name(page.batch),
    )


def quality_json(page: QualityPage) -> dict[str, Any]:
    """Say what a quality page says, for machines, as `batch_json` does.

    Examples
    --------
    >>> from driftwatch_assets.reporting.quality import QualityPage
    >>> quality_json(QualityPage("loans", "2023-01", halted="no rows"))["halted"]
    True
    """
    return {
        "model": page.model,
        "batch": page.batch,
        "halted": bool(page.halted),
        "halted_because": page.halted or None,
        "checks": {name: page.count(name) for name in OUTCOMES},
        "tables": [
            {
                "layer": each.layer,
                "table": each.table,
                "rows": plain(each.rows),
                "rejected": plain(dict(each.reasons)),
                "rejected_rows": each.rejected,
                "unplaced": plain(dict(each.unplaced)),
                "unplaced_rows": each.unplaced_rows,
                "checks": [
                    {
                        "name": check.name,
                        "sentence": check.sentence,
                        "passed": check.passed,
                        "severity": check.severity,
                        "blocking": check.blocking,
                        "outcome": check.outcome,
                        "observed": plain(check.observed),
                    }
                    for check in gravest_first(each)
                ],
            }
            for each in page.tables
        ],
    }


def _headline(page: QualityPage) -> str:
    if page.halted:
        return "Halted: this batch may not go on"
    checks = sum(page.count(name) for name in OUTCOMES)
    broken = checks - page.count("passed")
    if not checks:
        return "No check was declared for this batch"
    if broken:
        return f"{broken} of {plural(checks, 'check')} {'is' if broken == 1 else 'are'} broken"
    return f"All {plural(checks, 'check')} hold" if checks > 1 else "The one check holds"


def _state(page: QualityPage) -> str:
    if page.halted or page.count("halted") or page.count("failed"):
        return "drift"
    return "stable" if page.count("passed") and not page.count("warned") else "open"


def _table(table: QualityResult) -> dict[str, Any]:
    checks = [_check(each) for each in gravest_first(table)]
    broken = [each for each in checks if each["outcome"] != "passed"]
    held = [each for each in checks if each["outcome"] == "passed"]
    folded = broken and len(held) > OPEN_PASSED
    return {
        "id": slug(f"{table.layer}-{table.table}"),
        "layer": table.layer,
        "name": table.table,
        "rows": count(table.rows),
        "rejected_rows": table.rejected,
        "rejected": sorted(table.reasons.items(), key=lambda each: (-each[1], each[0])),
        "unplaced_rows": table.unplaced_rows,
        "unplaced": sorted(table.unplaced.items(), key=lambda each: (-each[1], each[0])),
        "broken": broken,
        "open": broken if folded else checks,
        "folded": held if folded else [],
        "checks": len(checks),
        "worst": broken[0]["outcome"] if broken else ("passed" if checks else ""),
    }


def _check(check: ExpectationResult) -> dict[str, Any]:
    observed = check.observed
    number, share = observed.get("unexpected_count"), observed.get("unexpected_share")
    first = [each for each in observed.get("first_rows") or () if isinstance(each, dict)]
    return {
        "name": check.name,
        "outcome": check.outcome,
        "severity": check.severity,
        "blocking": check.blocking,
        "sentence": check.sentence,
        "count": count(number),
        "share": percent(share, 2),
        "worst": list(_worst(observed.get("worst_columns") or {})),
        "first": [{name: _written(each.get(name)) for name in ("row", "column", "value")} for each in first],
        "explained": not check.passed and bool(first or observed.get("worst_columns")),
    }


def _worst(columns: Mapping[str, Any]) -> list[tuple[str, str]]:
    listed = sorted(columns.items(), key=lambda each: (-each[1], str(each[0])))
    return [(str(name), count(number)) for name, number in listed]


def _written(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return NOTHING if value is None else str(value)
