"""How often each p-value that a verdict uses falls to its level without drift; exit 1 when one does so too often.

Run it with ``python -m benchmarks.calibration``. It takes a few minutes, prints its progress, and writes its part of
``benchmarks/results.md``.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import bdtrc

from benchmarks.bars import Bar
from benchmarks.page import bars_table, exit_status, table, write_part
from benchmarks.processor import describe
from driftwatch_assets.drift.association import contrast_change, rank_association, rank_changes
from driftwatch_assets.drift.chi_square import chi_square
from driftwatch_assets.drift.distances import ks_distance
from driftwatch_assets.drift.one_sided import one_sided_pvalue
from driftwatch_assets.drift.significance import adjusted, ks_pvalue, missing_pvalue
from driftwatch_assets.drift.whole_table import compare_whole_table
from driftwatch_assets.drift.whole_table_policy import WholeTablePolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Draw = Callable[[np.random.Generator, int], float]
    Draws = Callable[[np.random.Generator, int, int], Floats]

REFERENCE_ROWS = 6_000
BATCHES = (20, 50, 200, 1_000, 5_000)
OF_TWO_CLASSES = (50, 200, 1_000, 5_000)
LEVELS = (0.05, 0.01, 0.001)
CHANCE = 0.001
PAGE = """\
# The level of each test

`make bench` on {date}; {processor}. Draws without drift, reference {rows:,} rows ({few} for the whole table). A test
keeps its level when at most 5 % of the p-values are 0.05 or less, and so on. Of all columns of a test and all sizes of
the batch the largest share is shown; where nothing was to be tested in a draw, it counts as one without an alarm.

{levels}

Too often: shares of this table, each size by itself, that are further above their level than chance explains (binomial,
p < {chance:g} for all of them together).

{bars}
"""


@dataclass(frozen=True)
class Calibrated:
    """A test, and the columns without drift that it is tried on.

    Attributes
    ----------
    name
        Of the test.
    columns
        By their descriptions: a function of a random generator, the rows of the batch and the number of draws, which
        gives as many p-values.
    draws
        Draws of each column and size.
    batches
        Rows of the batch.
    """

    name: str
    columns: Mapping[str, Draws]
    draws: int
    batches: Sequence[int] = BATCHES


@dataclass(frozen=True)
class Found:
    """How many of the p-values of a column at a size are at most a level."""

    test: str
    column: str
    batch: int
    level: float
    draws: int
    alarms: int

    @property
    def share(self) -> float:
        """The share of the draws."""
        return self.alarms / self.draws

    @property
    def chance(self) -> float:
        """The chance of as many, or more, with a test that keeps its level."""
        return float(bdtrc(self.alarms - 1, self.draws, self.level)) if self.alarms else 1.0


def measure(test: Calibrated, draws: int | None = None, seed: int = 400) -> Iterator[Found]:
    """Draw, and count at each level."""
    draws = test.draws if draws is None else draws
    for column, draw in test.columns.items():
        for batch in test.batches:
            pvalues = draw(np.random.default_rng([seed, batch]), batch, draws)
            for level in LEVELS:
                yield Found(test.name, column, batch, level, draws, int((pvalues <= level).sum()))


def too_often(found: Sequence[Found]) -> list[Found]:
    """Choose what is above its level by more than chance."""
    return [each for each in found if each.chance < CHANCE / len(found)]


def _missing(rate: float) -> Draws:
    def draw(rng: np.random.Generator, batch: int, draws: int) -> Floats:
        lost, gone = rng.binomial(REFERENCE_ROWS, rate, draws), rng.binomial(batch, rate, draws)
        return missing_pvalue(lost, REFERENCE_ROWS, gone, batch)

    return draw


def _missing_of_many(rate: float, features: int = 20) -> Draws:
    def draw(rng: np.random.Generator, batch: int, draws: int) -> Floats:
        pvalues = _missing(rate)(rng, batch, draws * features).reshape(draws, features)
        return np.array([np.nanmin(adjusted(each, "benjamini_hochberg"), initial=1.0) for each in pvalues])

    return draw


def _one_by_one(draw_one: Draw) -> Draws:
    return lambda rng, batch, draws: np.array([draw_one(rng, batch) for _ in range(draws)])


def _ks(draw: Callable[[np.random.Generator, int], Floats]) -> Draws:
    def one(rng: np.random.Generator, batch: int) -> float:
        distance = ks_distance(np.sort(draw(rng, REFERENCE_ROWS)), np.sort(draw(rng, batch)))
        return float(ks_pvalue(distance, REFERENCE_ROWS, batch))

    return _one_by_one(one)


def _counted(shares: Floats, test: Callable[[NDArray[np.int64], NDArray[np.int64]], float]) -> Draws:
    return _one_by_one(lambda rng, batch: test(rng.multinomial(REFERENCE_ROWS, shares), rng.multinomial(batch, shares)))


def _falling(many: int) -> Floats:
    shares = 1 / np.arange(1, many + 1)
    return np.asarray(shares / shares.sum())


def _even(many: int) -> Floats:
    return np.full(many, 1 / many)


def _flag(rate: float) -> Floats:
    return np.array([1 - rate, rate])


def _relation(draw: Callable[[np.random.Generator, int, int], Floats]) -> Draws:
    def one(rng: np.random.Generator, batch: int) -> float:
        sides = [
            rank_association(
                np.concatenate([draw(rng, rows // 2, 0), draw(rng, rows // 2, 1)]), np.repeat([0, 1], rows // 2), 2
            )
            for rows in (REFERENCE_ROWS, batch)
        ]
        return float(rank_changes(*sides)[1][0, 1])

    return _one_by_one(one)


def _contrast(one_class: Floats, other: Floats) -> Draws:
    def one(rng: np.random.Generator, batch: int) -> float:
        sides = [
            np.stack([rng.multinomial(rows // 2, shares) for shares in (one_class, other)], axis=1)
            for rows in (REFERENCE_ROWS, batch)
        ]
        return contrast_change(*sides)[1]

    return _one_by_one(one)


def _whole_table(rng: np.random.Generator, batch: int) -> float:
    reference, current = (pd.DataFrame(rng.normal(size=(rows, 4)), columns=list("abcd")) for rows in (FEW_ROWS, batch))
    return compare_whole_table(reference, current, WholeTablePolicy(seed=int(rng.integers(1 << 30)))).pvalue


FEW_ROWS = 300
RATES = {f"{100 * rate:g} % missing": rate for rate in (0.001, 0.002, 0.005, 0.02, 0.1, 0.5)}
VOCABULARIES = {
    "8 categories, falling": _falling(8),
    "60 categories, falling": _falling(60),
    "700 categories, even": _even(700),
}
TESTS = (
    Calibrated("missing values", {name: _missing(rate) for name, rate in RATES.items()}, 20_000),
    Calibrated("missing values of 20 features", {name: _missing_of_many(rate) for name, rate in RATES.items()}, 2_000),
    Calibrated(
        "Kolmogorov-Smirnov",
        {
            "normal": _ks(lambda rng, rows: rng.normal(size=rows)),
            "counts": _ks(lambda rng, rows: rng.poisson(3, rows).astype(float)),
            "nine tenths zero": _ks(lambda rng, rows: np.maximum(rng.uniform(-9, 1, rows), 0)),
        },
        2_000,
    ),
    Calibrated(
        "categories (chi-square, exact or by draws)",
        {
            **{
                f"flag, {100 * rate:g} %": _counted(_flag(rate), lambda a, b: chi_square(a, b)[1])
                for rate in (0.002, 0.1)
            },
            **{name: _counted(shares, lambda a, b: chi_square(a, b)[1]) for name, shares in VOCABULARIES.items()},
        },
        1_000,
    ),
    Calibrated(
        "new categories",
        {name: _counted(shares, lambda a, b: one_sided_pvalue(b, a)) for name, shares in VOCABULARIES.items()},
        1_000,
    ),
    Calibrated(
        "lost categories",
        {name: _counted(shares, one_sided_pvalue) for name, shares in VOCABULARIES.items()},
        1_000,
    ),
    Calibrated(
        "relation with the label, numeric",
        {
            "normal": _relation(lambda rng, rows, of: rng.normal(of, 1, rows)),
            "wider in a class": _relation(lambda rng, rows, of: rng.normal(0, 1 + 3 * of, rows)),
            "flag of 1 %": _relation(lambda rng, rows, _: (rng.random(rows) < 0.01).astype(float)),
        },
        1_000,
        OF_TWO_CLASSES,
    ),
    Calibrated(
        "relation with the label, categorical",
        {
            "flag of 2 % and 10 %": _contrast(_flag(0.02), _flag(0.1)),
            "3 categories": _contrast(np.array([0.6, 0.3, 0.1]), np.array([0.2, 0.3, 0.5])),
            "60 categories, falling": _contrast(_falling(60), _falling(60)),
        },
        1_000,
        OF_TWO_CLASSES,
    ),
)
WHOLE_TABLE = Calibrated(
    "whole table (domain classifier)", {"4 normal columns": _one_by_one(_whole_table)}, 200, (200,)
)


def main() -> int:
    """Measure, print, write; give the exit code."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    found: list[Found] = []
    for test in (*TESTS, WHOLE_TABLE):
        print(f"  level: {test.name}, {test.draws:,} draws of each column and size", flush=True)
        found += measure(test)
    lines = []
    for test in (*TESTS, WHOLE_TABLE):
        of_test = [each for each in found if each.test == test.name]
        worst = [
            max((each for each in of_test if each.level == level), key=lambda each: each.share) for level in LEVELS
        ]
        sizes = f"{min(test.batches):,} to {max(test.batches):,}" if len(test.batches) > 1 else f"{test.batches[0]:,}"
        shares = [f"{100 * each.share:.3g} %" for each in worst]
        lines.append((test.name, str(len(test.columns)), sizes, f"{test.draws:,}", *shares))
    bars = [Bar("shares that are above their level too often", len(too_often(found)), 0)]
    text = PAGE.format(
        date=dt.datetime.now(tz=dt.UTC).date(),
        processor=describe(),
        rows=REFERENCE_ROWS,
        few=FEW_ROWS,
        levels=table(("test", "columns", "rows of the batch", "draws each", "5 %", "1 %", "0.1 %"), lines),
        chance=CHANCE,
        bars=bars_table(bars),
    )
    print("\n" + text)
    write_part(Path(__file__).parent / "results.md", text)
    return exit_status(bars)


if __name__ == "__main__":
    sys.exit(main())
