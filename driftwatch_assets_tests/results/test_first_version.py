"""Files that the first version of results stored, of each shipped model on simulated batches, are read whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from driftwatch_assets.components.models import monitored_models
from driftwatch_assets.results import DriftResult, PerformanceResult, PicturesResult, QualityResult

if TYPE_CHECKING:
    from driftwatch_assets.results import Stored

FOLDER = Path(__file__).with_name("first_version")
FILES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.json"))
KINDS: dict[str, type[Stored]] = {
    "drift": DriftResult,
    "performance": PerformanceResult,
    "dashboard": PicturesResult,
    "pictures": PicturesResult,
    "quality": QualityResult,
}


def lost(before: Any, after: Any, place: str = "") -> list[str]:
    """Name each place of what was stored that is not there any more, or holds another value."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            one
            for name, value in before.items()
            for one in (lost(value, after[name], f"{place}/{name}") if name in after else [f"{place}/{name}"])
        ]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return [one for at, pair in enumerate(zip(before, after, strict=True)) for one in lost(*pair, f"{place}/{at}")]
    return [] if before == after else [place]


def test_there_are_files_of_every_model_and_of_every_kind() -> None:
    assert {name.split("/")[0] for name in FILES} == set(monitored_models())
    assert {Path(name).stem.split("_")[0] for name in FILES} == set(KINDS)


@pytest.mark.parametrize("name", FILES)
def test_nothing_of_a_file_is_lost(name: str) -> None:
    content = (FOLDER / name).read_bytes()
    kind = KINDS[Path(name).stem.split("_")[0]]
    read = kind.from_bytes(content, name)
    assert read.schema_version == 1
    assert lost(json.loads(content), json.loads(read.to_bytes())) == []
