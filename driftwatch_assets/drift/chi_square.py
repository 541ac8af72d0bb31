"""Whether counts in the same categories come from one distribution, also where categories are rare."""
# ruff: noqa: PLC0415 - scipy.special is loaded by the step that needs it, not when definitions load

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from driftwatch_assets.drift.fisher import fisher_pvalue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

LEAST_EXPECTED = 5.0  # below it a category is rare (Cochran's rule)
AMPLE = 50.0  # where so many are expected in each cell, the chi-square distribution is right to p = 0.0001 as well
DRAWS = 10_000
EXCEEDED = 20  # draws that reach what was found, after which no further ones are made
MOST_WORK = 1e9  # of one test's draws, in about nanoseconds
LEAST_DRAWS = 999
CANDIDATES = 16
_CHUNK = 1 << 20


def chi_square(reference: Integers, current: Integers, draws: int = DRAWS) -> tuple[float, float]:
    """Test whether counts in the same categories come from one distribution (Pearson's statistic, without correction).

    ``chi2 = sum over sides and categories of (observed - expected)^2 / expected``. The p-value keeps its level at every
    size:

    - two categories: Fisher's exact test;
    - 50 rows or more expected in each cell: the chi-square distribution with ``categories - 1`` degrees of freedom;
    - else ``min(1, tests * min(p of each test))``, of

      1. each category against all others: Fisher's exact test, times the number of categories. It sees a single
         category that surges, however rare, to any depth;
      2. all categories together: chi2 among seeded draws of the batch out of all rows of both sides, which leave the
         number of rows of each category as it is. ``p = (b + 1) / (m + 1)`` when b of m draws reach what was found;
         after 20 such draws none is made any more, and ``p = 20 / draws`` (Besag and Clifford). It sees a vocabulary in
         which every category is rare;
      3. the same with the rare categories (fewer than 5 rows expected on a side) as one, where there are rare ones and
         two others at least: it sees what the noise of many rare categories would hide.

      With hundreds of thousands of categories, of which a second has not time for 999 draws, 2 and 3 are Cantelli's
      bound instead, ``p = 1 / (1 + z^2)`` with z from the exact mean and variance of chi2 under such draws.

    Parameters
    ----------
    reference, current
        Counts, of equal length, at least one row each.
    draws
        m at most: no test by draws gives a p-value below ``1 / (m + 1)``. Fewer are made with thousands of categories,
        of which each draw costs more: about a second's worth.

    Returns
    -------
    tuple
        The statistic, and its p-value, which is the same for the same counts. ``(0.0, 1.0)`` for a single category.

    References
    ----------
    J. Besag, P. Clifford, "Sequential Monte Carlo p-values", Biometrika 78 (1991). W. G. Cochran, "Some methods for
    strengthening the common chi-square tests", Biometrics 10 (1954).

    Examples
    --------
    >>> statistic, p = chi_square(np.array([500, 300, 200]), np.array([300, 200, 180]))
    >>> round(statistic, 2), round(p, 4)
    (10.48, 0.0053)
    >>> f"{chi_square(np.array([19_980, 20]), np.array([1, 99]))[1]:.0e}"
    '3e-246'
    >>> chi_square(np.array([2] * 300 + [0] * 30), np.array([0] * 300 + [2] * 30))[1] < 0.001
    True
    >>> chi_square(np.array([10]), np.array([20]))
    (0.0, 1.0)
    """
    from scipy.special import chdtrc

    seen = reference + current > 0
    table = np.stack([reference[seen], current[seen]])
    totals, rows = table.sum(axis=0), table.sum(axis=1)
    if len(totals) == 1:
        return 0.0, 1.0
    share = rows / rows.sum()
    expected = totals * share[:, None]
    statistic = float(((table - expected) ** 2 / expected).sum())
    if len(totals) == 2:  # noqa: PLR2004 - of two categories one is what the other is not
        return statistic, float(fisher_pvalue(table[0, 0], rows[0], table[1, 0], rows[1])[0])
    least = totals * share.min()
    if least.min() >= AMPLE:
        return statistic, float(chdtrc(len(totals) - 1, statistic))
    frequent = least >= LEAST_EXPECTED
    if not 1 < frequent.sum() < len(totals):
        frequent[:] = False
    pvalue = _most_changed(table)
    if pvalue > 1 / (draws + 1):  # draws cannot give less
        pvalue = min(pvalue, _Splits.of(table, frequent).pvalue(draws))
    return statistic, min(1.0, (3 if frequent.any() else 2) * pvalue)


def _most_changed(table: Integers) -> float:
    """Give the least p-value of each category against all others, times their number.

    Only the categories that deviate most (by the likelihood ratio, which the p-value follows) are tested; the others
    count among the number.
    """
    totals, rows = table.sum(axis=0), table.sum(axis=1)
    width = int(table[1].max()) + 1
    pairs = np.stack(np.divmod(np.unique(table[0] * width + table[1]), width))
    of, all_rows = pairs.sum(axis=0), rows.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.zeros(pairs.shape[1])
        for side in (0, 1):
            hits, others = pairs[side], rows[side] - pairs[side]
            for counted, out_of in ((hits, of), (others, all_rows - of)):
                ratio += np.where(counted > 0, counted * np.log(counted * all_rows / (out_of * rows[side])), 0.0)
    chosen = np.argsort(-ratio, kind="stable")[:CANDIDATES]
    pvalues = fisher_pvalue(pairs[0, chosen], rows[0], pairs[1, chosen], rows[1])
    return min(1.0, len(totals) * float(pvalues.min()))


@dataclass(frozen=True, eq=False)
class _Splits:
    """Ways to deal all rows out to both sides that leave the rows of each category as they are.

    With the rows of both sides and of each category given, chi2 rises with ``S = sum over categories of c^2 / t``, c
    being the category's rows on a side and t those on both; the smaller side is drawn. Of categories with a single row
    ``c^2 / t`` is c, so that all of them are drawn as one.

    Attributes
    ----------
    totals
        t of each category with two rows or more, and last the number of those with a single row.
    found
        c of each, as observed.
    frequent
        Which of `totals` are those of frequent categories; none where this is not asked.
    """

    totals: Integers
    found: Integers
    frequent: NDArray[np.bool_]

    @classmethod
    def of(cls, table: Integers, frequent: NDArray[np.bool_]) -> _Splits:
        """Summarize the counts of both sides; frequent categories have two rows at least."""
        totals, smaller = table.sum(axis=0), table[table.sum(axis=1).argmin()]
        lone = totals == 1
        return cls(
            np.append(totals[~lone], lone.sum()),
            np.append(smaller[~lone], smaller[lone].sum()),
            np.append(frequent[~lone], False),
        )

    def statistics(self, drawn: Integers) -> Floats:
        """Give S of each draw (a row of counts): of all categories, and with the rare ones as one where asked."""
        part = drawn / np.append(self.totals[:-1], 1)
        part[:, :-1] *= drawn[:, :-1]
        whole: Floats = part.sum(axis=1)
        if not self.frequent.any():
            return whole[:, None]
        rare = (drawn.sum(axis=1) - drawn[:, self.frequent].sum(axis=1)) ** 2 / self.totals[~self.frequent].sum()
        return np.stack([whole, part[:, self.frequent].sum(axis=1) + rare], axis=1)

    def pvalue(self, draws: int) -> float:
        """Give the least p-value of its statistics, by as many draws at most."""
        rows, cells = int(self.found.sum()), len(self.totals)
        one_by_one = 25.0 * rows + 20.0 * cells  # measured, in nanoseconds: by rows, and by categories
        by_category = 220.0 * cells
        affordable = MOST_WORK / min(one_by_one, by_category)
        if affordable < LEAST_DRAWS:
            return self._bound()
        draws = min(draws, int(affordable))
        method: Literal["count", "marginals"] = "count" if one_by_one < by_category else "marginals"
        seed = hashlib.sha256(np.stack([self.totals, self.found]).tobytes()).digest()
        rng = np.random.default_rng(int.from_bytes(seed[:16], "big"))
        reached = self.statistics(self.found[None])[0] * (1 - 1e-9)
        exceeded = np.empty((0, reached.size), dtype=np.bool_)
        chunk = 8 * EXCEEDED
        while len(exceeded) < draws and (exceeded.sum(axis=0) < EXCEEDED).any():
            size = max(1, min(chunk, draws - len(exceeded), _CHUNK // cells))
            drawn = rng.multivariate_hypergeometric(self.totals, rows, size=size, method=method)
            exceeded = np.concatenate([exceeded, self.statistics(drawn) >= reached])
            chunk *= 2
        return min(_sequential(each) for each in exceeded.T)

    def _bound(self) -> float:
        """Give Cantelli's bound of the same statistics."""
        rows, found = int(self.found.sum()), self.statistics(self.found[None])[0]
        many = np.append(np.ones(len(self.totals) - 1), self.totals[-1])
        sizes = [(np.append(self.totals[:-1], 1), many)]
        if self.frequent.any():
            pooled = np.append(self.totals[self.frequent], self.totals[~self.frequent].sum())
            sizes.append((pooled, np.ones(len(pooled))))
        return min(_cantelli(statistic, *each, rows) for statistic, each in zip(found, sizes, strict=True))


def _sequential(exceeded: NDArray[np.bool_]) -> float:
    """Give Besag and Clifford's p-value from whether each draw reached what was found."""
    (places,) = exceeded.nonzero()
    if places.size >= EXCEEDED:
        return EXCEEDED / (int(places[EXCEEDED - 1]) + 1)
    return (places.size + 1) / (exceeded.size + 1)


def _cantelli(statistic: float, sizes: Integers, many: Floats, drawn: int) -> float:
    """Bound the chance that S is at least as large among `drawn` rows, from its mean and variance.

    `many` categories have each of the sizes. With ``f_k = drawn (drawn - 1) ... (drawn - k + 1) / (rows (rows - 1) ...
    (rows - k + 1))`` the factorial moments of their counts are ``E[c (c - 1) ...] = t (t - 1) ... f_k``.
    """
    t, steps = sizes.astype(np.float64), np.arange(4)
    f1, f2, f3, f4 = np.cumprod((drawn - steps) / ((t * many).sum() - steps))
    cells, beyond, squares = many.sum(), (many * (t - 1)).sum(), (many * (t - 1) ** 2).sum()
    mean = beyond * f2 + cells * f1
    own = (t - 1) * (t - 2) * (t - 3) * f4 + 6 * (t - 1) * (t - 2) * f3 + 7 * (t - 1) * f2 + f1
    others = (beyond**2 - squares) * f4 + 2 * (cells - 1) * beyond * f3 + cells * (cells - 1) * f2
    variance = max(float((many * own / t).sum() + others - mean**2), 0.0)
    above = max(statistic - mean, 0.0)
    return float(variance / (variance + above**2)) if above else 1.0
