"""Fisher's exact test: how likely a share differs by so much between two sides, given how often it occurs in all."""
# ruff: noqa: PLC0415 - scipy.special is loaded by the step that needs it, not when definitions load

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

AS_LIKELY = 1e-6  # the logarithms of two chances that are equal differ by rounding, which grows with the rows


def fisher_pvalue(
    hits_reference: ArrayLike, rows_reference: ArrayLike, hits_current: ArrayLike, rows_current: ArrayLike
) -> Floats:
    """Test whether a share is the same on both sides (Fisher's exact test, two-sided).

    Given the rows of both sides (n and m) and all hits K, the hits X of the batch are hypergeometric when both sides
    come from one distribution: ``P(X = x) = C(K, x) C(n + m - K, m - x) / C(n + m, m)``. The p-value is the sum of
    ``P(X = x)`` over all x that are at most as likely as what was found. It keeps its level at every size: without
    drift ``P(p <= alpha) <= alpha``.

    The sum begins at what was found, and at the first number of hits on the other side of the mode that is as
    unlikely, and goes outwards over ``26 + 9 sd`` terms, beyond which less than 1e-16 of it is left.

    Parameters
    ----------
    hits_reference, hits_current
        Rows that have what is asked about.
    rows_reference, rows_current
        All rows, at least one on each side.

    Returns
    -------
    array
        From 0 to 1, of the shape of the arguments, one-dimensional at least; 1 where all rows are hits, or none is.

    References
    ----------
    R. A. Fisher, "The logic of inductive inference", Journal of the Royal Statistical Society 98 (1935).

    Examples
    --------
    >>> fisher_pvalue([20, 20, 0], [20_000, 20_000, 10], [99, 0, 0], [100, 100, 10])
    array([2.80694464e-246, 1.00000000e+000, 1.00000000e+000])
    """
    arrays = np.broadcast_arrays(
        *(
            np.atleast_1d(np.asarray(each, dtype=np.int64))
            for each in (hits_reference, rows_reference, hits_current, rows_current)
        )
    )
    shape = arrays[0].shape
    one, other = (np.stack([arrays[at].ravel(), arrays[at + 1].ravel()]) for at in (0, 2))
    hits, rows = one[0] + other[0], one[1] + other[1]
    # Mirrored where what was found is below the mode, so that it is always the upper tail that it lies in.
    below = other[0] < _mode(hits, rows, other[1])
    found, drawn = np.where(below, one, other)
    mode = _mode(hits, rows, drawn)
    chance = _Hypergeometric(rows, hits, drawn)
    level = chance.log_p(found) + AS_LIKELY
    result = np.ones(found.shape)
    (tested,) = np.nonzero(level < chance.log_p(mode))
    if tested.size:
        few = chance.at(tested)
        upper, level = found[tested], level[tested]
        lower = few.last_below(level, mode[tested])
        result[tested] = np.minimum(few.upper_tail(upper) + few.mirrored().upper_tail(few.hits - lower), 1.0)
    return result.reshape(shape)


def _mode(hits: Integers, rows: Integers, drawn: Integers) -> Integers:
    return (hits + 1) * (drawn + 1) // (rows + 2)


def _log_factorial(count: Integers) -> Floats:
    from scipy.special import gammaln

    return np.asarray(gammaln(count + 1.0))


class _Hypergeometric:
    """Hits among `drawn` of `rows` rows, `hits` of which are hits; an array of such distributions."""

    def __init__(self, rows: Integers, hits: Integers, drawn: Integers) -> None:
        self.rows, self.hits, self.drawn = rows, hits, drawn
        self.least, self.most = np.maximum(0, drawn - (rows - hits)), np.minimum(hits, drawn)
        log = _log_factorial
        self._fixed = log(hits) + log(rows - hits) + log(drawn) + log(rows - drawn) - log(rows)

    def at(self, places: Any) -> _Hypergeometric:
        """Choose some of the distributions."""
        return _Hypergeometric(self.rows[places], self.hits[places], self.drawn[places])

    def mirrored(self) -> _Hypergeometric:
        """Give the distribution of the hits among the rows that are not drawn."""
        return _Hypergeometric(self.rows, self.hits, self.rows - self.drawn)

    def log_p(self, found: Integers) -> Floats:
        """Give the logarithm of the chance of so many hits, which must be possible."""
        log = _log_factorial
        others = self.rows - self.hits - self.drawn + found
        return np.asarray(self._fixed - log(found) - log(self.hits - found) - log(self.drawn - found) - log(others))

    def last_below(self, level: Floats, mode: Integers) -> Integers:
        """Give the most hits below the mode that are at most as likely as a level; `least` - 1 where there are none."""
        low, high = self.least - 1, mode.copy()
        while (open_ := high - low > 1).any():
            middle = (low + high) // 2
            unlikely = self.log_p(np.maximum(middle, self.least)) <= level
            low = np.where(open_ & unlikely, middle, low)
            high = np.where(open_ & ~unlikely, middle, high)
        return low

    def upper_tail(self, found: Integers) -> Floats:
        """Give the chance of so many hits or more, for a number above the mode; 0 where so many are impossible."""
        possible = found <= self.most
        start = np.minimum(found, self.most)
        deviation = np.sqrt(
            self.drawn * (self.hits / self.rows) * (1 - self.hits / self.rows) * (1 - self.drawn / self.rows)
        )
        terms = np.minimum(self.most - start + 1, 26 + np.ceil(9 * deviation).astype(np.int64))
        starts = terms.cumsum() - terms
        of = np.arange(terms.size).repeat(terms)
        at = np.arange(of.size) - starts[of] + start[of]
        # P(x) = P(x - 1) (K - x + 1) (m - x + 1) / (x (rows - K - m + x)); the first of each is left out.
        ratio = (self.hits[of] - at + 1.0) * (self.drawn[of] - at + 1.0)
        ratio /= np.maximum(at, 1.0) * np.maximum((self.rows - self.hits - self.drawn)[of] + at, 1.0)
        ratio[starts] = 1.0
        steps = np.cumsum(np.log(ratio))
        sums = np.add.reduceat(np.exp(steps - steps[starts][of]), starts)
        return np.where(possible, np.exp(self.log_p(start)) * sums, 0.0)
