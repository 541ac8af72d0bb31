"""The chance of few rows of the other labels among some rows, when labels are spread at random."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    Counts = np.ndarray[Any, np.dtype[np.int64]]
    Numbers = np.ndarray[Any, np.dtype[np.float64]]


@lru_cache(maxsize=2)
def _log_factorials(largest: int) -> Numbers:
    from scipy.special import gammaln  # noqa: PLC0415 - heavy: loaded by the step that needs it

    return np.asarray(gammaln(np.arange(largest + 1, dtype=float) + 1))


@dataclass(frozen=True)
class FewOthers:
    """The number O of other labels among s rows drawn without replacement from `rows`, `others` of which are others.

    P(O = j) = C(others, j) C(rows - others, s - j) / C(rows, s), the hypergeometric distribution.
    """

    rows: int
    others: int

    def _log_choose(self, n: Any, k: Any) -> Any:
        log = _log_factorials(self.rows)
        return log[n] - log[k] - log[n - k]

    def _log_p(self, drawn: Any, others: Any) -> Any:
        same = self.rows - self.others
        return (
            self._log_choose(self.others, others)
            + self._log_choose(same, drawn - others)
            - self._log_choose(self.rows, drawn)
        )

    def at_most(self, drawn: int, others: int) -> float:
        """Give P(O <= `others`) for `drawn` rows, by its sum.

        Examples
        --------
        >>> round(FewOthers(rows=10, others=4).at_most(3, 0), 6), FewOthers(10, 4).at_most(3, 3)
        (0.166667, 1.0)

        """
        least = max(0, drawn - (self.rows - self.others))
        if others >= min(drawn, self.others):
            return 1.0
        if others < least:
            return 0.0
        return min(1.0, float(np.exp(self._log_p(drawn, np.arange(least, others + 1))).sum()))

    def log_bound(self, drawn: Counts, others: Counts) -> Numbers:
        """Give an upper bound of log P(O <= others) for several draws at once; near it where that is small.

        The terms of the sum fall at least as fast as by r = P(O = others - 1) / P(O = others), so P <= P(O = others) /
        (1 - r) where r < 1; elsewhere the bound is 0, that of a chance of 1.
        """
        last = self._log_p(drawn, others)
        before = np.maximum(others - 1, np.maximum(0, drawn - (self.rows - self.others)))
        ratio = np.where(before < others, np.exp(np.minimum(self._log_p(drawn, before) - last, 0.0)), 0.0)
        rising = ratio >= 1
        return np.where(rising, 0.0, np.minimum(last - np.log1p(-np.where(rising, 0.0, ratio)), 0.0))
