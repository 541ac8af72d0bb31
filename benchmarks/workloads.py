"""The tables that every contestant reads: seeded, as Parquet, one column a feature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from pathlib import Path

FEATURES = 128
SHIFT = 0.5


@dataclass(frozen=True)
class Workload:
    """A reference and a batch; the first half of the batch's features is shifted by half a standard deviation."""

    name: str
    reference_rows: int
    batch_rows: int
    seed: int

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write both tables, and give their paths."""
        rng = np.random.default_rng(self.seed)
        reference, batch = folder / f"{self.name}-reference.parquet", folder / f"{self.name}-batch.parquet"
        normal(rng, self.reference_rows).to_parquet(reference, index=False)
        normal(rng, self.batch_rows, SHIFT).to_parquet(batch, index=False)
        return reference, batch


def normal(rng: np.random.Generator, rows: int, shift: float = 0.0, shifted: int = FEATURES // 2) -> pd.DataFrame:
    """Draw standard normal features, the first of them shifted."""
    columns = rng.standard_normal((FEATURES, rows))
    columns[:shifted] += shift
    return pd.DataFrame(columns.T, columns=[f"x{at}" for at in range(FEATURES)])


W1 = Workload("W1", 6_000, 3_600, seed=1)
W2 = Workload("W2", 1_000_000, 100_000, seed=2)
