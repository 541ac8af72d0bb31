"""The graph that a declaration becomes: keys, dependencies, checks, sensors, and what loading it costs."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from driftwatch_assets.components.models import monitored_models
from driftwatch_assets.definitions import defs

if TYPE_CHECKING:
    from dagster._core.definitions.assets.graph.asset_graph import AssetGraph
    from dagster._core.definitions.repository_definition import RepositoryDefinition

    from driftwatch_assets.components import MonitoredModel

pytestmark = [
    # Dagster's own loader of definitions calls functions of its own that it marks as preview, beta or deprecated.
    pytest.mark.filterwarnings("ignore::dagster.PreviewWarning:dagster"),
    pytest.mark.filterwarnings("ignore::dagster.BetaWarning:dagster"),
    pytest.mark.filterwarnings("ignore::pydantic.PydanticDeprecatedSince20:dagster._utils.pydantic_yaml"),
]
HEAVY = (
    "sklearn",
    "mlflow",
    "great_expectations",
    "scipy.stats",
    "matplotlib",
    "skops",
    "psycopg",
)
WINDOWED = {"loan_default", "loan_eligibility", "traffic_accidents"}
BATCHWISE = {
    "bronze/readings",
    "silver/readings",
    "gold/features",
    "predictions",
    "drift",
    "performance",
    "report",
    "dashboard",
    "monitoring",
}


@pytest.fixture(scope="module")
def repository() -> RepositoryDefinition:
    return defs().get_repository_def()


@pytest.fixture(scope="module")
def graph(repository: RepositoryDefinition) -> AssetGraph:
    return repository.asset_graph


@pytest.fixture(scope="module", params=["gas_sensors"])
def model(request: pytest.FixtureRequest) -> MonitoredModel:
    return monitored_models()[request.param]


def key(model: MonitoredModel, path: str) -> dg.AssetKey:
    return dg.AssetKey([model.declaration.name, *path.split("/")])


def test_a_model_has_its_eleven_assets_and_no_others(graph: AssetGraph, model: MonitoredModel) -> None:
    name = model.declaration.name
    found = {asset.to_user_string() for asset in graph.get_all_asset_keys() if asset.path[0] == name}
    assert found == {f"{name}/{path}" for path in (*BATCHWISE, "model", "served")}


def test_every_asset_says_what_it_is_and_whose(graph: AssetGraph) -> None:
    for asset in graph.get_all_asset_keys():
        node = graph.get(asset)
        assert len((node.description or "").split()) >= 5, asset
        assert node.group_name == asset.path[0]
        assert node.owners, asset
        assert node.kinds, asset


def test_every_asset_is_partitioned_by_the_batches_of_its_model_or_by_the_hours_that_were_served(
    graph: AssetGraph,
) -> None:
    for asset in graph.get_all_asset_keys():
        partitions, model = graph.get(asset).partitions_def, asset.path[0]
        if asset.path[1] == "served":
            assert isinstance(partitions, dg.DynamicPartitionsDefinition)
            assert partitions.name == f"{model}_served_hour"
        elif model in WINDOWED:
            assert isinstance(partitions, dg.TimeWindowPartitionsDefinition)
        else:
            assert isinstance(partitions, dg.DynamicPartitionsDefinition)
            assert partitions.name == f"{model}_batch"


def test_every_check_has_the_partitions_of_its_asset(graph: AssetGraph) -> None:
    """Dagster accepts others silently and then leaves rows that are planned for ever."""
    checks = graph.asset_check_keys
    assert checks
    for check in checks:
        assert graph.get(check).partitions_def == graph.get(check.asset_key).partitions_def, check
        assert graph.get(check).description, check


def test_what_may_not_go_on_blocks_and_drift_does_not(graph: AssetGraph, model: MonitoredModel) -> None:
    quality = model.declaration.quality
    blocking = {
        (check.asset_key.path[1], check.name): graph.get(check).blocking
        for check in graph.asset_check_keys
        if check.asset_key.path[0] == model.declaration.name
    }
    assert blocking["bronze", "delivery"]
    for layer, suite in (("bronze", quality.bronze), ("silver", quality.silver)):
        for expectation in suite.expectations:
            assert blocking[layer, expectation.check_name] == (expectation.severity == "error")
    for asset, name in (
        ("drift", "data_drift"),
        ("drift", "label_drift"),
        ("drift", "prediction_drift"),
        ("performance", "performance"),
    ):
        assert not blocking[asset, name]
    assert not blocking["monitoring", "recorded"]
    assert not any(blocks for (asset, _), blocks in blocking.items() if asset == "served")
    assert len(blocking) == 10 + len(quality.bronze.expectations) + len(quality.silver.expectations)


def test_every_trigger_is_a_check_of_the_graph(graph: AssetGraph, model: MonitoredModel) -> None:
    triggers = model.keys.triggers()
    assert set(model.declaration.retraining.triggers) <= set(triggers)
    assert set(triggers.values()) <= set(graph.asset_check_keys)


@pytest.mark.parametrize(
    ("asset", "parents"),
    [
        ("bronze/readings", set()),
        ("silver/readings", {"bronze/readings"}),
        ("gold/features", {"silver/readings"}),
        ("predictions", {"gold/features", "model"}),
        ("drift", {"gold/features", "predictions"}),
        ("performance", {"gold/features", "predictions"}),
        ("report", {"silver/readings", "drift", "performance", "model"}),
        ("dashboard", {"gold/features", "predictions", "performance"}),
        ("monitoring", {"drift", "performance", "report"}),
        ("served", {"model"}),
        ("model", {"gold/features"}),
    ],
)
def test_lineage(graph: AssetGraph, model: MonitoredModel, asset: str, parents: set[str]) -> None:
    assert graph.get(key(model, asset)).parent_keys == {key(model, parent) for parent in parents}


@pytest.mark.parametrize(
    ("child", "parent"), [("predictions", "model"), ("model", "gold/features"), ("served", "model")]
)
def test_what_looks_at_other_batches_depends_on_all_of_them(
    graph: AssetGraph, model: MonitoredModel, child: str, parent: str
) -> None:
    """The champion of a batch is trained through an earlier one, and a training reads the window before it."""
    node = graph.get(key(model, child))
    mapping = node.partition_mappings[key(model, parent)]
    assert isinstance(mapping, dg.AllPartitionMapping)


def test_jobs_part_the_graph_into_batches_and_trainings(
    repository: RepositoryDefinition, model: MonitoredModel
) -> None:
    selected = {
        name: {asset.to_user_string() for asset in repository.get_job(name).asset_layer.selected_asset_keys}
        for name in (model.keys.batch_job, model.keys.training_job)
    }
    name = model.declaration.name
    assert selected[model.keys.batch_job] == {f"{name}/{path}" for path in BATCHWISE}
    assert selected[model.keys.training_job] == {f"{name}/{path}" for path in ("model", "report", "monitoring")}


def test_sensors_are_on_by_default_and_say_what_they_do(
    repository: RepositoryDefinition, model: MonitoredModel
) -> None:
    name = model.declaration.name
    sensors = {sensor.name: sensor for sensor in repository.sensor_defs if sensor.name.startswith(name)}
    assert set(sensors) == {
        f"{name}_{kind}" for kind in ("arrivals", "retraining", "failed_training", "alerts", "served")
    }
    for sensor in sensors.values():
        assert sensor.default_status == dg.DefaultSensorStatus.RUNNING
        assert sensor.description


def test_a_run_is_one_process(repository: RepositoryDefinition) -> None:
    for job in repository.get_all_jobs():
        assert job.executor_def.config_schema.default_value == {"in_process": {}}, job.name


def test_definitions_load_and_import_nothing_heavy() -> None:
    code = (
        "import json, sys\n"
        "from driftwatch_assets.definitions import defs\n"
        "defs().get_repository_def()\n"
        f"print(json.dumps(sorted(set({HEAVY!r}) & set(sys.modules))))\n"
    )
    ran = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout.splitlines()[-1]) == []
