"""Every service of compose.yaml runs as a process with its own command and environment, and the loop goes round."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from driftwatch_assets.settings import PROJECT
from driftwatch_assets_tests.deployment.redis import program

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

OWN_NAMESPACES = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
SECONDS = 3600


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    program()
    if shutil.which("ip") is None or subprocess.run([*OWN_NAMESPACES, "true"], check=False).returncode != 0:
        pytest.skip("no namespaces of one's own (Linux, as root, with util-linux and iproute2): ports may be taken")
    folder = tmp_path_factory.mktemp("composed")
    done = subprocess.run(
        [*OWN_NAMESPACES, sys.executable, "-W", "ignore", "-m", "driftwatch_assets_tests.deployment.composed", folder],
        cwd=PROJECT,
        check=False,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr + _logs(folder)
    content: dict[str, Any] = json.loads((folder / "seen.json").read_text())
    return content


def _logs(folder: Path) -> str:
    return "".join(
        f"\n== {log.name}\n{log.read_text(errors='replace')[-3000:]}" for log in sorted(folder.glob("*.log"))
    )


def test_every_service_passes_its_own_health_check(seen: dict[str, Any]) -> None:
    assert set(seen["well"]) == {
        "redis", "mlflow", "grants", "mlflow-grants", "code", "predictions", "worker", "webserver", "daemon"
    }  # fmt: skip


def test_a_landed_batch_becomes_a_served_champion(seen: dict[str, Any]) -> None:
    assert {status for _, status in seen["runs"]} == {"SUCCESS"}, seen["runs"]
    jobs = [job for job, _ in seen["runs"]]
    assert jobs.count("iris_batch") == 1
    assert jobs.count("iris_training") == 1
    assert seen["batches"] == ["000001"]
    assert seen["mlflow runs"] == [["FINISHED"]]
    status, text = seen["answers"]["predicted"]
    assert status == 200, text
    assert "setosa" in text


def test_steps_are_executed_by_the_workers(seen: dict[str, Any]) -> None:
    assert seen["steps on workers"] >= 10


def test_nobody_gets_in_without_a_secret(seen: dict[str, Any]) -> None:
    assert seen["answers"]["without token"][0] == 401
    assert seen["answers"]["another host"][0] == 403
    assert seen["answers"]["metrics"][0] == 200
    assert seen["answers"]["webserver"][0] == 200


def test_each_role_reaches_its_own_database_only(seen: dict[str, Any]) -> None:
    assert "permission denied" in seen["grafana_reader in dagster"]
    assert "permission denied" in seen["monitoring in dagster"]


def test_every_service_ends_when_it_is_asked_to(seen: dict[str, Any]) -> None:
    # Uvicorn gives itself the signal again once it has ended what it was asked.
    stopped = dict(seen["stopped"])
    assert stopped.pop("predictions") in {0, -15}
    assert {name for name, status in stopped.items() if status != 0} == set()
