"""The expectation that no single feature nearly gives the label away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from driftwatch_assets.quality.columns import slug, spoken
from driftwatch_assets.quality.evidence import WITHHELD, Evidence, plain, shown, tally
from driftwatch_assets.quality.expectation import Subject, TableWide
from driftwatch_assets.quality.labels import Labelled
from driftwatch_assets.quality.leaks import Leak, Thresholds, find_leaks
from driftwatch_assets.quoting import named

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMED_LEAKS = 20
SPOKEN_LEAKS = 5


class LabelLeak(Labelled, TableWide):
    """No single feature nearly gives the label away, by one of its values, at one of its ends, or as a whole.

    Of N labelled rows, N_c have the label c. A *region* R of a feature is one of its values {x = v}, or a one-sided
    range {x <= t} or {x >= t} of an ordered feature (numbers, moments), or with `missing: true` {x is missing} and
    {x is there}. With s rows in R, o of which have another label than c, the feature leaks when for some R and c

        s >= max(min_rows, min_share * N)   and   (s - o) / s >= purity   and   T * P(O <= o) <= alpha,

    where O is hypergeometric: the other labels among s rows drawn from N, N - N_c of which have other labels. This is
    the exact chance under random labels, given how many there are of each. T is the number of regions looked at, over
    all features and labels: each value with enough rows counts one; the ranges at one end count floor((1 - purity) *
    N) + 1, since of those with the same number of other labels only the longest can tell most. So under labels
    without any relation the chance of an alarm is at most `alpha` a table, whatever the number of features.

    With `gap` g > 0 a one-sided range counts only where it lies apart: the distance from its innermost value to the
    nearest value outside is more than g times the range between the quartiles of the values outside. Placeholders and
    typing errors lie apart; a strong measurement does not, so g = 5 lets honest sensors pass that reach a pure range.

    A feature also leaks as a whole when max(AUC, 1 - AUC) of one label against the others is at least `auc` in the
    rows where it is there, with T * p <= alpha by the normal approximation (tie-corrected, at least 5 rows on
    either side). Of an unordered feature the score of a row is the share of the label in its value, counted in the
    other half of the rows. With `auc: null` whole features are not looked at.

    The smallest region that can be told depends on the base rate: 18 rows, all of a label that 78 % of all rows have,
    come about by chance one time in a hundred, so with many features they are no evidence; 7 rows, all of a label that
    22 % have, are. Rows without a label are not looked at, but counted as missing.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from driftwatch_assets.quality import TableColumns, parse_suite, validate
    >>> rng = np.random.default_rng(5)
    >>> given = rng.random(1000) < 0.776
    >>> amount = np.where(given & (rng.random(1000) < 0.15), 99999999, rng.integers(1000, 35000, 1000))
    >>> frame = pd.DataFrame({"amount": amount, "age": rng.integers(18, 90, 1000), "status": np.where(given, "y", "n")})
    >>> suite = parse_suite([{"expect": "label_leak", "label": "status"}])
    >>> report = validate(frame, suite, table="gold", batch="1", columns=TableColumns(features=("amount", "age")))
    >>> report.verdicts[0].sentence
    'broken: no single one of the features gives status away; 1 does: amount = 99999999 (118 of 1,000 rows, all y)'

    """

    expect: Literal["label_leak"]
    purity: float = Field(default=0.99, gt=0.5, le=1, description="share of one label that makes a region pure")
    min_rows: int = Field(default=5, ge=2, description="fewest rows of a region")
    min_share: float = Field(default=0.01, ge=0, lt=1, description="smallest share of the labelled rows of a region")
    alpha: float = Field(default=0.01, gt=0, lt=1, description="chance of a false alarm a table, over all regions")
    auc: float | None = Field(default=0.98, gt=0.5, le=1, description="AUC of a whole feature; null: not looked at")
    gap: float = Field(
        default=0.0, ge=0, allow_inf_nan=False, description="quartile ranges by which a one-sided range lies apart"
    )
    missing: bool = Field(default=False, description="whether it counts that a value is missing, or there")

    def _default_name(self) -> str:
        return "label_leak" if self.columns == "features" else f"label_leak_{slug(self.columns)}"

    @property
    def promise(self) -> str:
        """What is promised, in words."""
        return f"no single one of {spoken(self.columns)} gives {self.label} away"

    def examine(self, frame: pd.DataFrame, subject: Subject) -> Evidence:
        """Find the leaks, and give each with its feature, its region and its counts."""
        names = self.chosen(subject.columns, frame.columns)
        labelled = np.flatnonzero(frame[self.label].notna().to_numpy(dtype=bool))
        rows = frame.iloc[labelled].reset_index(drop=True)
        label, classes = pd.factorize(rows[self.label])
        thresholds = Thresholds(
            self.purity, self.min_rows, self.min_share, self.alpha, self.auc, self.gap, self.missing
        )
        leaks, regions = find_leaks(rows, names, label, len(classes), thresholds)
        masks: dict[str, np.ndarray[Any, np.dtype[np.bool_]]] = {}
        for leak in leaks:
            mask = masks.setdefault(leak.feature, np.zeros(len(frame), dtype=bool))
            mask[labelled[leak.positions]] = True
        told = [_told(leak, rows, label, classes, self.label, subject) for leak in leaks[:NAMED_LEAKS]]
        return tally(
            frame,
            masks,
            dict.fromkeys(masks, len(rows)),
            columns=subject.columns,
            missing_count=len(frame) - len(rows),
            details={
                "leaks": told,
                "leaks_found": len(leaks),
                "leaking_features": len(masks),
                "labelled_rows": len(rows),
                "regions_looked_at": regions,
                **{name: getattr(self, name) for name in ("purity", "min_rows", "min_share", "alpha", "auc", "gap")},
            },
        )

    def explain(self, observed: Mapping[str, Any]) -> str:
        """Name the leaks."""
        leaks, features = observed["leaks"], observed["leaking_features"]
        if not leaks:
            return f"{observed['regions_looked_at']:,} regions of {observed['labelled_rows']:,} labelled rows looked at"
        shown_leaks = [_spoken(leak, observed["labelled_rows"]) for leak in leaks[:SPOKEN_LEAKS]]
        more = observed["leaks_found"] - SPOKEN_LEAKS
        text = f"{features:,} {'does' if features == 1 else 'do'}: {'; '.join(shown_leaks)}"
        return f"{text}; and {more} more" if more > 0 else text


def _told(
    leak: Leak, rows: pd.DataFrame, label: Any, classes: Any, label_name: str, subject: Subject
) -> dict[str, Any]:
    """Give a leak as plain values."""
    columns = subject.columns
    base = float((label == leak.label).mean())
    told: dict[str, Any] = {
        "feature": leak.feature,
        "kind": leak.kind,
        "region": _region(leak, rows, subject),
        "label": WITHHELD if columns.hides(label_name) else str(plain(classes[leak.label])),
        "rows": leak.rows,
        "share_of_rows": leak.rows / len(rows),
        "base_share": base,
        "p_adjusted": leak.p,
    }
    if leak.auc is None:
        told |= {"others": leak.others, "purity": (leak.rows - leak.others) / leak.rows}
    else:
        told["auc"] = leak.auc
    for key, position in (("edge", leak.edge), ("nearest_outside", leak.outside)):
        if position is not None:
            told[key] = shown(rows, position, leak.feature, columns)
    return told


def _region(leak: Leak, rows: pd.DataFrame, subject: Subject) -> str:
    """Give a region in words that a filter could be written from."""
    name = leak.feature
    if leak.kind == "whole":
        return f"{name} as a whole"
    if leak.kind in {"missing", "present"}:
        return f"{name} is {leak.kind}"
    if leak.edge is None or subject.columns.hides(name):
        which = {"value": "one value", "lowest": "the lowest values", "highest": "the highest values"}
        return f"{which[leak.kind]} of {name}"
    sign = {"value": "=", "lowest": "<=", "highest": ">="}[leak.kind]
    return f"{name} {sign} {_written(shown(rows, leak.edge, name, subject.columns))}"


def _written(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else named(str(value))


def _spoken(leak: Mapping[str, Any], labelled: int) -> str:
    if "auc" in leak:
        return f"{leak['region']} (AUC {leak['auc']:.3f} for {leak['label']} in {leak['rows']:,} of {labelled:,} rows)"
    pure = "all" if not leak["others"] else f"{leak['purity']:.1%}"
    text = f"{leak['region']} ({leak['rows']:,} of {labelled:,} rows, {pure} {leak['label']}"
    if leak.get("nearest_outside") not in {None, WITHHELD}:
        text += f"; the nearest value outside is {_written(leak['nearest_outside'])}"
    return f"{text})"
