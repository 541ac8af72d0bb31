"""Storing a fitted estimator through MLflow in the skops format, and reading it back."""

from __future__ import annotations

import hashlib
import io
import json
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from driftwatch_assets.registry.errors import ArtifactRefused
from driftwatch_assets.registry.evidence import beside_model
from driftwatch_assets.registry.trust import loads, trusted_types
from driftwatch_assets.registry.version import LoadedModel
from driftwatch_assets.scratch import scratch_folder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from driftwatch_assets.registry.version import ModelVersion
    from driftwatch_assets.training import TrainingOutcome

_ESTIMATOR = "model.skops"
_BESIDE = "extra_files"
_REQUIREMENTS = ("scikit-learn", "numpy", "scipy", "pandas", "skops", "driftwatch_assets")


def store_model(
    client: Any,
    outcome: TrainingOutcome,
    references: Mapping[str, bytes],
    *,
    run_id: str,
    trusted_modules: Sequence[str],
    what: str,
) -> tuple[str, str]:
    """Store an outcome's estimator and what lies beside it under an MLflow run.

    Nothing refers to the stored model yet: it becomes visible when a version is registered with its id.

    Returns
    -------
    model_id, content : str
        MLflow's id, and the SHA-256 over the files as the store gives them back.

    Raises
    ------
    ArtifactRefused
        The estimator cannot be stored safely, or a reference has a name that is taken.

    """
    import mlflow.sklearn  # noqa: PLC0415 - heavy: loaded by the step that needs it
    import skops.io  # noqa: PLC0415

    with warnings.catch_warnings():
        # MLflow warns of its own type hints when this module, which storing a model needs, is first imported.
        warnings.filterwarnings("ignore", message=".*type hint", category=UserWarning)
        import mlflow.pyfunc  # noqa: PLC0415

    beside = beside_model(outcome, references)
    taken = sorted({"card.json", "held_out.parquet"} & set(references))
    if taken:
        raise ArtifactRefused(f"{what} cannot be stored: the file names {taken} are taken; use other names")
    try:
        dumped = skops.io.dumps(outcome.estimator)
    except Exception as broken:
        raise ArtifactRefused(
            f"{what} cannot be stored in the skops format: {type(broken).__name__}: {broken}. Declare a candidate "
            f"whose parts are importable classes and functions"
        ) from broken
    by_name = trusted_types(dumped, trusted_modules, what=what)
    experiment = client.get_run(run_id).info.experiment_id
    stored = client.create_logged_model(
        experiment, name="model", source_run_id=run_id, tags={"trained_through": outcome.trained_through}
    )
    with scratch_folder() as folder:
        paths = []
        for name, content in beside.items():
            path = Path(folder, name)
            path.write_bytes(content)
            paths.append(str(path))
        mlflow.sklearn.log_model(
            outcome.estimator,
            model_id=stored.model_id,
            run_id=run_id,
            serialization_format="skops",
            skops_trusted_types=by_name,
            pip_requirements=[f"{name}=={version(name)}" for name in _REQUIREMENTS],
            extra_files=paths,
        )
    return stored.model_id, _content(_read(client.tracking_uri, stored.model_id, what))


def load_model(tracking_uri: str, version_: ModelVersion, trusted_modules: Sequence[str]) -> LoadedModel:
    """Read a registered model.

    Raises
    ------
    ArtifactRefused
        Files are missing, are not those that were registered, or hold types that are not trusted.

    """
    what = f"model {version_.model} version {version_.version} (trained through batch {version_.trained_through})"
    found = _read(tracking_uri, version_.model_id, what)
    content = _content(found)
    if content != version_.content:
        raise ArtifactRefused(
            f"{what} was not loaded: its stored files are not those that were registered (SHA-256 {content[:12]}, "
            f"registered {version_.content[:12]}). Restore the artifacts from a backup, or train through batch "
            f"{version_.trained_through} again"
        )
    card = json.loads(found[f"{_BESIDE}/card.json"])
    return LoadedModel(
        version=version_,
        estimator=loads(found[_ESTIMATOR], trusted_modules, what=what),
        features=tuple(card["features"]),
        classes=tuple(card["classes"]),
        window=tuple(card["window"]),
        task_kind=card["task_kind"],
        threshold=card["threshold"],
        held_out=pd.read_parquet(io.BytesIO(found[f"{_BESIDE}/held_out.parquet"])),
        references={name: found[f"{_BESIDE}/{name}"] for name in card["references"]},
    )


def _read(tracking_uri: str, model_id: str, what: str) -> dict[str, bytes]:
    """Read the files that a loaded model is made of; MLflow's descriptions of them are not among these."""
    import mlflow.artifacts  # noqa: PLC0415 - heavy: loaded by the step that needs it

    with scratch_folder() as folder:
        try:
            # A part of the client looks where the process points, whatever it is told.
            mlflow.set_tracking_uri(tracking_uri)
            local = Path(
                mlflow.artifacts.download_artifacts(
                    artifact_uri=f"models:/{model_id}", dst_path=str(folder), tracking_uri=tracking_uri
                )
            )
            paths = [local / _ESTIMATOR, *sorted((local / _BESIDE).iterdir())]
            return {path.relative_to(local).as_posix(): path.read_bytes() for path in paths}
        except Exception as broken:
            raise ArtifactRefused(
                f"{what} was not loaded: its files cannot be read from {tracking_uri}: {type(broken).__name__}: "
                f"{broken}. Check that the artifact folder is where it was when the model was registered"
            ) from broken


def _content(files: Mapping[str, bytes]) -> str:
    listed = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    return hashlib.sha256(json.dumps(listed, sort_keys=True).encode()).hexdigest()
