"""Dashboards and what provisions them: what is committed is what is built, a sixth model has its own."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.grafana import build
from deploy.grafana.dashboards import model_dashboard, overview
from deploy.grafana.panels import MLFLOW, MONITORING
from driftwatch_assets.components.models import monitored_models
from driftwatch_assets.retraining import METRICS, RECORDED
from driftwatch_assets_tests.deploy.grafana_content import SIXTH

HERE = Path(build.__file__).parent
DECLARATIONS = [model.declaration for model in monitored_models().values()]


def provisioned(kind: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((HERE / "provisioning" / kind / "driftwatch.yaml").read_text())
    return loaded


def test_the_committed_dashboards_are_what_the_declarations_build() -> None:
    assert build.stale(build.built(DECLARATIONS)) == [], "run python -m deploy.grafana.build and commit what it writes"


def test_a_sixth_model_has_its_dashboard_and_a_model_that_is_gone_has_none(tmp_path: Path) -> None:
    build.write(build.built(DECLARATIONS), tmp_path)
    files = build.built([*DECLARATIONS[1:], SIXTH])
    gone = f"driftwatch-{DECLARATIONS[0].name}.json"
    assert build.stale(files, tmp_path) == sorted([gone, *(files.keys() - {one.name for one in tmp_path.iterdir()})])
    build.write(files, tmp_path)
    assert build.stale(files, tmp_path) == []
    assert {one.name for one in tmp_path.iterdir()} == files.keys()
    assert len(files) == len(DECLARATIONS) + 1


def test_checking_writes_nothing_and_says_what_to_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(build, "DASHBOARDS", tmp_path)
    monkeypatch.setattr(build.stale, "__defaults__", (tmp_path,))
    assert build.main(["--check"]) == 1
    assert "python -m deploy.grafana.build" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "dashboard", [overview(), *map(model_dashboard, [*DECLARATIONS, SIXTH])], ids=lambda one: one.uid
)
def test_panels_fill_the_grid_and_never_lie_on_each_other(dashboard: Any) -> None:
    taken: set[tuple[int, int]] = set()
    drawn = dashboard.as_json()
    for panel in drawn["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
    numbers = [panel["id"] for panel in drawn["panels"]]
    assert numbers == sorted(set(numbers))
    assert len(dashboard.uid) <= 40


def test_metrics_that_are_asked_for_are_ones_that_are_recorded() -> None:
    asked = set()
    for dashboard in (overview(), *map(model_dashboard, [*DECLARATIONS, SIXTH])):
        for panel in dashboard.panels:
            asked |= set(re.findall(r"m\.name = '(\w+)'", panel.sql))
            for names in re.findall(r"m\.name IN \(([^)]+)\)", panel.sql):
                asked |= set(re.findall(r"\w+", names))
    assert {"accuracy", "auc", "anomaly_rate", "frozen_value", "drifted_share", "whole_table_auc"} <= asked
    assert asked <= METRICS.keys() | RECORDED.keys()


def test_batches_without_time_are_drawn_by_their_place_and_windows_by_their_start() -> None:
    kinds = {
        one.name: {panel.title: panel.kind for panel in model_dashboard(one).panels} for one in [*DECLARATIONS, SIXTH]
    }
    assert {name: of["Trend"] for name, of in kinds.items()} == {
        "gas_sensors": "trend",
        "iris": "trend",
        SIXTH.name: "trend",
        "loan_default": "timeseries",
        "loan_eligibility": "timeseries",
        "traffic_accidents": "timeseries",
    }


def test_panels_read_the_datasources_that_are_provisioned() -> None:
    known = {one["uid"]: one["type"] for one in provisioned("datasources")["datasources"]}
    for content in build.built([*DECLARATIONS, SIXTH]).values():
        for panel in json.loads(content)["panels"]:
            for target in panel.get("targets", ()):
                reference = target["datasource"]
                assert known[reference["uid"]] == reference["type"]
    assert known.keys() == {MONITORING.uid, MLFLOW.uid}


def test_addresses_users_and_passwords_come_from_the_environment_and_nothing_has_a_default() -> None:
    for one in provisioned("datasources")["datasources"]:
        given = [one["url"], one["user"], one["jsonData"]["database"], one["jsonData"]["sslmode"]]
        given += one["secureJsonData"].values()
        assert all(re.fullmatch(r"\$\{GRAFANA_(MONITORING|MLFLOW)_[A-Z]+\}", value) for value in given), given
        assert one["secureJsonData"].keys() == {"password"}
        assert one["editable"] is False
    assert "password" not in json.dumps(provisioned("dashboards"))


def test_what_grafana_shows_cannot_be_changed_there() -> None:
    (provider,) = provisioned("dashboards")["providers"]
    assert provider["allowUiUpdates"] is False
    assert all(json.loads(path.read_text())["editable"] is False for path in (HERE / "dashboards").glob("*.json"))
