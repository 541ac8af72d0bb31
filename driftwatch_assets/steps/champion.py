"""The champions that matter for a batch: its own, the first one, and the one before its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from driftwatch_assets.lake import PartitionUnreadable, batch_order
from driftwatch_assets.registry import RegistryIncomplete, champion_among
from driftwatch_assets.results import Champion
from driftwatch_assets.steps.evidence import load_performance
from driftwatch_assets.steps.reference import EXPECTED_FILE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from driftwatch_assets.registry import LoadedModel, ModelVersion
    from driftwatch_assets.steps.watched import Watched
    from driftwatch_assets.training import Metric


@dataclass(frozen=True)
class Scorer:
    """The version that scored a batch, as the stored predictions name it."""

    version: int
    trained_through: str
    fingerprint: str

    def is_in(self, versions: Iterable[ModelVersion]) -> bool:
        """Tell whether the registry has it: the same content, or what took its place through the same batch."""
        return any(
            one.fingerprint == self.fingerprint
            or (one.trained_through == self.trained_through and one.version >= self.version)
            for one in versions
            if one.gate_result == "promoted"
        )


def scorer_of(watched: Watched, batch: str) -> Scorer | None:
    """Give the version that scored a stored batch; `None` where none did, or nothing whole is stored."""
    if not watched.lake.exists(watched.tables.predictions, batch):
        return None
    try:
        told = watched.lake.provenance(watched.tables.predictions, batch)
    except PartitionUnreadable:
        return None
    if "champion_fingerprint" not in told:
        return None
    return Scorer(int(told["champion_version"]), told["champion_trained_through"], told["champion_fingerprint"])


def champion_of(watched: Watched, batch: str) -> ModelVersion | None:
    """Give the champion as of a batch; `None` when none is older.

    Raises
    ------
    RegistryIncomplete
        The registry has no longer what scored the batch, or of one that was never scored, the batch before it.

    """
    versions = watched.registry.history(watched.name)
    champion = champion_among(versions, before=batch)
    scorer, scored = scorer_of(watched, batch), batch
    if scorer is None:
        # A promotion is never taken back: the champion is what scored the batch before, or a newer one.
        scorer, scored = _newest_scorer(watched, before=batch)
    if scorer is not None and not scorer.is_in(versions):
        raise RegistryIncomplete(
            f"{watched.name}: batch {scored} was scored by version {scorer.version}, trained through batch "
            f"{scorer.trained_through}, which is not in MLflow at {watched.registry.tracking_uri} any more; nothing of "
            f"batch {batch} was overwritten. {_way_back(watched, versions)}"
        )
    return champion


def check_scorers(watched: Watched) -> None:
    """Check that the registry still has what scored the newest batch that was scored.

    Raises
    ------
    RegistryIncomplete
        It has not.

    """
    scorer, batch = _newest_scorer(watched)
    if scorer is not None:
        champion_of(watched, batch)


def version_named(watched: Watched, batch: str, champion: Champion) -> ModelVersion:
    """Give the version that the results of a batch name as its champion, or one of the same content.

    Raises
    ------
    RegistryIncomplete
        The registry has it no longer.

    """
    versions = watched.registry.history(watched.name)
    named = [one for one in versions if str(one.version) == champion.version]
    named += [one for one in versions if one.fingerprint == champion.fingerprint]
    if named:
        return named[0]
    raise RegistryIncomplete(
        f"{watched.name}: batch {batch} was judged against version {champion.version}, trained through batch "
        f"{champion.trained_through}, which is not in MLflow at {watched.registry.tracking_uri} any more. "
        f"{_way_back(watched, versions)}"
    )


def _newest_scorer(watched: Watched, before: str | None = None) -> tuple[Scorer | None, str]:
    for batch in reversed(watched.lake.batches(watched.tables.predictions)):
        if before is None or batch_order(batch) < batch_order(before):
            scorer = scorer_of(watched, batch)
            if scorer is not None:
                return scorer, batch
    return None, ""


def _way_back(watched: Watched, versions: Sequence[ModelVersion]) -> str:
    stored = (scorer_of(watched, batch) for batch in watched.lake.batches(watched.tables.predictions))
    gone = {one.trained_through for one in stored if one is not None and not one.is_in(versions)}
    through = ", ".join(sorted(gone, key=batch_order))
    return (
        f"Check MLFLOW_TRACKING_URI, or restore MLflow's database and artifacts from a backup; or train again through "
        f"batch {through}, in this order, by launching these partitions of the asset {watched.name}/model: the same "
        f"rows give the same model. To start the model anew: `driftwatch reset {watched.name}`"
    )


@dataclass(frozen=True)
class Line:
    """Champions as of one batch, by batch order.

    Attributes
    ----------
    own
        Newest promoted version that was trained through an earlier batch.
    first
        The first champion, which stands for a model that is never retrained; `None` when it was deleted.
    previous
        The champion that `own` replaced; `None` when `own` is the first, or that one was deleted.

    """

    own: ModelVersion
    first: ModelVersion | None
    previous: ModelVersion | None


def line_of(watched: Watched, batch: str) -> Line | None:
    """Give the champions as of a batch; `None` when none is older.

    Raises
    ------
    RegistryIncomplete
        See `champion_of`.

    """
    own = champion_of(watched, batch)
    if own is None:
        return None
    versions = watched.registry.history(watched.name)
    promoted = [version for version in versions if version.gate_result == "promoted"]
    first_through = min(promoted, key=lambda version: batch_order(version.trained_through)).trained_through
    first = max(
        (version for version in promoted if version.trained_through == first_through), key=lambda one: one.version
    )
    previous = champion_among(versions, before=own.trained_through)
    # One that was registered after `own` came of a training by hand, and is the one before it by now.
    compared = own.champion_compared
    if previous is not None and compared not in {None, previous.version} and previous.version < own.version:
        previous = None
    return Line(own, first if first.champion_compared is None else None, previous)


def as_champion(version: ModelVersion) -> Champion:
    """Give a version as results name it."""
    return Champion(
        version=str(version.version),
        trained_through=version.trained_through,
        fingerprint=version.fingerprint,
        candidate=version.candidate,
    )


def check_peers(watched: Watched, batch: str, line: Line) -> None:
    """Check that what a batch's champion is measured beside is there, where its stored performance tells of it.

    Raises
    ------
    RegistryIncomplete
        The first champion, or the one before the batch's own, was deleted.

    """
    stored = load_performance(watched, batch)
    if stored is None:
        return
    for peer, value, words in (
        (line.first, stored.frozen_value, "the first champion"),
        (line.previous, stored.previous_value, "the champion before its own"),
    ):
        if peer is None and value is not None:
            raise RegistryIncomplete(
                f"{watched.name}: the performance of batch {batch} was measured beside {words}, which is not in MLflow "
                f"at {watched.registry.tracking_uri} any more; nothing of batch {batch} was overwritten. "
                f"{_way_back(watched, watched.registry.history(watched.name))}"
            )


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
