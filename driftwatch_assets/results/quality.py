"""What was found of a table by what is expected of it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from driftwatch_assets.results.record import Record, Stored

Layer = Literal["bronze", "silver", "gold"]
Outcome = Literal["passed", "warned", "failed", "halted"]


class ExpectationResult(Record):
    """What one expectation came to.

    Attributes
    ----------
    observed
        Counts and shares behind it, and what only this kind of expectation knows.
    sentence
        The promise and what was found, in words.
    """

    name: str
    sentence: str
    passed: bool
    severity: Literal["warn", "error"]
    blocking: bool = False
    observed: dict[str, Any] = Field(default_factory=dict)

    @property
    def outcome(self) -> Outcome:
        """What it means: a broken error that blocks has halted the batch, a broken warning only warns.

        Examples
        --------
        >>> ExpectationResult(name="ages", sentence="broken", passed=False, severity="warn").outcome
        'warned'
        """
        if self.passed:
            return "passed"
        if self.severity != "error":
            return "warned"
        return "halted" if self.blocking else "failed"


class QualityResult(Stored):
    """What was found of a table of a batch.

    Attributes
    ----------
    layer, table
        "bronze", "silver" or "gold", and the table's name there.
    rows, rejected
        Rows of the table, and rows that were set aside before.
    reasons, unplaced
        Rows that were set aside, and rows of the source that belong to no batch, by their reason, most first.
    halted
        Why the batch may not go on; None where it may.
    verdicts
        In the order of the suite.
    """

    layer: Layer
    table: str
    rows: int
    rejected: int = 0
    reasons: dict[str, int] = Field(default_factory=dict)
    unplaced: dict[str, int] = Field(default_factory=dict)
    halted: str | None = None
    verdicts: tuple[ExpectationResult, ...] = ()

    @property
    def unplaced_rows(self) -> int:
        """Rows of the source that belong to no batch, over all reasons."""
        return sum(self.unplaced.values())
