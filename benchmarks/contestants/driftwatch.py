"""The drift engine of this project, and the floor beneath it: reading the batch and sorting its columns."""

from __future__ import annotations

import sys
import time
import tracemalloc

import numpy as np
import pandas as pd
from clock import cpu_seconds, report

from driftwatch_assets.drift import Reference, judge


def sort(batch: pd.DataFrame) -> None:
    """Sort every column."""
    for name in batch.columns:
        np.sort(batch[name].to_numpy())


def main() -> None:
    """Measure the floor, the comparison with a fitted reference, and the fit."""
    reference_path, path, repeats = sys.argv[1], sys.argv[2], int(sys.argv[3])
    frame = pd.read_parquet(reference_path)
    start = time.process_time()
    reference = Reference.fit(frame)
    fitted = time.process_time() - start
    del frame
    batch = pd.read_parquet(path)
    size = int(batch.memory_usage(index=False).sum())
    rows = []

    def measure(name: str, work: object) -> object:
        seconds, result = cpu_seconds(work, repeats)
        rows.append({"name": name, "seconds": seconds})
        return result

    measure("sort the batch", lambda: sort(batch))
    measure("read the Parquet and sort", lambda: sort(pd.read_parquet(path)))
    statistics = measure("driftwatch: compare", lambda: reference.compare(batch))
    rows[-1]["flagged"] = judge(statistics).drifted_features
    measure("driftwatch: read the Parquet, compare and judge", lambda: judge(reference.compare(pd.read_parquet(path))))
    rows.append({"name": "driftwatch: fit the reference, once", "seconds": fitted})
    tracemalloc.start()
    reference.compare(batch)
    rows.append({"name": "extra memory", "batches": tracemalloc.get_traced_memory()[1] / size})
    report(rows, ("scipy", "pyarrow"))


if __name__ == "__main__":
    main()
