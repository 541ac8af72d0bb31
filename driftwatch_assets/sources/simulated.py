"""The mark of a landing folder whose files a simulator wrote, so that they never mix with real ones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_MARK = ".simulated.json"


def mark_simulated(folder: Path, seed: int, files: Iterable[Path]) -> None:
    """Note in a folder that a simulator wrote these files."""
    (folder / _MARK).write_text(json.dumps({"seed": seed, "files": [path.name for path in files]}))


def simulated_with(folder: Path) -> int | None:
    """Give the seed of the simulated batches in a folder; `None` when they are not simulated.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> folder = Path(tempfile.mkdtemp())
    >>> simulated_with(folder)
    >>> mark_simulated(folder, 7, [folder / "batch1.dat"])
    >>> simulated_with(folder)
    7

    """
    mark = folder / _MARK
    if not mark.is_file():
        return None
    content = json.loads(mark.read_text())
    return int(content["seed"])
