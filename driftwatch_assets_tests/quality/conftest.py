"""A clean table of readings, and what is known of its columns."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from driftwatch_assets.quality import QualityReport, TableColumns, parse_suite, validate

SENSORS = tuple(f"s{number:03d}" for number in range(1, 129))
GASES = ("acetone", "ammonia", "ethanol")
COLUMNS = TableColumns(
    types={"reading": "int64", "gas": "string", **dict.fromkeys(SENSORS, "float64")},
    features=SENSORS,
    identity=("reading",),
)


def judge(frame: pd.DataFrame, *items: dict[str, object], **known: object) -> QualityReport:
    """Validate a frame as batch 7 of silver/readings."""
    columns = known.pop("columns", COLUMNS)
    return validate(frame, parse_suite(list(items)), table="silver/readings", batch="7", columns=columns, **known)


@pytest.fixture
def readings() -> pd.DataFrame:
    """Give 200 clean readings, ids from 1, all values within (-1, 1)."""
    rng = np.random.default_rng(20240501)
    frame = pd.DataFrame(rng.uniform(-1, 1, size=(200, len(SENSORS))), columns=list(SENSORS))
    frame.insert(0, "gas", rng.choice(GASES, len(frame)))
    frame.insert(0, "reading", np.arange(1, len(frame) + 1))
    return frame
