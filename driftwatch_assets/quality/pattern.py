"""The expectation that a column's values are written in one way."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import AfterValidator, Field

from driftwatch_assets.quality.columns import word
from driftwatch_assets.quality.evidence import Evidence, first_rows, most_common, share
from driftwatch_assets.quality.expectation import Subject, TableWide, Tolerant

if TYPE_CHECKING:
    from driftwatch_assets.quality.columns import TableColumns

LONGEST_MATCHED = 10_000

# One atom, repeated without end, alone in a group that is repeated without end: (a+)+, (?:[a-z]*)*, (\w{2,})+.
_ATOM = r"(?:\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[^\\\[\](){}|*+?])"
_ENDLESS = r"(?:[*+]|\{\d*,\})"
_REPEATED_REPETITION = re.compile(rf"\((?:\?:|\?P<\w+>)?{_ATOM}{_ENDLESS}\)+{_ENDLESS}")


def _usable(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        message = f"{pattern!r} is no regular expression: {error}"
        raise ValueError(message) from error
    twice = _REPEATED_REPETITION.search(pattern)
    if twice is not None:
        message = (
            f"{pattern!r} repeats a repetition ({twice[0]}), which takes time without end on some texts; repeat it once"
        )
        raise ValueError(message)
    return pattern


class Matches(Tolerant, TableWide):
    r"""Every present value of a column, as text, matches `pattern` from its first character to its last.

    Missing values are not looked at, but counted. A number is written as Python writes it (`5`, `5.0`), a moment as
    `2023-01-31 00:00:00`. A text of more than 10,000 characters does not match. A value that must *not* be there is a
    pattern too: `(?!-100$).*`. Put `pattern` into single quotes in YAML, where a backslash stands for itself.

    Examples
    --------
    >>> import pandas as pd
    >>> from driftwatch_assets.quality import parse_suite, validate
    >>> suite = parse_suite([{"expect": "matches", "column": "Age", "pattern": r"\d+"}])
    >>> report = validate(pd.DataFrame({"Age": ["23", "31_", None, "-5"]}), suite, table="t", batch="1")
    >>> report.verdicts[0].sentence
    'broken: every value of Age matches \\d+; 2 exceptions in 4 rows (66.67%); first in row 1: Age = 31_'

    """

    expect: Literal["matches"]
    column: str = Field(min_length=1, description="the column")
    pattern: Annotated[str, AfterValidator(_usable)] = Field(
        min_length=1, description="regular expression for the whole text of a value"
    )

    def _default_name(self) -> str:
        return f"matches_{word(self.column)}"

    @property
    def promise(self) -> str:
        """What is promised, in words."""
        return f"every value of {self.column} matches {self.pattern}"

    def columns_needed(self, columns: TableColumns, present: tuple[str, ...]) -> tuple[str, ...]:  # noqa: ARG002 - one column, by name
        """Give the column."""
        return (self.column,)

    def examine(self, frame: pd.DataFrame, subject: Subject) -> Evidence:
        """Count the values that do not match; each different text is matched once."""
        values = frame[self.column]
        there = values.notna().to_numpy(dtype=bool)
        codes, texts = pd.factorize(values[there].astype(str).to_numpy(dtype=object))
        matched = re.compile(self.pattern).fullmatch
        good = [len(text) <= LONGEST_MATCHED and matched(text) is not None for text in texts]
        other = np.zeros(len(frame), dtype=bool)
        other[there] = ~np.array(good, dtype=bool)[codes]
        count = int(other.sum())
        return Evidence(
            rows=len(frame),
            unexpected_count=count,
            unexpected_share=share(count, int(there.sum())),
            missing_count=len(frame) - int(there.sum()),
            worst_columns={self.column: count} if count else {},
            first_rows=first_rows(frame, other, self.column, columns=subject.columns),
            details=most_common(frame, other, self.column, columns=subject.columns),
        )
