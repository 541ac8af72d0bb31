"""How crash records become typed rows and features.

The police write one row a crash: when it happened, what the place and the weather were like, what hit what, and how
many people came to which harm. Nobody says which crashes are unusual: there is no label.

The file has no column that names a crash, and its line is no name either: rows are in no order of time, and one that is
added in the middle moves all that follow. A crash is known by its content: the first 16 hexadecimal digits of the
SHA-256 of its date, texts and counts, as silver has them. So the same crash has the same name in every delivery,
wherever it stands and however its text is cased or padded, and a corrected crash has a new one. Rows of equal content
are one crash that was written twice: two crashes of one minute that agree in all else are not to be expected.
"""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd

CATEGORIES = (
    "traffic_control_device",
    "weather_condition",
    "lighting_condition",
    "first_crash_type",
    "trafficway_type",
    "alignment",
    "roadway_surface_cond",
    "road_defect",
    "crash_type",
    "intersection_related_i",
    "damage",
    "prim_contributory_cause",
    "most_severe_injury",
)
"""Columns of text. "UNKNOWN" is a category of its own: the police wrote it; a missing value stays missing."""

HURT = ("injuries_fatal", "injuries_incapacitating", "injuries_non_incapacitating", "injuries_reported_not_evident")
"""People by the harm they came to; together they are `injuries_total`."""

COUNTS = ("num_units", "injuries_total", *HURT, "injuries_no_indication")

DATE_PARTS = ("crash_hour", "crash_day_of_week", "crash_month")
"""0 to 23; 1 to 7 from Sunday; 1 to 12."""

FEATURES = (*COUNTS, *DATE_PARTS, *CATEGORIES)
"""What a model sees. The year is not among them: a batch is a year, so it would tell batches apart and nothing else."""

LIMITS = {"num_units": (1, 50), **dict.fromkeys(COUNTS[1:], (0, 200))}
"""Least and largest believable count: a crash has a vehicle or more; 200 people are two full buses."""

SILVER_TYPES = {
    "crash": "string",
    "crash_date": "datetime",
    **dict.fromkeys(CATEGORIES, "string"),
    **dict.fromkeys((*COUNTS, *DATE_PARTS), "integer"),
}
"""Type by silver column, as the suite's `schema` expects it."""

_ID_DIGITS = 16


def silver(bronze: pd.DataFrame) -> pd.DataFrame:
    """Type the columns, name each crash, and say which rows shall not go on.

    Parameters
    ----------
    bronze
        Readable rows with ``source_line``, ``crash_date`` (datetime) and the 23 other columns as text, null where
        missing.

    Returns
    -------
    pandas.DataFrame
        Under the index of `bronze`: ``crash`` (see the module), ``crash_date``, `CATEGORIES` (upper case, without outer
        blanks, null where missing), `COUNTS` and `DATE_PARTS` (int64; the date parts are those of ``crash_date``) and
        ``reject_reason``: set where there is no date, a count is missing, no whole number or outside `LIMITS`, the
        injured are not `injuries_total`, a date part that was delivered is not that of the date (a sign that
        columns were shifted), or the row repeats an earlier one. In a rejected row an unreadable number is -1.

    Examples
    --------
    >>> row = {"source_line": 2, "crash_date": pd.Timestamp("2023-07-29 13:00"), **dict.fromkeys(CATEGORIES, " Clear ")}
    >>> row |= {**dict.fromkeys(COUNTS, "0"), "num_units": "2"}
    >>> row |= {"crash_hour": "13", "crash_day_of_week": "7", "crash_month": "7"}
    >>> typed = silver(pd.DataFrame([row, row | {"source_line": 3}, row | {"source_line": 4, "crash_hour": "1"}]))
    >>> typed["weather_condition"].tolist(), typed["num_units"].tolist()
    (['CLEAR', 'CLEAR', 'CLEAR'], [2, 2, 2])
    >>> typed["reject_reason"].tolist()[1:]
    ['duplicate of line 2', "crash_hour '1' is not that of crash_date 2023-07-29 13:00, which is 13"]
    """
    reasons = pd.Series([None] * len(bronze), index=bronze.index, dtype=object)
    date = bronze["crash_date"].astype("datetime64[ns]")
    _reject(reasons, date.isna(), "crash_date is missing")
    counts = {name: _count(bronze[name], name, reasons) for name in COUNTS}
    total, parts = counts["injuries_total"], pd.DataFrame(counts)[list(HURT)].sum(axis=1)
    for row in reasons.index[reasons.isna() & (total != parts)]:
        reasons[row] = f"injuries_total is {total[row]}, but its four parts add up to {parts[row]}"
    date_parts = _date_parts(date)
    for name, truth in date_parts.items():
        _check_date_part(bronze[name], name, truth, date, reasons)
    typed = pd.DataFrame(
        {
            "crash_date": date,
            **{name: _words(bronze[name]) for name in CATEGORIES},
            **counts,
            **date_parts,
        },
        index=bronze.index,
    )
    typed.insert(0, "crash", _names(typed))
    _reject_repeats(typed["crash"], bronze["source_line"], reasons)
    typed["reject_reason"] = reasons
    return typed


def gold(silver: pd.DataFrame) -> pd.DataFrame:
    """Give what a model sees: the crash's name, its time (which no model sees), and its `FEATURES`.

    Examples
    --------
    >>> crash = {"crash": ["a1"], "crash_date": [pd.Timestamp("2023-07-29 13:00")]}
    >>> gold(pd.DataFrame({**crash, **{name: [1] for name in FEATURES}})).columns[:3].tolist()
    ['crash', 'crash_date', 'num_units']
    """
    return silver.loc[:, ["crash", "crash_date", *FEATURES]]


def _reject(reasons: pd.Series, wrong: pd.Series, reason: str) -> None:
    reasons[wrong & reasons.isna()] = reason


def _words(text: pd.Series) -> pd.Series:
    words = [None if missing else value.strip().upper() for value, missing in zip(text, text.isna(), strict=True)]
    return pd.Series(words, index=text.index, dtype=object)


def _count(text: pd.Series, name: str, reasons: pd.Series) -> pd.Series:
    """Read whole numbers, also written as 2.0, and give a reason for each that cannot be believed."""
    low, high = LIMITS[name]
    stripped = text.astype(object).str.strip()
    whole = stripped.str.fullmatch(r"-?[0-9]{1,9}(\.0+)?", na=False).astype(bool)
    numbers = pd.to_numeric(stripped.where(whole)).fillna(-1).astype(np.int64)
    _reject(reasons, text.isna(), f"{name} is missing")
    for row in reasons.index[reasons.isna() & ~whole]:
        reasons[row] = f"{name} {text[row]!r} is no whole number"
    for row in reasons.index[reasons.isna() & ~numbers.between(low, high)]:
        reasons[row] = f"{name} {numbers[row]} is outside {low} to {high}"
    return numbers


def _date_parts(date: pd.Series) -> dict[str, pd.Series]:
    parts = zip(DATE_PARTS, (date.dt.hour, (date.dt.dayofweek + 1) % 7 + 1, date.dt.month), strict=True)
    return {name: part.fillna(-1).astype(np.int64) for name, part in parts}


def _check_date_part(text: pd.Series, name: str, truth: pd.Series, date: pd.Series, reasons: pd.Series) -> None:
    delivered = pd.to_numeric(text.astype(object).str.strip(), errors="coerce")
    for row in reasons.index[reasons.isna() & text.notna() & (delivered != truth)]:
        moment = f"{date[row]:%Y-%m-%d %H:%M}"
        reasons[row] = f"{name} {text[row]!r} is not that of crash_date {moment}, which is {truth[row]}"


def _names(typed: pd.DataFrame) -> pd.Series:
    """Name each row by its content; a missing value differs from every text."""
    moments = typed["crash_date"].dt.strftime("%Y-%m-%dT%H:%M:%S")
    columns = [moments, *(typed[name] for name in (*CATEGORIES, *COUNTS))]
    cells = [
        ["" if missing else f"={value}" for value, missing in zip(one, one.isna(), strict=True)] for one in columns
    ]
    names = [hashlib.sha256("\x1f".join(row).encode()).hexdigest()[:_ID_DIGITS] for row in zip(*cells, strict=True)]
    return pd.Series(names, index=typed.index, dtype=object)


def _reject_repeats(names: pd.Series, lines: pd.Series, reasons: pd.Series) -> None:
    good = reasons.isna()
    first = dict(zip(reversed(names[good].tolist()), reversed(lines[good].tolist()), strict=True))
    for row in names.index[good & names.where(good).duplicated()]:
        reasons[row] = f"duplicate of line {first[names[row]]}"
