"""Writes the dashboards as the JSON that Grafana provisions: `python -m deploy.grafana.build`.

It lies beside what it makes, not in the package: who installs only the package has no Grafana to provision. It reads
the declarations of this project, so that a model of your own has its dashboard after the next call; a test fails while
what is committed is not what would be written.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.grafana.dashboards import all_dashboards
from driftwatch_assets.components.models import monitored_models

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch_assets.declaration import Declaration

DASHBOARDS = Path(__file__).parent / "dashboards"


def built(declarations: Sequence[Declaration]) -> dict[str, str]:
    """Give the content of each dashboard's file, by the file's name."""
    return {
        f"{one.uid}.json": json.dumps(one.as_json(), indent=2, ensure_ascii=False) + "\n"
        for one in all_dashboards(declarations)
    }


def stale(files: dict[str, str], folder: Path = DASHBOARDS) -> list[str]:
    """Give the names of files that are missing, differ, or belong to no model."""
    there = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    return sorted(name for name in files.keys() | there.keys() if files.get(name) != there.get(name))


def write(files: dict[str, str], folder: Path = DASHBOARDS) -> None:
    """Write the files, and remove those of models that are no longer declared."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.json"):
        if path.name not in files:
            path.unlink()
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the dashboards, or with `--check` only say which are not up to date."""
    parser = argparse.ArgumentParser(prog="python -m deploy.grafana.build", description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file is not up to date")
    asked = parser.parse_args(arguments)
    files = built([model.declaration for model in monitored_models().values()])
    old = stale(files)
    if asked.check:
        if old:
            message = f"not up to date: {', '.join(old)}; run python -m deploy.grafana.build and commit what it wrote"
            print(message, file=sys.stderr)  # noqa: T201 - a command of its own
        return 1 if old else 0
    write(files)
    print(f"{len(files)} dashboards in {DASHBOARDS}, {len(old)} changed")  # noqa: T201 - a command of its own
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
