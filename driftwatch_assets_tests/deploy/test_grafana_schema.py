"""Dashboards against the schema that Grafana publishes, by the TypeScript compiler; planted faults prove the check."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from deploy.grafana import build
from driftwatch_assets.components.models import monitored_models
from driftwatch_assets_tests.deploy.grafana_content import SIXTH

if TYPE_CHECKING:
    from collections.abc import Callable

    Json = dict[str, Any]

pytestmark = pytest.mark.slow

SCHEMA = Path(build.__file__).parent / "schema"
TYPES = {
    "stat": "StatPanel",
    "timeseries": "TimeSeriesPanel",
    "trend": "TrendPanel",
    "barchart": "BarChartPanel",
    "table": "TablePanel",
    "row": "Row",
}
DASHBOARDS: dict[str, Json] = {
    name: json.loads(content)
    for name, content in build.built([*(one.declaration for one in monitored_models().values()), SIXTH]).items()
}


INSTALL_SECONDS = 300


def without(why: str) -> NoReturn:
    """Skip on a machine that cannot check; CI, which installs what it needs, fails there."""
    if os.environ.get("CI"):
        pytest.fail(f"{why}; CI must check the dashboards against Grafana's schema")
    pytest.skip(why)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the schema and the compiler."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        without("Node.js with npm is not installed")
    folder = tmp_path_factory.mktemp("schema")
    for path in SCHEMA.iterdir():
        shutil.copy(path, folder)
    options = ["--no-audit", "--no-fund", "--ignore-scripts", "--no-package-lock"]
    try:
        done = subprocess.run(
            [npm, "install", *options], cwd=folder, check=False, capture_output=True, text=True, timeout=INSTALL_SECONDS
        )
    except subprocess.TimeoutExpired:
        without(f"npm did not install Grafana's schema within {INSTALL_SECONDS} s: no package registry is reached")
    if done.returncode != 0:
        unreached = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH")
        if any(code in done.stderr for code in unreached):
            without("npm cannot install Grafana's schema: no package registry is reached")
        pytest.fail(f"npm install ended with {done.returncode}: {done.stderr[-2000:]}")
    return folder


def complaints(installed: Path, dashboards: dict[str, Json]) -> str:
    """Give what the compiler says of dashboards; nothing where they fit."""
    lines = [f"import type {{ Frame, {', '.join(TYPES.values())} }} from './dashboard.js';"]
    for at, dashboard in enumerate(dashboards.values()):
        frame = {key: value for key, value in dashboard.items() if key != "panels"}
        lines.append(f"export const frame_{at}: Frame = {json.dumps(frame)};")
        lines += [
            f"export const panel_{at}_{place}: {TYPES[panel['type']]} = {json.dumps(panel)};"
            for place, panel in enumerate(dashboard["panels"])
        ]
    (installed / "dashboards.ts").write_text("\n".join(lines))
    compiler = installed / "node_modules" / "typescript" / "bin" / "tsc"
    done = subprocess.run(
        ["node", compiler, "--project", installed / "tsconfig.json", "--pretty", "false"],
        check=False,
        capture_output=True,
        text=True,
        timeout=180,
        env={"PATH": os.environ["PATH"]},
    )
    said = done.stdout + done.stderr
    assert (done.returncode == 0) == (not said.strip()), said
    return said


def test_every_dashboard_fits_the_schema(installed: Path) -> None:
    assert complaints(installed, DASHBOARDS) == ""


def _panel(dashboard: Json, kind: str) -> Json:
    panel: Json = next(one for one in dashboard["panels"] if one["type"] == kind)
    return panel


def _sets(kind: str, *place: str, value: Any) -> Callable[[Json], None]:
    def plant(dashboard: Json) -> None:
        at: Any = _panel(dashboard, kind) if kind else dashboard
        for name in place[:-1]:
            at = at[name]
        at[place[-1]] = value

    return plant


def _drops(kind: str, *place: str) -> Callable[[Json], None]:
    def plant(dashboard: Json) -> None:
        at: Any = _panel(dashboard, kind) if kind else dashboard
        for name in place[:-1]:
            at = at[name]
        del at[place[-1]]

    return plant


def _overrides(identity: str, value: Any) -> Callable[[Json], None]:
    def plant(dashboard: Json) -> None:
        override = {"matcher": {"id": "byName", "options": "status"}, "properties": [{"id": identity, "value": value}]}
        _panel(dashboard, "table")["fieldConfig"]["overrides"].append(override)

    return plant


FAULTS: dict[str, Callable[[Json], None]] = {
    "an option that no stat has": _sets("stat", "options", "colourMode", value="value"),
    "a value that the option does not take": _sets("stat", "options", "graphMode", value="sparkline"),
    "a missing option": _drops("barchart", "options", "barWidth"),
    "a text for a number": _sets("trend", "gridPos", "w", value="12"),
    "a setting of a line that no line has": _sets("trend", "fieldConfig", "defaults", "custom", "lineWith", value=2),
    "a setting that a line does not take": _sets("trend", "fieldConfig", "defaults", "custom", "drawStyle", value="x"),
    "a colour mode that there is not": _sets("stat", "fieldConfig", "defaults", "color", "mode", value="rainbow"),
    "an override of what no field has": _overrides("custom.celOptions", {"type": "auto"}),
    "an override with a wrong value": _overrides("custom.cellOptions", {"type": "colour-text"}),
    "a mapping of no known kind": _overrides("mappings", [{"type": "values", "options": {}}]),
    "a query without its text": lambda dashboard: _panel(dashboard, "table")["targets"][0].pop("rawSql"),
    "a dashboard without its schema's version": _drops("", "schemaVersion"),
    "a key that no dashboard has": _sets("", "titel", value="Iris"),
    "a transformation with a misspelt option": lambda dashboard: next(
        one for one in dashboard["panels"] if "transformations" in one
    )["transformations"][0]["options"].update(colField="batch"),
    "a panel of another type": _sets("stat", "type", value="table"),
}


def test_planted_faults_are_found(installed: Path) -> None:
    """Each fault in a dashboard of its own, all compiled at once: a complaint must name each of them."""
    planted = {}
    for name, plant in FAULTS.items():
        planted[name] = json.loads(json.dumps(DASHBOARDS["driftwatch-iris.json"]))
        plant(planted[name])
    source = complaints(installed, planted)
    lines = (installed / "dashboards.ts").read_text().splitlines()
    blamed = {
        int(lines[int(said.partition("(")[2].partition(",")[0]) - 1].split("_")[1].partition(":")[0])
        for said in source.splitlines()
        if said.startswith("dashboards.ts(") or "dashboards.ts(" in said.partition(":")[0]
    }
    assert [name for at, name in enumerate(planted) if at not in blamed] == []
