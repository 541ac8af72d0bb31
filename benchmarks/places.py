"""Places of a measurement's own, so that it meets nothing that was stored before and tells nobody."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_OTHERS = ("DRIFTWATCH_", "DAGSTER_", "MLFLOW_")


def environment_in(folder: Path) -> dict[str, str]:
    """Give the environment of a process that keeps everything below a folder."""
    (folder / "dagster").mkdir(parents=True)
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(_OTHERS)},
        "DRIFTWATCH_LANDING": str(folder / "landing"),
        "DRIFTWATCH_LAKE": str(folder / "lake"),
        "DRIFTWATCH_SPOOL": str(folder / "spool"),
        "MLFLOW_TRACKING_URI": f"sqlite:///{folder / 'mlflow' / 'mlflow.db'}",
        "DAGSTER_HOME": str(folder / "dagster"),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
