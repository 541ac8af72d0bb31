"""The champions that matter for a batch: its own, the first one, and the one before its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from driftwatch_assets.lake import batch_order
from driftwatch_assets.registry import champion_among
from driftwatch_assets.steps.reference import EXPECTED_FILE

if TYPE_CHECKING:
    from driftwatch_assets.registry import LoadedModel, ModelVersion
    from driftwatch_assets.steps.watched import Watched
    from driftwatch_assets.training import Metric


@dataclass(frozen=True)
class Line:
    """Champions as of one batch, by batch order.

    Attributes
    ----------
    own
        Newest promoted version that was trained through an earlier batch.
    first
        The first champion, which stands for a model that is never retrained.
    previous
        The champion that `own` replaced; `None` when `own` is the first.

    """

    own: ModelVersion
    first: ModelVersion
    previous: ModelVersion | None


def line_of(watched: Watched, batch: str) -> Line | None:
    """Give the champions as of a batch; `None` when none is older."""
    versions = watched.registry.history(watched.name)
    own = champion_among(versions, before=batch)
    if own is None:
        return None
    promoted = [version for version in versions if version.gate_result == "promoted"]
    first_through = min(promoted, key=lambda version: batch_order(version.trained_through)).trained_through
    first = max(
        (version for version in promoted if version.trained_through == first_through), key=lambda one: one.version
    )
    return Line(own, first, champion_among(versions, before=own.trained_through))


@dataclass(frozen=True)
class Expected:
    """What was expected of a champion on later batches when it was promoted.

    Attributes
    ----------
    metric
        The metric that it was chosen by.
    value
        Its value.
    measured_on
        Whether it was measured when the candidates were ranked, or where there was nothing to rank on, by the judge.

    """

    metric: Metric
    value: float
    measured_on: Literal["ranking", "judging"] = "ranking"


def expected_of(champion: LoadedModel) -> Expected:
    """Give what was expected of a champion when it was promoted."""
    stored = json.loads(champion.references[EXPECTED_FILE])
    return Expected(stored["metric"], float(stored["value"]), stored.get("measured_on", "ranking"))
