"""Evidently's data drift preset: as it comes, and once for each of the three statistics."""

from __future__ import annotations

import sys
import warnings

import pandas as pd
from clock import cpu_seconds, report
from evidently import Report
from evidently.presets import DataDriftPreset


def run(reference: pd.DataFrame, batch: pd.DataFrame, method: str | None) -> dict[str, float]:
    """Run the preset with a method (None: its own choice), and give each column's value."""
    snapshot = Report([DataDriftPreset(method=method)]).run(batch, reference).dict()
    return {
        metric["config"]["column"]: float(metric["value"])
        for metric in snapshot["metrics"]
        if "column" in metric["config"]
    }


def main() -> None:
    """Measure the default and the three methods, once each."""
    warnings.simplefilter("ignore")
    reference, batch = pd.read_parquet(sys.argv[1]), pd.read_parquet(sys.argv[2])
    run(reference.iloc[:500, :2], batch.iloc[:500, :2], None)
    rows = []
    seconds, values = cpu_seconds(lambda: run(reference, batch, None), 1, warm=False)
    rows.append(
        {
            "name": "Evidently DataDriftPreset (Wasserstein only)",
            "seconds": seconds,
            "flagged": [name for name, value in values.items() if value >= 0.1],
        }
    )
    total = seconds
    for method in ("ks", "psi"):
        spent, _ = cpu_seconds(lambda method=method: run(reference, batch, method), 1, warm=False)
        total += spent
    rows.append({"name": "Evidently, the preset three times for all three statistics", "seconds": total})
    report(rows, ("evidently", "scipy"))


if __name__ == "__main__":
    main()
