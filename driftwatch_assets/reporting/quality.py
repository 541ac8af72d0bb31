"""What a quality page says: the verdicts on every table of a batch, and the rows that were set aside."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass
from typing import TYPE_CHECKING, Any, Literal

from driftwatch_assets.reporting.errors import ReportContentError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Outcome = Literal["passed", "warned", "failed", "halted"]
OUTCOMES: tuple[Outcome, ...] = ("halted", "failed", "warned", "passed")
_NEEDED = ("name", "sentence", "passed", "severity")


@dataclass(frozen=True)
class CheckVerdict:
    """The verdict on one expectation.

    Attributes
    ----------
    name, sentence
        Of the check, and what was promised and found, in words.
    passed
        Whether the expectation holds.
    severity
        ``"warn"`` or ``"error"``.
    blocking
        Whether a breach stops what comes after.
    observed
        The evidence: ``rows``, ``unexpected_count``, ``unexpected_share``, ``worst_columns`` (column → count) and
        ``first_rows`` (``row``, ``column``, ``value``); any of them may be absent.
    """

    name: str
    sentence: str
    passed: bool
    severity: str
    blocking: bool = False
    observed: Mapping[str, Any] = field(default_factory=dict)

    @property
    def outcome(self) -> Outcome:
        """What the verdict means: a broken error that blocks has halted the batch, a broken warning only warns."""
        if self.passed:
            return "passed"
        if self.severity != "error":
            return "warned"
        return "halted" if self.blocking else "failed"

    @classmethod
    def of(cls, verdict: Mapping[str, Any] | Any) -> CheckVerdict:
        """Read a verdict from a record, or from any dataclass with these fields.

        Raises
        ------
        ReportContentError
            A field is absent.

        Examples
        --------
        >>> CheckVerdict.of({"name": "ages", "sentence": "broken", "passed": False, "severity": "warn"}).outcome
        'warned'
        """
        if isinstance(verdict, CheckVerdict):
            return verdict
        record: Mapping[str, Any] = verdict
        if is_dataclass(verdict):
            record = {each.name: getattr(verdict, each.name) for each in fields(verdict)}
        absent = [name for name in _NEEDED if name not in record]
        if absent:
            found = ", ".join(map(str, record))
            raise ReportContentError(
                f"the verdict {record.get('name', '')!r} lacks {', '.join(absent)}; it has {found}"
            )
        return cls(
            name=str(record["name"]),
            sentence=str(record["sentence"]),
            passed=bool(record["passed"]),
            severity=str(record["severity"]),
            blocking=bool(record.get("blocking", False)),
            observed=dict(record.get("observed") or {}),
        )


@dataclass(frozen=True)
class TableQuality:
    """The quality of one table of a batch.

    Attributes
    ----------
    layer
        ``"bronze"``, ``"silver"`` or ``"gold"``.
    table
        Its name.
    rows
        Rows that were looked at; None when the table was not made.
    rejected
        Reason → rows that were set aside on the way to this table.
    verdicts
        What was found, in the order of the suite: records or results with the fields of `CheckVerdict`.
    unplaced
        Reason → rows of the whole source that belong to no batch, neither this one nor another.
    """

    layer: str
    table: str
    rows: int | None = None
    rejected: Mapping[str, int] = field(default_factory=dict)
    verdicts: Sequence[Any] = ()
    unplaced: Mapping[str, int] = field(default_factory=dict)

    @property
    def checks(self) -> tuple[CheckVerdict, ...]:
        """The verdicts, the broken ones first and the gravest of them before the others."""
        read = [CheckVerdict.of(each) for each in self.verdicts]
        return tuple(sorted(read, key=lambda each: OUTCOMES.index(each.outcome)))

    @property
    def rejected_rows(self) -> int:
        """Rows that were set aside, over all reasons."""
        return sum(self.rejected.values())

    @property
    def unplaced_rows(self) -> int:
        """Rows of the source that belong to no batch, over all reasons."""
        return sum(self.unplaced.values())


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
        In the order in which the data goes through them.
    halted
        Why the batch may not go on; empty when it may.
    linked
        Whether the batch has, or will have, a page of its own to link to: one that was halted may never get it.
    """

    model: str
    batch: str
    tables: tuple[TableQuality, ...] = ()
    halted: str = ""
    title: str = ""
    linked: bool = True

    def count(self, outcome: Outcome) -> int:
        """Count the checks with an outcome, over all tables."""
        return sum(check.outcome == outcome for table in self.tables for check in table.checks)
