"""How fetched flowers become typed rows and features.

The file has no header: four lengths in centimetres and the species, ``5.1,3.5,1.4,0.2,Iris-setosa``. It has no column
that names a flower, so a flower is known by its line in its fetch. Two flowers may well agree in everything, since
lengths are written to a millimetre; some of the published 150 do. That is no fault.

What is a fault is to judge a model on flowers that it has learned from. A server gives the same file again and again,
with a correction or with some flowers more; the unchanged file is no new fetch, and of a changed one `gold` sets aside
what an earlier fetch had.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

SPECIES = {"Iris-setosa": "setosa", "Iris-versicolor": "versicolor", "Iris-virginica": "virginica"}
"""The classes, by the name in the files."""

FEATURES = ("sepal_length", "sepal_width", "petal_length", "petal_width")
"""In centimetres, in the order of the files."""

LONGEST = 30.0
"""Length in centimetres above which a petal or sepal is not believed: about three times the longest of the genus."""

SAME_FILE = 0.5
"""Share of the smaller of two fetches that both have, from which one is taken for a new version of the other."""

SILVER_TYPES = {"flower": "integer", **dict.fromkeys(FEATURES, "float"), "species": "string"}
"""Type by silver column, as the suite's `schema` expects it."""


def silver(bronze: pd.DataFrame) -> pd.DataFrame:
    """Type the lengths, name the species, and say which flowers shall not go on.

    Parameters
    ----------
    bronze
        Readable rows with ``source_line``, the `FEATURES` and ``species`` as text, null where missing.

    Returns
    -------
    pandas.DataFrame
        Under the index of `bronze`: ``flower`` (the source line, int64), the `FEATURES` (float64), ``species`` (null
        when it is not known yet) and ``reject_reason``: set for a length that is missing, no number, not above 0 or
        above `LONGEST`, and for a species that is not one of `SPECIES`, spaces around it left off. A flower that equals
        another is kept.

    Examples
    --------
    >>> rows = [["5.1", "3.5", "1.4", "0.2", "Iris-setosa"], ["5.1", "-3.5", "1.4", "0.2", "Iris-setosa"]]
    >>> bronze = pd.DataFrame(rows, columns=[*FEATURES, "species"]).assign(source_line=[1, 2])
    >>> typed = silver(bronze)
    >>> typed["species"].tolist(), typed["reject_reason"].tolist()
    (['setosa', 'setosa'], [None, 'sepal_width -3.5 cm is not above 0 and at most 30 cm'])
    """
    reasons = pd.Series([None] * len(bronze), index=bronze.index, dtype=object)
    lengths = {name: _length(bronze[name], name, reasons) for name in FEATURES}
    written = bronze["species"].astype(object).str.strip()
    species = [SPECIES.get(name) for name in written]
    unknown = written.notna() & ~written.isin(list(SPECIES))
    for row in reasons.index[reasons.isna() & unknown]:
        reasons[row] = f"species {written[row]!r} is none of {', '.join(SPECIES)}"
    return pd.DataFrame(
        {
            "flower": bronze["source_line"].astype(np.int64),
            **lengths,
            "species": pd.Series(species, index=bronze.index, dtype=object),
            "reject_reason": reasons,
        },
        index=bronze.index,
    )


def gold(silver: pd.DataFrame, earlier: Mapping[str, pd.DataFrame] | None = None) -> pd.DataFrame:
    """Give what a model sees, and set aside the flowers of earlier fetches.

    Fetch E is another version of this fetch F when ``|E ∩ F| >= SAME_FILE · min(|E|, |F|)``, where flowers are equal
    that agree in four lengths and species, each counted as often as it stands there. Of F as many flowers of a kind
    are set aside as stand in such an E; in other fetches, equal flowers are chance.

    Parameters
    ----------
    silver
        The fetch.
    earlier
        Silver of earlier fetches, by batch; None when there is none.

    Returns
    -------
    pandas.DataFrame
        ``flower``, `FEATURES`, ``species`` (the label) and ``reject_reason``, null for a flower that is new.

    Examples
    --------
    >>> old = pd.DataFrame([[1, 5.1, 3.5, 1.4, 0.2, "setosa"]], columns=["flower", *FEATURES, "species"])
    >>> new = pd.concat([old, old.assign(flower=2)], ignore_index=True)
    >>> gold(new, {"000001": old})["reject_reason"].tolist()
    ['stands in fetch 000001 already', None]
    """
    rows = silver.loc[:, ["flower", *FEATURES, "species"]]
    kinds = _kinds(rows)
    own = Counter(kinds)
    seen: dict[tuple[object, ...], list[str]] = {}
    for batch, frame in (earlier or {}).items():
        theirs = Counter(_kinds(frame))
        common = own & theirs
        if common and common.total() >= SAME_FILE * min(own.total(), theirs.total()):
            for kind, times in common.items():
                before = seen.setdefault(kind, [])
                before.extend([batch] * (times - len(before)))
    reasons = [f"stands in fetch {left.pop(0)} already" if (left := seen.get(kind)) else None for kind in kinds]
    return rows.assign(reject_reason=pd.Series(reasons, index=rows.index, dtype=object))


def _length(text: pd.Series, name: str, reasons: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(text, errors="coerce").astype(np.float64)
    reasons[text.isna() & reasons.isna()] = f"{name} is missing"
    for row in reasons.index[reasons.isna() & numbers.isna()]:
        reasons[row] = f"{name} {text[row]!r} is no number"
    for row in reasons.index[reasons.isna() & ~((numbers > 0) & (numbers <= LONGEST))]:
        reasons[row] = f"{name} {numbers[row]:g} cm is not above 0 and at most {LONGEST:g} cm"
    return numbers


def _kinds(rows: pd.DataFrame) -> list[tuple[object, ...]]:
    """Give each flower's lengths and species; a species that is not known is the same as another."""
    known = rows["species"].astype(object).where(rows["species"].notna(), "")
    return list(zip(*(rows[name].tolist() for name in FEATURES), known.tolist(), strict=True))
