"""What a quality page says: the verdicts on every table of a batch, and the rows that were set aside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from driftwatch_assets.results import ExpectationResult, Outcome, QualityResult

OUTCOMES: tuple[Outcome, ...] = ("halted", "failed", "warned", "passed")


def gravest_first(found: QualityResult) -> tuple[ExpectationResult, ...]:
    """Give the verdicts on a table, the broken ones first and the gravest of them before the others."""
    return tuple(sorted(found.verdicts, key=lambda each: OUTCOMES.index(each.outcome)))


@dataclass(frozen=True)
class QualityPage:
    """The quality of a batch over all its tables and layers.

    Attributes
    ----------
    model, title
        The monitored model's name, and its title for people.
    batch
        The batch's key.
    tables
        What was found of each, in the order in which the data goes through them.
    halted
        Why the batch may not go on; empty when it may.
    linked
        Whether the batch has, or will have, a page of its own to link to: one that was halted may never get it.
    """

    model: str
    batch: str
    tables: tuple[QualityResult, ...] = ()
    halted: str = ""
    title: str = ""
    linked: bool = True

    def count(self, outcome: Outcome) -> int:
        """Count the checks with an outcome, over all tables."""
        return sum(check.outcome == outcome for table in self.tables for check in table.verdicts)
