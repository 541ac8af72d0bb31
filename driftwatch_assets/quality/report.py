"""The verdicts on a table's quality."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from driftwatch_assets.quality.evidence import plain

if TYPE_CHECKING:
    from driftwatch_assets.quality.expectation import Expectation

NAMED_COLUMNS = 3


@dataclass(frozen=True)
class QualityVerdict:
    """The verdict on one expectation.

    Attributes
    ----------
    name
        Name of the check.
    passed
        Whether the expectation holds.
    severity
        `warn` or `error`: how grave it is when it does not.
    blocking
        Whether a breach stops what comes after.
    observed
        The evidence as plain values: `rows`, `unexpected_count`, `unexpected_share` (0 to 1), `allowed_share`,
        `missing_count`, `worst_columns` (column → count), `first_rows` (`row`, `column`, `value`), and what only
        this kind of expectation knows.
    sentence
        The promise and what was found, in words.

    """

    name: str
    passed: bool
    severity: Literal["warn", "error"]
    blocking: bool
    observed: Mapping[str, Any]
    sentence: str

    def as_dict(self) -> dict[str, Any]:
        """Give plain values that strict JSON can hold."""
        return {
            "name": self.name,
            "sentence": self.sentence,
            "passed": self.passed,
            "severity": self.severity,
            "blocking": self.blocking,
            "observed": _strict(self.observed),
        }


@dataclass(frozen=True)
class QualityReport:
    """The verdicts on one table of one batch, in the order of the suite."""

    table: str
    batch: str
    rows: int
    verdicts: tuple[QualityVerdict, ...]

    @property
    def passed(self) -> bool:
        """Whether every expectation holds."""
        return not self.failed

    @property
    def failed(self) -> tuple[QualityVerdict, ...]:
        """The verdicts on the expectations that do not hold."""
        return tuple(verdict for verdict in self.verdicts if not verdict.passed)

    @property
    def halts(self) -> bool:
        """Whether the data may not go on: a blocking expectation of severity error does not hold."""
        return any(verdict.blocking and verdict.severity == "error" for verdict in self.failed)

    def as_dict(self) -> dict[str, Any]:
        """Give plain values that strict JSON can hold, the verdicts in the order of the suite."""
        return {
            "table": self.table,
            "batch": self.batch,
            "rows": self.rows,
            "passed": self.passed,
            "halts": self.halts,
            "verdicts": [verdict.as_dict() for verdict in self.verdicts],
        }


def sentence(expectation: Expectation, observed: Mapping[str, Any], *, passed: bool) -> str:
    """Say what was promised and what was found."""
    verdict = "holds" if passed else "broken"
    absent = observed.get("absent_columns")
    found = _absent(absent) if absent else expectation.explain(observed) or _counted(observed)
    allowed = f", but for at most {expectation.allowed_share:.2%}" if expectation.allowed_share else ""
    return f"{verdict}: {expectation.promise}{allowed}; {found}"


def _strict(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _strict(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(item) for item in value]
    return value if isinstance(value, str) else plain(value)


def _absent(names: list[str]) -> str:
    more = f" and {len(names) - NAMED_COLUMNS} more" if len(names) > NAMED_COLUMNS else ""
    return f"the table has no column {', '.join(names[:NAMED_COLUMNS])}{more}, so nothing could be looked at"


def _counted(observed: Mapping[str, Any]) -> str:
    count, worst = observed["unexpected_count"], observed["worst_columns"]
    if not count:
        missing = observed["missing_count"]
        return f"{observed['rows']:,} rows looked at" + (f", {missing:,} values are missing" if missing else "")
    text = f"{count:,} exception{'s' if count > 1 else ''} in {observed['rows']:,} rows"
    of_worst = " of the worst column" if len(worst) > 1 else ""
    text += f" ({observed['unexpected_share']:.2%}{of_worst})"
    if len(worst) > 1:
        named = ", ".join(f"{name} {number:,}" for name, number in list(worst.items())[:NAMED_COLUMNS])
        text += f"; most in {named}"
    if observed.get("uncomparable_columns"):
        text += f"; of a type that has no such bounds: {', '.join(observed['uncomparable_columns'][:NAMED_COLUMNS])}"
    if observed["first_rows"]:
        first = observed["first_rows"][0]
        text += f"; first in row {first['row']}"
        if first["column"] is not None:
            text += f": {first['column']} = {'missing' if first['value'] is None else first['value']}"
    return text
