"""A stored model that is not what was registered is refused, whatever it has become."""

from __future__ import annotations

import io
import os
import pickle
from typing import TYPE_CHECKING, Any

import pytest
import skops.io
from sklearn.preprocessing import FunctionTransformer

from driftwatch_assets.registry import ArtifactRefused, ModelRegistry
from driftwatch_assets.registry.artifact import load_model
from driftwatch_assets.registry.trust import ALWAYS_TRUSTED, loads
from driftwatch_assets_tests.registry.trees import MODEL, REFERENCES, training

if TYPE_CHECKING:
    from pathlib import Path

    from driftwatch_assets.registry import ModelVersion
    from driftwatch_assets.training import TrainingOutcome

COUNTING = {"name": "own", "estimator": "driftwatch_assets_tests.training.drifting.Constant"}


@pytest.fixture
def version(registry: ModelRegistry, through_3: TrainingOutcome) -> ModelVersion:
    with registry.run("through 3"):
        return registry.register(MODEL, through_3, references=REFERENCES)


def stored(folder: Path, name: str) -> Path:
    return next((folder / "mlflow" / "artifacts").rglob(name))


def evil(marker: Path) -> bytes:
    class Evil:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(marker),)

    return pickle.dumps(Evil())


def test_a_changed_estimator_is_refused(registry: ModelRegistry, tmp_path: Path, version: ModelVersion) -> None:
    path = stored(tmp_path, "model.skops")
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ArtifactRefused, match=r"model trees version 1 \(trained through batch 3\) was not loaded"):
        registry.load(version)


def test_a_changed_reference_is_refused(registry: ModelRegistry, tmp_path: Path, version: ModelVersion) -> None:
    stored(tmp_path, "reference.npz").write_bytes(b"another")
    with pytest.raises(ArtifactRefused, match="its stored files are not those that were registered"):
        registry.load(version)


def test_a_file_that_is_gone_is_told(registry: ModelRegistry, tmp_path: Path, version: ModelVersion) -> None:
    stored(tmp_path, "model.skops").unlink()
    with pytest.raises(ArtifactRefused, match="its files cannot be read from sqlite"):
        registry.load(version)


def test_a_pickle_in_the_models_place_is_not_opened(
    registry: ModelRegistry, tmp_path: Path, version: ModelVersion
) -> None:
    stored(tmp_path, "model.skops").write_bytes(evil(tmp_path / "marker"))
    with pytest.raises(ArtifactRefused):
        registry.load(version)
    with pytest.raises(ArtifactRefused, match="is no readable skops file"):
        loads(evil(tmp_path / "marker"), ALWAYS_TRUSTED, what="the file")
    assert not (tmp_path / "marker").exists()


def test_mlflows_description_is_not_asked_what_to_trust(
    registry: ModelRegistry, tmp_path: Path, version: ModelVersion
) -> None:
    description = stored(tmp_path, "MLmodel")
    description.write_text(description.read_text().replace("model.skops", "/etc/passwd"))
    assert registry.load(version).version == version


def test_a_type_from_elsewhere_is_refused_by_name() -> None:
    buffer = io.BytesIO()
    skops.io.dump(FunctionTransformer(func=os.mkdir), buffer)
    with pytest.raises(ArtifactRefused, match=r"holds types that are not trusted: posix\.mkdir\. Trusted are numpy"):
        loads(buffer.getvalue(), ALWAYS_TRUSTED, what="the file")


def test_a_declared_candidates_own_types_are_trusted_and_no_others(tmp_path: Path, registry: ModelRegistry) -> None:
    outcome = training("3", candidates=[COUNTING])
    with registry.run("own"):
        version = registry.register(MODEL, outcome, references={})
    assert registry.load(version).classes == ("ash", "beech", "cedar")
    with pytest.raises(ArtifactRefused, match=r"not trusted: driftwatch_assets_tests\.training\.drifting\.Constant"):
        load_model(registry.tracking_uri, version, ALWAYS_TRUSTED)


def test_a_reference_may_not_take_the_name_of_our_own_files(
    registry: ModelRegistry, through_3: TrainingOutcome
) -> None:
    with registry.run("clash"), pytest.raises(ArtifactRefused, match=r"file names \['card.json'\] are taken"):
        registry.register(MODEL, through_3, references={"card.json": b""})
    assert registry.history(MODEL) == []
