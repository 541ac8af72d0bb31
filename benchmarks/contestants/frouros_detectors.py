"""Frouros: a detector for each statistic and feature."""

from __future__ import annotations

import sys

import pandas as pd
from clock import cpu_seconds, report
from frouros.detectors.data_drift import EMD, PSI, KSTest


def run(reference: pd.DataFrame, batch: pd.DataFrame) -> list[str]:
    """Fit and compare three detectors a feature; give the features with p < 0.05."""
    flagged = []
    for name in reference.columns:
        one, other = reference[name].to_numpy(), batch[name].to_numpy()
        for detector in (KSTest(), PSI(), EMD()):
            detector.fit(X=one)
            result, _ = detector.compare(X=other)
            if isinstance(detector, KSTest) and result.p_value < 0.05:
                flagged.append(name)
    return flagged


def main() -> None:
    """Measure all three detectors."""
    reference, batch = pd.read_parquet(sys.argv[1]), pd.read_parquet(sys.argv[2])
    run(reference.iloc[:500, :2], batch.iloc[:500, :2])
    seconds, flagged = cpu_seconds(lambda: run(reference, batch), 3, warm=False)
    report([{"name": "Frouros, all three", "seconds": seconds, "flagged": flagged}], ("frouros", "scipy"))


if __name__ == "__main__":
    main()
