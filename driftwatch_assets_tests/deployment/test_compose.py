"""compose.yaml as Compose resolves it: no secret has a default, no port is open, and who works together agrees."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from driftwatch_assets.settings import PROJECT
from driftwatch_assets_tests.deployment.composition import compose, resolved, secrets_of

if TYPE_CHECKING:
    from collections.abc import Mapping

EXAMPLE = PROJECT / ".env.example"
TEXT = (PROJECT / "compose.yaml").read_text()
DOCKERFILE = (PROJECT / "Dockerfile").read_text()
PROFILES = ("celery", "proxy")
LOOPBACK = "127.0.0.1"
OURS = {"mlflow", "grants", "code", "webserver", "daemon", "predictions", "worker"}
ENDING = {"grants", "mlflow-grants"}
SECRETS = secrets_of(EXAMPLE)


def declared(**values: str) -> dict[str, Any]:
    services: dict[str, Any] = resolved({**SECRETS, **values}, profiles=PROFILES)["services"]
    return services


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    return declared()


def published(services: Mapping[str, Any]) -> dict[str, set[str]]:
    """Give the addresses that the ports of each service are published on."""
    return {name: {port["host_ip"] for port in one["ports"]} for name, one in services.items() if "ports" in one}


def holders(services: Mapping[str, Any], secret: str) -> set[str]:
    """Name the services whose environment has a secret, by itself or within an address."""
    value = SECRETS[secret]
    return {
        name for name, one in services.items() if any(value in str(it) for it in one.get("environment", {}).values())
    }


def test_every_process_has_a_service(services: dict[str, Any]) -> None:
    asked_for = {"postgres", "code", "webserver", "daemon", "mlflow", "predictions", "grafana", "redis", "worker"}
    assert asked_for <= set(services)
    assert set(resolved(SECRETS)["services"]) == set(services) - {"redis", "worker", "proxy"}


@pytest.mark.parametrize("secret", sorted(SECRETS))
@pytest.mark.parametrize("how", ["missing", "empty"])
def test_a_secret_that_is_missing_stops_the_start_and_is_named(secret: str, how: str) -> None:
    values = {name: value for name, value in SECRETS.items() if name != secret}
    done = compose(values if how == "missing" else {**values, secret: ""}, "config", "--quiet", profiles=PROFILES)
    assert done.returncode != 0
    assert f"{secret} is missing a value: make one and put it into .env" in done.stderr


def test_what_compose_reads_stands_in_the_example_and_nothing_else() -> None:
    read = set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", TEXT)) | set(yaml.safe_load(TEXT)["x-store"])
    assert {secret["environment"] for secret in yaml.safe_load(TEXT)["secrets"].values()} <= read
    assert set(re.findall(r"^#?([A-Z_]+)=", EXAMPLE.read_text(), re.MULTILINE)) == read


def test_the_example_has_no_values() -> None:
    given = re.findall(r"^([A-Z_]+=.+)$", EXAMPLE.read_text(), re.MULTILINE)
    assert given == []


def test_every_setting_of_ours_is_one_that_is_read(services: dict[str, Any]) -> None:
    code = "".join(path.read_text() for path in (PROJECT / "driftwatch_assets").rglob("*.py"))
    instance = (PROJECT / "dagster.postgres.yaml").read_text() + (PROJECT / "deploy/workspace.grpc.yaml").read_text()
    given = {name for one in services.values() for name in one.get("environment", {}) if name.startswith("DRIFTWATCH_")}
    assert {name for name in given if name not in code + instance} == set()


def test_everything_is_published_on_loopback_and_databases_nowhere(services: dict[str, Any]) -> None:
    at = published(services)
    assert set(at) == {"mlflow", "webserver", "predictions", "grafana", "prometheus", "proxy"}
    assert set().union(*at.values()) == {LOOPBACK}
    for name in ("postgres", "redis"):
        assert set(services[name]["networks"]) == {"stores"}


def test_another_address_is_taken_by_what_asks_for_a_password_and_by_the_proxy_apart() -> None:
    assert published(declared(DRIFTWATCH_BIND="192.0.2.1", PROXY_BIND="192.0.2.2")) == {
        "predictions": {"192.0.2.1"},
        "grafana": {"192.0.2.1"},
        "proxy": {"192.0.2.2"},
        "webserver": {LOOPBACK},
        "mlflow": {LOOPBACK},
        "prometheus": {LOOPBACK},
    }


def test_every_published_port_is_told_and_stands_behind_the_proxy(services: dict[str, Any]) -> None:
    ports = (PROJECT / "docs/operations.md").read_text().partition("Ports are published")[2].partition("\n\n")[0]
    security = (PROJECT / "README.md").read_text().partition("\n## Security\n")[2].partition("\n## ")[0]
    proxy = (PROJECT / "deploy/proxy/driftwatch.conf.template").read_text()
    for name, one in services.items():
        for port in one.get("ports", []):
            assert all(re.search(rf"\b{port['published']}\b", told) for told in (ports, security)), name
            assert name == "proxy" or f"proxy_pass http://{name}:{port['target']};" in proxy
    behind = set(re.findall(r"proxy_pass http://(\w+):", proxy))
    assert behind == set(published(services)) - {"proxy"} == set(services["proxy"]["depends_on"])


def test_no_service_may_more_than_it_needs(services: dict[str, Any]) -> None:
    for name, one in services.items():
        assert one["cap_drop"] == ["ALL"], name
        assert one["security_opt"] == ["no-new-privileges:true"], name
        assert not one.get("privileged"), name
    for name in OURS:
        assert services[name]["read_only"], name
        assert "cap_add" not in services[name], name
        assert services[name].get("user") is None, "the image's own, which is not root"


def test_images_are_pinned(services: dict[str, Any]) -> None:
    others = {one["image"] for name, one in services.items() if name not in OURS}
    # PostgreSQL's versions have two numbers.
    whole = re.compile(r"(postgres:\d+\.\d+|[\w/]+:v?\d+\.\d+\.\d+)(-bookworm)?(@sha256:[0-9a-f]{64})?")
    assert {image for image in others if not whole.fullmatch(image)} == set()
    assert {services[name]["image"] for name in OURS} == {"driftwatch"}


def test_what_is_mounted_from_the_project_is_there(services: dict[str, Any]) -> None:
    made_by_people = {PROJECT / "deploy/proxy/secrets"}
    binds = {
        Path(mount["source"])
        for one in services.values()
        for mount in one.get("volumes", [])
        if mount["type"] == "bind"
    }
    assert {path for path in binds - made_by_people if not path.exists()} == set()


def test_files_arrive_in_a_volume_that_is_made_as_the_images_users_own_or_in_a_folder_that_is_named() -> None:
    def at(services: dict[str, Any]) -> set[tuple[str, str]]:
        mounts = [one for name in OURS - {"mlflow"} for one in services[name]["volumes"]]
        return {(one["type"], one["source"]) for one in mounts if one["target"] == "/app/data/landing"}

    assert at(declared()) == {("volume", "landing")}
    # A new volume takes content and owner of what the image has there.
    assert "install -d -o driftwatch -g driftwatch /app/data /app/data/dagster /app/data/landing" in DOCKERFILE
    assert at(declared(DRIFTWATCH_LANDING="/srv/landing")) == {("bind", "/srv/landing")}


def test_every_service_that_goes_on_says_how_it_is(services: dict[str, Any]) -> None:
    with_check = {name for name, one in services.items() if one.get("healthcheck", {}).get("test")}
    assert with_check == set(services) - ENDING - {"proxy"}
    waited_for = {
        (name, condition["condition"])
        for one in services.values()
        for name, condition in one.get("depends_on", {}).items()
    }
    assert {name for name, condition in waited_for if condition == "service_healthy"} <= with_check
    assert {name for name, condition in waited_for if condition == "service_completed_successfully"} == ENDING


def test_who_works_together_has_the_same_places(services: dict[str, Any]) -> None:
    environments = {name: services[name]["environment"] for name in OURS}
    assert environments["worker"] == environments["code"]
    shared = ("DRIFTWATCH_LAKE", "DRIFTWATCH_MONITORING_URL", "MLFLOW_TRACKING_URI", "DRIFTWATCH_REPORTS_URL")
    for name in ("grants", "predictions"):
        assert {key: environments[name][key] for key in shared} == {key: environments["code"][key] for key in shared}
    for name in ("webserver", "daemon"):
        assert {key: environments["code"][key] for key in environments[name]} == environments[name]
    volumes = {
        name: {(one["source"], one["target"]) for one in services[name]["volumes"]} for name in OURS - {"mlflow"}
    }
    assert len({frozenset(one) for one in volumes.values()}) == 1


def test_a_secret_is_given_to_who_needs_it_and_nobody_else(services: dict[str, Any]) -> None:
    assert {secret: holders(services, secret) for secret in SECRETS} == {
        "POSTGRES_PASSWORD": {"postgres"},
        "DAGSTER_DATABASE_PASSWORD": {"postgres", "code", "webserver", "daemon", "worker"},
        "MLFLOW_DATABASE_PASSWORD": {"postgres", "mlflow", "mlflow-grants"},
        "MONITORING_DATABASE_PASSWORD": {"postgres", "grants", "code", "predictions", "worker"},
        "READER_DATABASE_PASSWORD": {"grants", "grafana"},
        "REDIS_PASSWORD": {"redis", "code", "worker"},
        "GRAFANA_ADMIN_PASSWORD": {"grafana"},
        "DRIFTWATCH_TOKEN": {"predictions"},
        "PROMETHEUS_TOKEN": {"predictions"},
    }
    assert {name for name, one in services.items() if "secrets" in one} == {"prometheus"}
    channels = {name for name, one in declared(DRIFTWATCH_ALERT_CHANNELS="mailto://x").items() if "mailto" in str(one)}
    assert channels == {"code", "worker"}


def test_grafana_is_told_what_its_provisioning_asks_for(services: dict[str, Any]) -> None:
    provisioning = "".join(path.read_text() for path in (PROJECT / "deploy/grafana/provisioning").rglob("*.yaml"))
    asked = set(re.findall(r"\$\{(\w+)\}", provisioning))
    assert asked
    assert asked <= set(services["grafana"]["environment"])
    published_schema = (PROJECT / "deploy/grafana/schema/package.json").read_text()
    version = services["grafana"]["image"].partition(":")[2].partition("@")[0]
    assert f'"@grafana/schema": "{version}"' in published_schema


def test_a_repeated_start_waits_for_no_service_that_is_not_asked_for(services: dict[str, Any]) -> None:
    optional = {name for name, one in services.items() if one.get("profiles")}
    for name in set(services) - optional:
        assert set(services[name].get("depends_on", {})).isdisjoint(optional), name
