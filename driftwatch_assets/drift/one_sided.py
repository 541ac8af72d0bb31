"""How likely categories show on one side only without any drift."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]

_HALVINGS = 40


def one_sided_pvalue(with_them: Integers, without_them: Integers) -> float:
    """Bound the chance of what shows on one side only: of its most frequent category, and of all its rows.

    ``p = min(1, 2 * min(p_most, p_all))``. Without drift, and given the number t of rows of each category on both
    sides, a category falls wholly on the one side with a probability of ``q_t = r^t`` at most, r being that side's
    share of all rows.

    - The most frequent of them: ``p_most = categories * r^occurrences``, as any category could have been the one.
    - All of them: W, the rows in categories that show on the one side only. The counts of the categories are negatively
      associated, so that Chernoff's bound holds as for independent ones::

          p_all = min over l >= 0 of exp(-l * W) * product over categories of (1 + q_t * (exp(l * t) - 1))

      It sees a vocabulary that was replaced although each member is rare. Where most categories have a single row, as
      in a column of identifiers, it expects as many new ones.

    Parameters
    ----------
    with_them
        Rows by category of the side where they show.
    without_them
        Rows of the same categories on the other side.

    Returns
    -------
    float
        From 0 to 1; NaN when no category shows on the one side only: there is nothing to test.

    References
    ----------
    K. Joag-Dev, F. Proschan, "Negative association of random variables, with applications", Annals of Statistics 11
    (1983).

    Examples
    --------
    >>> round(one_sided_pvalue(np.array([10, 490, 500]), np.array([0, 490, 510])), 4)
    0.004
    >>> one_sided_pvalue(np.array([1, 499, 500]), np.array([0, 490, 510]))
    1.0
    >>> replaced = one_sided_pvalue(np.array([0] * 500 + [2] * 50), np.array([2] * 500 + [0] * 50))
    >>> identifiers = one_sided_pvalue(np.array([0] * 1000 + [1] * 100), np.array([1] * 1000 + [0] * 100))
    >>> replaced < 1e-30, round(identifiers, 2)
    (True, 1.0)
    """
    there = with_them[without_them == 0]
    most, all_of_them = int(there.max(initial=0)), int(there.sum())
    if not most:
        return float("nan")
    totals = with_them + without_them
    share = with_them.sum() / totals.sum()
    single = np.count_nonzero(totals) * share**most
    sizes, many = np.unique(totals[totals > 0], return_counts=True)
    return float(min(1.0, 2 * min(single, np.exp(_log_chernoff(sizes, many, float(np.log(share)), all_of_them)))))


def _log_chernoff(sizes: Integers, many: Integers, log_share: float, found: int) -> float:
    """Give the logarithm of the bound, at most 0; any exponent gives a bound, and the best one is sought by halving."""
    log_q = sizes * log_share
    with np.errstate(divide="ignore"):
        log_not_q = np.log1p(-np.exp(log_q))
    low, high = 0.0, 40.0 - log_share
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        # The derivative of the logarithm: the rows that the tilted distribution expects, less those found.
        tilted = 1 / (1 + np.exp(np.minimum(log_not_q - log_q - middle * sizes, 700.0)))
        if float((many * sizes * tilted).sum()) < found:
            low = middle
        else:
            high = middle
    bound = float((many * np.logaddexp(log_not_q, log_q + low * sizes)).sum()) - low * found
    return min(0.0, bound)
