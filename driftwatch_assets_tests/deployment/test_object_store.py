"""The lake and MLflow's artifacts on an S3 server: what works on folders works there, and its bad days are told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest
import s3fs

from driftwatch_assets.lake import BatchMissing, Lake, LakeUnreachable, WriteFailed
from driftwatch_assets.registry import ModelRegistry
from driftwatch_assets.settings import PROJECT
from driftwatch_assets_tests.deployment.object_store import BUCKET, client_of, object_store, objects
from driftwatch_assets_tests.deployment.processes import Server, answers, free_port, inherited
from driftwatch_assets_tests.registry.trees import MODEL as TREES
from driftwatch_assets_tests.registry.trees import REFERENCES, TRUSTED, training

if TYPE_CHECKING:
    from collections.abc import Iterator

URL = f"s3://{BUCKET}/lake"
TABLE = "m/gold"
FRAME = pd.DataFrame({"x": [1.5, 2.5], "gas": ["ethanol", None]})

# aiobotocore, which s3fs speaks through, leaves its connections to the end of the process.
pytestmark = pytest.mark.filterwarnings("ignore:.*unclosed.*:ResourceWarning")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with object_store(tmp_path_factory.mktemp("store")) as (_, environment):
        yield environment


@pytest.fixture(autouse=True)
def another_client() -> None:
    """Forget the clients of other servers: fsspec keeps one a process, with the address that it began with."""
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.fixture
def reached(store: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    for name, value in store.items():
        monkeypatch.setenv(name, value)
    return store


def test_partitions_and_files_come_back_from_the_store(reached: dict[str, str]) -> None:
    lake = Lake(f"{URL}/whole")
    assert lake.batches(TABLE) == []
    assert lake.write(TABLE, "7", FRAME, {"source": "batch7.dat"}).changed
    assert not lake.write(TABLE, "7", FRAME, {"source": "batch7.dat"}).changed
    lake.write(TABLE, "10", FRAME, {"source": "batch10.dat"})
    pd.testing.assert_frame_equal(lake.read(TABLE, "7"), FRAME)
    assert lake.batches(TABLE) == ["7", "10"]
    assert lake.provenance(TABLE, "7")["source"] == "batch7.dat"
    assert lake.write_file("m/reports/7.html", b"<p>") == f"{URL}/whole/m/reports/7.html"
    assert (lake.files("m/reports"), lake.read_file("m/reports/7.html")) == (["m/reports/7.html"], b"<p>")
    lake.drop(TABLE, "7")
    lake.drop(TABLE, "7")
    assert not lake.exists(TABLE, "7")
    with pytest.raises(BatchMissing, match=r"has no batch '7' \(there are: 10\)"):
        lake.read(TABLE, "7")


def test_what_another_process_wrote_is_seen_at_once(reached: dict[str, str]) -> None:
    lake = Lake(f"{URL}/two")
    assert not lake.exists(TABLE, "1")
    other = (
        "from driftwatch_assets_tests.deployment.test_object_store import *; "
        "Lake(URL + '/two').write(TABLE, '1', FRAME, {})"
    )
    subprocess.run([sys.executable, "-c", other], cwd=PROJECT, env={**inherited(), **reached}, check=True)
    assert lake.exists(TABLE, "1")
    assert lake.batches(TABLE) == ["1"]


def test_a_bucket_that_is_not_there_is_no_empty_lake(reached: dict[str, str]) -> None:
    lake = Lake("s3://nowhere/lake")
    for ask in (lambda: lake.batches(TABLE), lambda: lake.exists(TABLE, "1"), lambda: lake.read(TABLE, "1")):
        with pytest.raises(LakeUnreachable, match="the bucket 'nowhere' of the lake s3://nowhere/lake is not there"):
            ask()


def test_a_store_that_is_down_is_told_and_is_there_again_when_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with object_store(tmp_path) as (server, environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        lake = Lake(f"{URL}/down")
        lake.write(TABLE, "1", FRAME, {})
        server.kill()
        for ask in (
            lambda: lake.read(TABLE, "1"),
            lambda: lake.exists(TABLE, "1"),
            lambda: lake.batches(TABLE),
            lambda: lake.write(TABLE, "1", FRAME, {"of": "another day"}),
        ):
            with pytest.raises(LakeUnreachable, match=r"cannot be reached: .* Check DRIFTWATCH_LAKE"):
                ask()
        with pytest.raises(LakeUnreachable, match="Check DRIFTWATCH_LAKE"):
            lake.write_file("m/reports/1.html", b"<p>")
        with server:
            server.until("it answers again", answers(environment["AWS_ENDPOINT_URL"]))
            client_of(environment).create_bucket(Bucket=BUCKET)
            assert lake.write(TABLE, "1", FRAME, {}).changed, "moto keeps nothing over a restart"


def test_a_store_that_refuses_a_write_keeps_what_was_there(
    reached: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake(f"{URL}/refused")
    lake.write(TABLE, "1", FRAME, {})

    def full(*_: object, **__: object) -> None:
        raise RuntimeError("QuotaExceeded")

    with monkeypatch.context() as patch:
        patch.setattr(lake._storage._filesystem, "pipe_file", full)
        with pytest.raises(WriteFailed, match=r"RuntimeError: QuotaExceeded. What was stored there before is"):
            lake.write(TABLE, "1", FRAME.head(1), {})
    assert len(lake.read(TABLE, "1")) == len(FRAME)


def test_a_registry_in_a_file_keeps_its_artifacts_in_the_store(reached: dict[str, str], tmp_path: Path) -> None:
    registry = ModelRegistry(
        f"sqlite:///{tmp_path}/mlflow.db", TREES, artifact_root=f"s3://{BUCKET}/artifacts", trusted_modules=TRUSTED
    )
    with registry.run("through 3"):
        version = registry.register(TREES, training("3"), references=REFERENCES)
    assert registry.load(version).references == REFERENCES
    kept = objects(reached, f"artifacts/{TREES}/")
    assert any(key.endswith("/model.skops") for key in kept)
    assert any(key.endswith("/figures/ranking.png") for key in kept)


@pytest.mark.soak
def test_a_whole_replay_keeps_nothing_but_the_landed_files_on_this_machine(
    store: dict[str, str], tmp_path: Path
) -> None:
    port = free_port()
    tracking = f"http://127.0.0.1:{port}"
    environment = {
        **inherited(),
        **store,
        "DRIFTWATCH_LANDING": str(tmp_path / "landing"),
        "DRIFTWATCH_LAKE": f"s3://{BUCKET}/replayed",
        "DRIFTWATCH_MONITORING_URL": f"sqlite:///{tmp_path}/monitoring.db",
        "MLFLOW_TRACKING_URI": tracking,
        "DAGSTER_HOME": str(tmp_path / "dagster"),
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }
    programs = Path(sys.executable).parent
    server = [str(programs / "mlflow"), "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    server += ["--backend-store-uri", f"sqlite:///{tmp_path}/mlflow.db", "--artifacts-destination"]
    server += [f"s3://{BUCKET}/mlflow"]
    with Server("MLflow", server, tmp_path / "mlflow.log", environment) as mlflow:
        mlflow.until("it answers", answers(f"{tracking}/health"))
        done = subprocess.run(
            [str(programs / "driftwatch"), "replay", "iris"],
            cwd=PROJECT,
            env=environment,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        versions = ModelRegistry(tracking, "iris").history("iris")
        assert any(version.gate_result == "promoted" for version in versions)
    stored = objects(store, "replayed/iris/")
    assert {f"replayed/iris/{table}" for table in ("gold/features", "predictions")} <= {
        key.rsplit("/batch=", 1)[0] for key in stored
    }, sorted(stored)[:20]
    assert any(key.endswith(".html") for key in stored)
    assert sum(key.endswith("model.skops") for key in objects(store, "mlflow/")) >= len(versions)
    assert {path.name for path in tmp_path.iterdir()} <= {
        "landing",
        "dagster",
        "mlflow.db",
        "mlflow.log",
        "monitoring.db",
    }
