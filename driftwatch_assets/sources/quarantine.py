"""Rows that do not go on: each with its line, its reason and, where it could not be read, its text."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from driftwatch_assets.quoting import shortened

REJECT_REASON = "reject_reason"
"""The column in which a silver function says why a row shall not go on; null where it shall."""

WITHHELD_TEXT = "withheld: the table has personal columns"
"""What stands in ``source_text`` where the text would show personal data."""

QUARANTINE_COLUMNS = ("source_file", "source_line", "reason", "source_text")


class RowsUnaccounted(ValueError):  # noqa: N818 - named for what was found
    """A silver function that lost rows, or made some up."""


@dataclass(frozen=True)
class Split:
    """A batch's rows, parted.

    Attributes
    ----------
    kept
        The typed rows that go on, without the reason column, numbered from 0.
    rejected
        The others, in the order of the file: ``source_file, source_line, reason, source_text``; the text is null where
        the line could be read, since bronze has its values.
    """

    kept: pd.DataFrame
    rejected: pd.DataFrame


def readable(bronze: pd.DataFrame) -> pd.DataFrame:
    """Give the bronze rows that a silver function receives: those without a ``problem``, with their index.

    Examples
    --------
    >>> bronze = pd.DataFrame({"source_line": [1, 2], "x1": [0.5, None], "problem": [None, "line 2, column 1: …"]})
    >>> readable(bronze)["source_line"].tolist()
    [1]
    """
    return bronze[bronze["problem"].isna()]


def split(bronze: pd.DataFrame, typed: pd.DataFrame, source_file: str) -> Split:
    """Part a batch into the rows that go on and the rejected ones.

    A row is rejected when bronze has a ``problem`` for it, or when `typed` has a ``reject_reason``.

    Parameters
    ----------
    bronze
        All rows of the batch, with ``source_line``, ``problem`` and ``source_text``.
    typed
        What the silver function made of ``readable(bronze)``: one row for each, under the same index, and optionally
        the column ``reject_reason`` (string, null to keep the row).
    source_file
        Name of the delivered file.

    Raises
    ------
    RowsUnaccounted
        `typed` lacks a readable row, has one that bronze does not have, or has one twice: a row goes on or into
        quarantine, never nowhere.

    Examples
    --------
    >>> bronze = pd.DataFrame(
    ...     {"source_line": [1, 2, 3], "label": ["1", None, "9"], "problem": [None, "line 2, column 1: …", None],
    ...      "source_text": [None, "1 1:nan", None]}
    ... )
    >>> typed = pd.DataFrame({"gas": ["ethanol", None], "reject_reason": [None, "unknown label '9'"]}, index=[0, 2])
    >>> parted = split(bronze, typed, "batch1.dat")
    >>> parted.kept["gas"].tolist()
    ['ethanol']
    >>> parted.rejected[["source_line", "reason"]].values.tolist()
    [[2, 'line 2, column 1: …'], [3, "unknown label '9'"]]
    """
    expected = readable(bronze)
    _check_accounted(expected, typed)
    reasons = bronze["problem"].copy()
    if REJECT_REASON in typed:
        reasons = reasons.where(reasons.notna(), typed[REJECT_REASON].reindex(bronze.index))
        kept = typed[typed[REJECT_REASON].isna()].drop(columns=REJECT_REASON)
    else:
        kept = typed
    rejected = reasons.notna()
    quarantined = pd.DataFrame(
        {
            "source_file": pd.Series(source_file, index=bronze.index, dtype=object)[rejected],
            "source_line": bronze.loc[rejected, "source_line"],
            "reason": reasons[rejected].astype(str).map(shortened),
            "source_text": bronze.loc[rejected, "source_text"],
        },
        columns=list(QUARANTINE_COLUMNS),
    )
    return Split(kept.reset_index(drop=True), quarantined.reset_index(drop=True))


def _check_accounted(expected: pd.DataFrame, typed: pd.DataFrame) -> None:
    lost = expected.index.difference(typed.index)
    unknown = typed.index.difference(expected.index)
    if not typed.index.is_unique or len(lost) or len(unknown):
        lines = ", ".join(str(line) for line in expected.loc[lost, "source_line"].head(5))
        raise RowsUnaccounted(
            f"the silver function received {len(expected):,} rows and returned {len(typed):,}: {len(lost):,} are lost"
            f"{f' (source lines {lines})' if lines else ''}, {len(unknown):,} are not in bronze, "
            f"{int(typed.index.duplicated().sum()):,} come twice. Return each row once, under its index in bronze, and "
            f"write into {REJECT_REASON!r} why a row shall not go on."
        )
