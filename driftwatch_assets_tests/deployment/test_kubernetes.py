"""The Kubernetes example against Kubernetes' published schemas and what Dagster's own launcher takes."""

from __future__ import annotations

import copy
import importlib.util
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import kubernetes_validate
import pytest
import yaml
from dagster._config import process_config
from dagster_k8s import K8sRunLauncher
from dagster_k8s.job import UserDefinedDagsterK8sConfig

from driftwatch_assets.settings import PROJECT
from driftwatch_assets_tests.deployment.composition import resolved, secrets_of

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE = PROJECT / "deploy/kubernetes"
VALUES: dict[str, Any] = yaml.safe_load((EXAMPLE / "values.yaml").read_text())
ITEMS: list[dict[str, Any]] = yaml.safe_load((EXAMPLE / "services.yaml").read_text())["items"]
[CODE] = VALUES["dagster-user-deployments"]["deployments"]
VERSIONS = ("1.31", "1.34", "1.37")
CHART = "DRIFTWATCH_TEST_DAGSTER_CHART"
POD_KEYS = {"volumes": "volumes", "podSecurityContext": "securityContext"}
CONTAINER_KEYS = ("env", "volumeMounts", "securityContext", "resources")


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: f"_{found[1].lower()}", name)


def code_location() -> dict[str, Any]:
    """Give the Deployment that the chart makes of the values of a code location."""
    image = CODE["image"]
    probe = {key: value for key, value in CODE["readinessProbe"].items() if key != "enabled"}
    container = {
        "name": CODE["name"],
        "image": f"{image['repository']}:{image['tag']}",
        "imagePullPolicy": image["pullPolicy"],
        "args": ["dagster", "api", "grpc", "-p", str(CODE["port"]), *CODE["dagsterApiGrpcArgs"]],
        **{key: CODE[key] for key in CONTAINER_KEYS},
        "readinessProbe": {"exec": {"command": ["dagster", "api", "grpc-health-check"]}, **probe},
    }
    pod = {"containers": [container], **{to: CODE[key] for key, to in POD_KEYS.items()}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": CODE["name"]},
        "spec": {
            "selector": {"matchLabels": {"deployment": CODE["name"]}},
            "template": {"metadata": {"labels": {"deployment": CODE["name"]}}, "spec": pod},
        },
    }


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    for item in [*ITEMS, code_location()]:
        if "template" in item["spec"]:
            yield item["metadata"]["name"], item["spec"]["template"]["spec"]


@pytest.mark.parametrize("version", VERSIONS)
def test_everything_is_of_the_published_schema(version: str) -> None:
    for item in [*ITEMS, code_location()]:
        kubernetes_validate.validate(item, version, strict=True)


def test_a_misspelt_field_is_found() -> None:
    wrong = copy.deepcopy(code_location())
    wrong["spec"]["template"]["spec"]["containers"][0]["volumeMount"] = []
    with pytest.raises(kubernetes_validate.ValidationError, match="volumeMount"):
        kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)


def test_dagsters_launcher_takes_its_configuration() -> None:
    launcher = VALUES["runLauncher"]
    assert launcher["type"] == K8sRunLauncher.__name__
    declared = launcher["config"]["k8sRunLauncher"]
    config = {snake(key): value for key, value in declared.items() if value != []}
    config["run_k8s_config"] = {snake(key): value for key, value in config["run_k8s_config"].items()}
    # What the chart adds by itself.
    config |= {"service_account_name": "dagster", "instance_config_map": "dagster-instance", "job_namespace": "default"}
    config |= {"dagster_home": VALUES.get("dagsterHome", "/opt/dagster/dagster_home")}
    config |= {"postgres_password_secret": VALUES["global"]["postgresqlSecretName"]}
    taken = process_config(K8sRunLauncher.config_type(), config)
    assert taken.success, taken.errors
    UserDefinedDagsterK8sConfig.from_dict(config["run_k8s_config"])


def test_the_chart_s_own_schema_takes_the_values() -> None:
    folder = os.environ.get(CHART)
    if not folder:
        pytest.skip(
            f"{CHART} is not set: it names the folder of the chart, as unpacked by "
            f"`helm pull dagster/dagster --version 1.13.27 --untar`, which is published on the network only"
        )
    chart = Path(folder)

    def merged(default: Any, over: Any) -> Any:
        if isinstance(default, dict) and isinstance(over, dict):
            return {key: merged(default.get(key), over.get(key, default.get(key))) for key in {**default, **over}}
        return over

    schema = json.loads((chart / "values.schema.json").read_text())
    jsonschema.validate(merged(yaml.safe_load((chart / "values.yaml").read_text()), VALUES), schema)


def test_runs_are_queued_and_watched_as_everywhere_else() -> None:
    ours = yaml.safe_load((PROJECT / "dagster.postgres.yaml").read_text())
    daemon = VALUES["dagsterDaemon"]
    queue = daemon["runCoordinator"]["config"]["queuedRunCoordinator"]
    assert queue["tagConcurrencyLimits"] == ours["run_coordinator"]["config"]["tag_concurrency_limits"]
    watched = daemon["runMonitoring"]
    assert watched["enabled"] is ours["run_monitoring"]["enabled"] is True
    assert watched["startTimeoutSeconds"] == ours["run_monitoring"]["start_timeout_seconds"]
    assert VALUES["telemetry"] == ours["telemetry"]


def test_each_service_is_started_as_by_compose() -> None:
    composed = resolved(secrets_of(PROJECT / ".env.example"))["services"]
    commands = {one["name"]: one["command"] for _, pod in pods() for one in pod["containers"] if "command" in one}
    for name in ("grants", "predictions"):
        assert commands[name] == composed[name]["command"]
    ours, theirs = commands["mlflow"], composed["mlflow"]["command"]
    assert ours[:-1] == theirs[:-1]
    code = code_location()["spec"]["template"]["spec"]["containers"][0]["args"]
    assert code[:3] == composed["code"]["command"][:3]
    module = CODE["dagsterApiGrpcArgs"][-1]
    assert module in composed["code"]["command"]
    assert importlib.util.find_spec(module) is not None


def test_all_use_one_image_that_is_pinned() -> None:
    images = {container["image"] for _, pod in pods() for container in pod["containers"]}
    assert len(images) == 1
    assert not images.pop().endswith(":latest")


def test_secrets_come_from_the_secret_and_each_of_its_keys_is_explained() -> None:
    text = (EXAMPLE / "services.yaml").read_text()
    keys = set()
    for _, pod in pods():
        for container in pod["containers"]:
            for one in container["env"]:
                if any(word in one["name"] for word in ("TOKEN", "PASSWORD", "KEY", "CHANNELS", "STORE", "MONITORING")):
                    assert one["valueFrom"]["secretKeyRef"]["name"] == "driftwatch", one
                    keys.add(one["valueFrom"]["secretKeyRef"]["key"])
    explained = "\n".join(line for line in text.splitlines() if line.startswith("#"))
    assert all(key in explained for key in keys), keys


def test_settings_are_those_that_are_read_and_agree() -> None:
    code = "".join(path.read_text() for path in (PROJECT / "driftwatch_assets").rglob("*.py"))
    values: dict[str, set[str]] = {}
    for _, pod in pods():
        for container in pod["containers"]:
            for one in container["env"]:
                assert not one["name"].startswith("DRIFTWATCH_") or one["name"] in code, one["name"]
                values.setdefault(one["name"], set()).add(json.dumps(one.get("value", one.get("valueFrom"))))
    assert {name for name, found in values.items() if len(found) > 1} == set()


def test_no_pod_may_more_than_it_needs_and_what_it_writes_is_mounted() -> None:
    for name, pod in pods():
        assert pod["securityContext"]["runAsNonRoot"], name
        volumes = {one["name"] for one in pod["volumes"]}
        for container in pod["containers"]:
            allowed = container["securityContext"]
            assert allowed["readOnlyRootFilesystem"], name
            assert not allowed["allowPrivilegeEscalation"], name
            assert allowed["capabilities"] == {"drop": ["ALL"]}, name
            assert {one["name"] for one in container["volumeMounts"]} <= volumes, name
            assert container["resources"]["limits"]["memory"], name


def test_what_is_claimed_is_declared_and_what_is_asked_for_is_served() -> None:
    declared = {item["metadata"]["name"] for item in ITEMS if item["kind"] == "PersistentVolumeClaim"}
    claimed = {
        volume["persistentVolumeClaim"]["claimName"]
        for _, pod in pods()
        for volume in pod["volumes"]
        if "persistentVolumeClaim" in volume
    }
    assert claimed == declared
    services = {item["metadata"]["name"]: item["spec"] for item in ITEMS if item["kind"] == "Service"}
    for name, spec in services.items():
        [target] = [item for item in ITEMS if item["kind"] == "Deployment" and item["metadata"]["name"] == name]
        assert target["spec"]["template"]["metadata"]["labels"] == spec["selector"]
        assert spec.get("type", "ClusterIP") == "ClusterIP"
    [tracking] = {one["value"] for one in CODE["env"] if one["name"] == "MLFLOW_TRACKING_URI"}
    host, _, port = tracking.removeprefix("http://").partition(":")
    assert services[host]["ports"][0]["port"] == int(port)
