"""Shares of rows, with what is known of them."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np


def wilson_interval(right: int, rows: int, *, level: float = 0.95) -> tuple[float, float]:
    """Give Wilson's score interval of a share.

    With z the normal quantile at (1 + level) / 2 and p = right / rows, the bounds are
    ``(p + z²/2n ± z·sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n)``: Wilson, "Probable inference, the law of succession,
    and statistical inference", JASA 22 (1927).

    Parameters
    ----------
    right
        Rows that count, at most `rows`.
    rows
        All rows, at least 1.
    level
        Coverage, in (0, 1).

    Examples
    --------
    >>> [round(bound, 4) for bound in wilson_interval(9, 10)]
    [0.5958, 0.9821]

    """
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = right / rows
    middle = share + z * z / (2 * rows)
    half = z * np.sqrt(share * (1 - share) / rows + z * z / (4 * rows * rows))
    scale = 1 + z * z / rows
    return float((middle - half) / scale), float((middle + half) / scale)
