"""What a step of a batch hands back: numbers for people, check results, and whether the batch may go on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd


SHOWN_REJECTED = 10
"""How many rejected rows are set out one by one."""


@dataclass(frozen=True)
class CheckOutcome:
    """The result of one check.

    Attributes
    ----------
    name
        The check's name.
    passed
        Whether it passed. A check that could not be judged counts as passed and says so in `description`.
    severity
        How bad a failure is.
    description
        One sentence for people.
    facts
        Counts and thresholds behind the verdict.

    """

    name: str
    passed: bool
    severity: Literal["warn", "error"]
    description: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Link:
    """A page that people open."""

    url: str


@dataclass(frozen=True)
class Text:
    """Markdown that people read."""

    markdown: str


@dataclass(frozen=True)
class StepOutcome:
    """What a step did.

    Attributes
    ----------
    facts
        Named values for people: numbers (plotted over batches), texts, `Link` and `Text`.
    checks
        Results of the checks that belong to the step.
    stored
        The table that was written, for its schema; `None` where there is none.
    uri
        Where it was stored.
    lineage
        Source table and column by column of the stored table, where it is known.
    refused
        Why the batch may not go on; `None` when it may. Nothing was written then.

    """

    facts: Mapping[str, Any]
    checks: tuple[CheckOutcome, ...] = ()
    stored: pd.DataFrame | None = None
    uri: str | None = None
    lineage: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    refused: str | None = None


def rejected_rows(rejected: pd.DataFrame) -> str:
    """Set out the first rejected rows as Markdown."""
    if rejected.empty:
        return "No row was rejected."
    lines = ["| file | line | reason |", "|---|---|---|"]
    for row in rejected.head(SHOWN_REJECTED).itertuples():
        reason = str(row.reason).replace("|", "\\|")
        lines.append(f"| {row.source_file} | {row.source_line} | {reason} |")
    more = len(rejected) - SHOWN_REJECTED
    return "\n".join(lines) + (f"\n\nand {more} more" if more > 0 else "")
