"""What the tests let run in a process of its own, to be killed or to meet another one."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import mlflow
import mlflow.sklearn

from driftwatch_assets_tests.registry.trees import MODEL, REFERENCES, registry_in, training


def train_slowly(folder: Path) -> None:
    """Start a run as dagster-mlflow does, and train until killed."""
    slow = {"name": "slow", "estimator": "driftwatch_assets_tests.training.drifting.Slow"}
    with registry_in(folder).run("slow", {"dagster_run_id": "gone"}):
        training("3", candidates=[slow])


def register_and_die(folder: Path, write: str) -> None:
    """Register a training and be killed right after one of the writes; an empty name lets it live."""
    registry = registry_in(folder)

    def deadly(owner: Any) -> None:
        original = getattr(owner, write)

        def wrapper(*args: Any, **kwargs: Any) -> None:
            original(*args, **kwargs)
            os.kill(os.getpid(), signal.SIGKILL)

        setattr(owner, write, wrapper)

    outcome = training("3")
    with registry.run("through 3", {"dagster_run_id": "gone"}):
        if write:
            deadly(mlflow.sklearn if write == "log_model" else mlflow.MlflowClient)
        registry.register(MODEL, outcome, references=REFERENCES)


def prepare(folder: Path) -> None:
    """Open the store and print the experiment's id."""
    print(registry_in(folder).prepare(), flush=True)  # noqa: T201 - the parent reads it


if __name__ == "__main__":
    globals()[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:])
