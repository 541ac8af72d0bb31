"""The severities of the real batches: as docs/severity.md has them, and as a replay stored them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

KINDS = ("data_drift", "label_drift", "prediction_drift", "correlation_drift", "whole_table_drift")
_TABLE = Path(__file__).parents[1] / "docs" / "severity.md"


def documented(model: str) -> dict[str, list[str | None]]:
    """Read the severities after the arrow by batch, in the order of `KINDS`; None for what is not judged."""
    found: dict[str, list[str | None]] = {}
    for line in _TABLE.read_text().splitlines():
        name, *cells = [cell.strip() for cell in line.strip("|").split("|")]
        if name == f"`{model}`":
            found[cells[0]] = [cell.rpartition(" ")[2] if "→" in cell else None for cell in cells[1:]]
    return found


def stored(lake: Path, model: str) -> dict[str, list[str | None]]:
    """Read the severities by batch, in the order of `KINDS`, of the batches that a champion was asked about."""
    found: dict[str, list[str | None]] = {}
    for folder in sorted((lake / model / "evidence").iterdir()):
        drift = _read(folder / "drift.json")
        told = _read(folder / "performance.json") | {kind: value for kind, value in drift.items() if value is not None}
        if drift.get("champion") is not None:
            found[folder.name] = [told[kind]["severity"] if told.get(kind) else None for kind in KINDS]
    return found


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
    return content
