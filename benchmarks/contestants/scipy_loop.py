"""SciPy, feature by feature, as it is usually written."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
from clock import cpu_seconds, report
from scipy import stats


def psi(reference: np.ndarray, current: np.ndarray) -> float:
    """Compute the population stability index on ten quantile bins, as it is usually written."""
    edges = np.quantile(reference, np.linspace(0, 1, 11))
    edges[0], edges[-1] = -np.inf, np.inf
    p = np.histogram(reference, edges)[0] / len(reference) + 1e-6
    q = np.histogram(current, edges)[0] / len(current) + 1e-6
    return float(np.sum((q - p) * np.log(q / p)))


def loop(reference: pd.DataFrame, batch: pd.DataFrame, method: str) -> list[str]:
    """Compute all three statistics of every feature; give the features with p < 0.05."""
    flagged = []
    for name in reference.columns:
        one, other = reference[name].to_numpy(), batch[name].to_numpy()
        if stats.ks_2samp(one, other, method=method).pvalue < 0.05:
            flagged.append(name)
        stats.wasserstein_distance(one, other)
        psi(one, other)
    return flagged


def main() -> None:
    """Measure both p-values, on as many columns as asked for."""
    reference, batch = pd.read_parquet(sys.argv[1]), pd.read_parquet(sys.argv[2])
    columns = int(sys.argv[3])
    repeats = int(sys.argv[4])
    chosen = list(reference.columns[:columns])
    rows = []
    for label, method in (("as usually written, exact p", "auto"), ("asymptotic p", "asymp")):
        seconds, flagged = cpu_seconds(
            lambda method=method: loop(reference[chosen], batch[chosen], method), repeats, warm=False
        )
        rows.append(
            {"name": f"SciPy loop, {label}", "seconds": seconds * len(reference.columns) / columns, "flagged": flagged}
        )
    report(rows, ("scipy",))


if __name__ == "__main__":
    main()
