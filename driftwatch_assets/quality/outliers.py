"""The expectation that no value lies far away from the others of its column."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from driftwatch_assets.quality.columns import Columns, resolve, slug, spoken
from driftwatch_assets.quality.comparison import comparable
from driftwatch_assets.quality.evidence import WORST_COLUMNS, Evidence, plain, tally
from driftwatch_assets.quality.expectation import Subject, TableWide, Tolerant

if TYPE_CHECKING:
    import pandas as pd

    from driftwatch_assets.quality.columns import TableColumns

    Numbers = np.ndarray[Any, np.dtype[np.float64]]

# Of a normal distribution: sd / median absolute deviation, sd / mean absolute deviation, quartile range / sd.
SD_OF_MAD = 1.482602218505602
SD_OF_MEAN_DEVIATION = 1.2533141373155001
QUARTILES_OF_SD = 1.3489795003921634
FEWEST_DIFFERENT = 3


class Outliers(Tolerant, TableWide):
    """Of no column more than `max_share` of the present values lies far outside of the bulk of them.

    With quartiles Q1, Q3 and the median m of a column's finite values, a value x is an outlier

        by `iqr`:  x < Q1 - factor * (Q3 - Q1)  or  x > Q3 + factor * (Q3 - Q1)
        by `mad`:  abs(x - m) > factor * 1.4826 * median(abs(x - m))

    The measures are of the rows at hand, so they need no history, and up to a quarter (`iqr`) or a half (`mad`) of
    wild values does not move them. Where the measure is 0, since most values are the same, the mean absolute deviation
    from m stands in, scaled alike (times 1.2533, for `iqr` times 1.3490 more). A constant column has no outliers, nor
    has one of two different values: there is nothing to tell far from near. An infinity is always an outlier.

    Missing values are not looked at, but counted. Of a group of columns (or a pattern) only numbers are looked at and
    the others are named; a column that is named in a list and holds no numbers has nothing but outliers.

    Tukey, Exploratory Data Analysis (1977), with 3 for "far out"; Iglewicz & Hoaglin, How to Detect and Handle Outliers
    (1993), with 3.5 for `mad`.
    """

    expect: Literal["outliers"]
    columns: Columns
    factor: float = Field(default=3.0, gt=0, allow_inf_nan=False, description="how far outside is too far")
    method: Literal["iqr", "mad"] = Field(
        default="iqr", description="measure: the range between the quartiles, or the median absolute deviation"
    )

    def _default_name(self) -> str:
        return f"outliers_{slug(self.columns)}"

    @property
    def promise(self) -> str:
        """What is promised, in words."""
        measure = "ranges between the quartiles" if self.method == "iqr" else "deviations"
        return f"no value of {spoken(self.columns)} lies more than {self.factor:g} {measure} outside"

    def columns_needed(self, columns: TableColumns, present: tuple[str, ...]) -> tuple[str, ...]:
        """Give the chosen columns."""
        return resolve(self.columns, columns, present)

    def examine(self, frame: pd.DataFrame, subject: Subject) -> Evidence:
        """Count the outliers by column, and give the bounds of the columns that have some."""
        outside: dict[str, np.ndarray[Any, np.dtype[np.bool_]]] = {}
        considered: dict[str, int] = {}
        bounds: dict[str, list[Any]] = {}
        others = []
        missing_count = 0
        for name in resolve(self.columns, subject.columns, frame.columns):
            series = frame[name]
            missing = series.isna().to_numpy()
            values = comparable(series, numbers=True)
            if values is None or values.dtype.kind == "b":
                if not missing.all():
                    others.append(name)
                if not isinstance(self.columns, tuple):
                    continue
                outside[name] = ~missing
            else:
                low, high = self.bounds(values.astype(float))
                outside[name] = ((values < low) | (values > high) | np.isinf(values)) & ~missing
                bounds[name] = [plain(low), plain(high)]
            considered[name] = len(frame) - int(missing.sum())
            missing_count += int(missing.sum())
        evidence = tally(frame, outside, considered, columns=subject.columns, missing_count=missing_count, details={})
        hidden = subject.columns.hides
        shown = {name: bounds[name] for name in evidence.worst_columns if name in bounds and not hidden(name)}
        details = {"bounds": shown, "not_numbers": others[:WORST_COLUMNS]}
        return replace(evidence, details={key: value for key, value in details.items() if value})

    def bounds(self, values: Numbers) -> tuple[float, float]:
        """Give the smallest and the largest value that is no outlier; infinities where nothing can be one.

        Parameters
        ----------
        values
            A column, n values; missing and infinite ones are left out.

        Examples
        --------
        >>> rule = Outliers(expect="outliers", columns="all", factor=3)
        >>> rule.bounds(np.array([1.0, 2.0, 3.0, 4.0, 5.0, np.inf])), rule.bounds(np.array([7.0, 7.0]))
        ((-4.0, 10.0), (-inf, inf))

        """
        finite = values[np.isfinite(values)]
        if len(np.unique(finite)) < FEWEST_DIFFERENT:
            return -np.inf, np.inf
        first, median, third = np.quantile(finite, [0.25, 0.5, 0.75])
        deviations = np.abs(finite - median)
        mean_deviation = SD_OF_MEAN_DEVIATION * float(deviations.mean())
        if self.method == "mad":
            reach = self.factor * (SD_OF_MAD * float(np.median(deviations)) or mean_deviation)
            return float(median - reach), float(median + reach)
        reach = self.factor * (float(third - first) or QUARTILES_OF_SD * mean_deviation)
        return float(first - reach), float(third + reach)
