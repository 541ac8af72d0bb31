"""The figures that must be reached, and the names of the measurements that they are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.false_alarms import OURS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.false_alarms import Record

    Rows = Mapping[str, Mapping[str, Any]]

FLOOR, SORT = "read the Parquet and sort", "sort the batch"
COMPARE, WHOLE = "driftwatch: compare", "driftwatch: read the Parquet, compare and judge"
MEMORY = "extra memory"
USUAL = "SciPy loop, as usually written, exact p"
PRESET = "Evidently DataDriftPreset (Wasserstein only)"


@dataclass(frozen=True)
class Bar:
    """A figure that must be reached."""

    name: str
    found: float
    wanted: float
    at_least: bool = False

    @property
    def reached(self) -> bool:
        """Whether it is."""
        return self.found >= self.wanted if self.at_least else self.found <= self.wanted


def hold_against_bars(small: Rows, large: Rows, records: Mapping[str, Record]) -> list[Bar]:
    """Hold the measurements on W1, on W2 and of false alarms against what was promised."""
    ours, compare = records[OURS], small[COMPARE]["seconds"]
    bars = [
        Bar("W1: times the usual SciPy loop", small[USUAL]["seconds"] / compare, 80, at_least=True),
        Bar("W1: read, compare and judge, over read and sort", small[WHOLE]["seconds"] / small[FLOOR]["seconds"], 4),
        Bar("W2: CPU seconds", large[COMPARE]["seconds"], 1.0),
        Bar("W2: extra memory, in batches", large[MEMORY]["batches"], 1.2),
        Bar("share of draws without drift called drifted", ours.alarms / len(ours.flagged), 0.05),
        Bar("W1: shifted features found", ours.true, 64, at_least=True),
        Bar("W1: other features flagged", ours.false, 0),
        Bar("features flagged at 0.02 sd", ours.tiny, 0),
    ]
    if PRESET in small:
        bars.insert(1, Bar("W1: times Evidently's preset", small[PRESET]["seconds"] / compare, 500, at_least=True))
    return bars
