"""The club's declaration, and the club at work in folders of a test."""

from __future__ import annotations

import copy
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from driftwatch_assets.components import MonitoredModel, records
from driftwatch_assets.components.code import load_transforms
from driftwatch_assets.components.records import why_failed
from driftwatch_assets.declaration import Declaration
from driftwatch_assets.definitions import places_of
from driftwatch_assets.settings import Settings
from driftwatch_assets_tests.components.club.deliveries import tables, text
from driftwatch_assets_tests.components.small import Small, environment

if TYPE_CHECKING:
    from collections.abc import Mapping

    import dagster as dg

    from driftwatch_assets.components.ticks import Tick
    from driftwatch_assets.steps import Watched

PERSONAL = ("name", "email")
DECLARED: dict[str, Any] = {
    "name": "club",
    "title": "Members who leave",
    "owners": ["team:club"],
    "simulator": None,
    "task": {
        "kind": "binary",
        "id": "member",
        "label": "outcome",
        "positive": "left",
        "negative": "stayed",
        "known_after": 2,
        "carried": ["joined"],
    },
    "source": {
        "kind": "windowed_files",
        "every": "month",
        "start": "2024-01-01",
        "end": "2024-08-31",
        "tables": {
            "members": {
                "file": "members.csv",
                "time": "joined",
                "reader": {
                    "format": "csv",
                    "columns": ["member", "name", "email", "age", "fee", "joined"],
                    "dates": {"joined": "%Y-%m-%d"},
                    "types": {"age": "number", "fee": "number"},
                    "personal": list(PERSONAL),
                },
            },
            "visits": {
                "file": "visits.csv",
                "time": "month",
                "history": 2,
                "reader": {
                    "format": "csv",
                    "columns": ["member", "month", "visits", "status"],
                    "dates": {"month": "%Y-%m-%d"},
                    "types": {"visits": "number"},
                },
            },
        },
    },
    "arrivals": {"settle_seconds": 0},
    "quality": {
        "bronze": {
            "members": [
                {"expect": "unique", "columns": ["member"]},
                {"expect": "matches", "column": "email", "pattern": ".*@.*", "severity": "warn"},
            ]
        },
        "silver": {"visits": [{"expect": "schema"}]},
    },
    "drift": {"features": {"wasserstein_scaled": 0.5, "psi": 0.5}},
    "performance": {"minimum_labels": 30, "maximum_drop": 0.3},
    "initial_batches": 2,
    "training": {
        "metric": "auc",
        "rank_batches": 1,
        "minimum_judge_rows": 20,
        "gates": {"must_beat_champion": False},
        "candidates": [
            {
                "name": "logistic",
                "steps": [
                    {"estimator": "sklearn.preprocessing.StandardScaler"},
                    {"estimator": "sklearn.linear_model.LogisticRegression"},
                ],
            }
        ],
    },
    "retraining": {
        "triggers": ["performance", "governance"],
        "rule": "auc < 0.3 or psi >= 1.0",
        "minimum_labels": 30,
    },
}


def declaration(changes: Mapping[str, Any] | None = None, **parts: Any) -> Declaration:
    """Give the club's declaration; `changes` replaces values by their dotted path, `parts` whole parts."""
    declared = copy.deepcopy({**DECLARED, **parts})
    for path, value in (changes or {}).items():
        *parents, last = path.split(".")
        place = declared
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = value
    return Declaration.model_validate(declared)


def model(changes: Mapping[str, Any] | None = None, **parts: Any) -> MonitoredModel:
    """Give the club as a component; see `declaration`."""
    declared, folder = declaration(changes, **parts), Path(__file__).parent
    transforms = load_transforms(folder, __package__ or "", declared)
    return MonitoredModel(declaration=declared, folder=folder, transforms=transforms, simulate=None)


def settings(folder: Path) -> Settings:
    """Give the settings that put everything into one folder."""
    return Settings.from_environment(environment(folder))


@dataclass(frozen=True)
class Club(Small):
    """The club at work: what it delivers, and its sensors ticked by hand."""

    def deliver(self, through: int, *, turned_from: int = 99) -> None:
        """Deliver both tables with their first `through` months."""
        for table, lines in tables(through, turned_from=turned_from).items():
            self.put(f"{table}.csv", text(table, lines))

    def put(self, name: str, content: str | bytes, *, age: float = 3600.0) -> Path:
        """Put a file into the landing folder as if it had lain there for `age` seconds."""
        return put(self.watched, name, content, age=age)

    def ran(self, job: str, request: dg.RunRequest) -> str:
        """Run what was asked for; empty when that succeeded, else why not."""
        result = self.daemon.run(job, request)
        return "" if result.success else why_failed(self.instance, result.run_id)

    def labels(self) -> Tick:
        return self.daemon.tick(self.component.keys.labels_sensor)

    def advance(self) -> list[str]:
        """Tick the sensors in turn and run what they ask for until they ask for nothing; give what ran."""
        ran: list[str] = []
        keys = self.component.keys
        while True:
            before = len(ran)
            for tick, job in (
                (self.arrivals, keys.batch_job),
                (self.labels, keys.labels_job),
                (self.retraining, keys.training_job),
            ):
                for request in tick().requests:
                    why = self.ran(job, request)
                    assert not why, f"{request.run_key}: {why}"
                    ran.append(f"{request.tags[records.PURPOSE_TAG]} {request.partition_key}")
            if len(ran) == before:
                return ran


def put(watched: Watched, name: str, content: str | bytes, *, age: float = 3600.0) -> Path:
    """Put a file into a model's landing folder as if it had lain there for `age` seconds."""
    watched.landing.mkdir(parents=True, exist_ok=True)
    path = watched.landing / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    then = time.time() - age
    os.utime(path, (then, then))
    return path


def watched_in(folder: Path, component: MonitoredModel | None = None) -> Watched:
    """Give the club without Dagster, with its places in a folder."""
    return (component or model()).watch(places_of(settings(folder)))
