"""The asset graph of one monitored model: each asset is a step of `driftwatch_assets.steps` and nothing more."""

# Dagster reads the annotations of an asset's function as objects, so that they are not postponed here.
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import dagster as dg

from driftwatch_assets import steps
from driftwatch_assets.components.events import as_events
from driftwatch_assets.components.keys import Keys
from driftwatch_assets.components.processes import claim
from driftwatch_assets.declaration import Declaration
from driftwatch_assets.quality import Suite, check_names
from driftwatch_assets.resources import Places, ended_as_it_went
from driftwatch_assets.steps import StepOutcome, Watched

Watch = Callable[[Places], Watched]

MLFLOW_KEY_SUFFIX = "_mlflow"


def build_assets(declaration: Declaration, keys: Keys, watch: Watch) -> list[dg.AssetsDefinition]:
    """Build the eight assets of a model with their checks."""
    builder = _Builder(declaration, keys, watch)
    kinds = declaration.source.reader.format
    return [
        builder.step(
            keys.bronze,
            steps.ingest,
            kinds={kinds, "parquet", "bronze"},
            description="The delivery as it came, typed only enough to store, with the file's fingerprint.",
            checks=[
                builder.check(keys.bronze, steps.DELIVERY_CHECK, "The delivery can be read whole.", blocking=True),
                *builder.suite(keys.bronze, declaration.quality.bronze),
            ],
        ),
        builder.step(
            keys.silver,
            steps.clean,
            deps=[keys.bronze],
            kinds={"pandas", "parquet", "silver"},
            description="Typed and cleaned rows; rejected rows stand in quarantine with file, line and reason.",
            checks=builder.suite(keys.silver, declaration.quality.silver),
        ),
        builder.step(
            keys.gold,
            steps.make_features,
            deps=[keys.silver],
            kinds={"pandas", "parquet", "gold"},
            description="Features, and the label when it is known.",
        ),
        builder.step(
            keys.predictions,
            steps.score,
            deps=[keys.gold, dg.AssetDep(keys.trained, partition_mapping=dg.AllPartitionMapping())],
            kinds={"scikitlearn", "parquet"},
            description="What the champion of the batch's time says: the newest promoted model trained through an "
            "earlier batch.",
        ),
        builder.step(
            keys.drift,
            steps.watch_drift,
            deps=[keys.gold, keys.predictions],
            kinds={"numpy", "parquet"},
            description="Gold and predictions against that champion's reference: statistics and verdicts.",
            checks=[
                builder.check(keys.drift, "data_drift", "The features are distributed as in the reference."),
                builder.check(keys.drift, "label_drift", "The classes occur as often as in the reference."),
                builder.check(keys.drift, "prediction_drift", "Predictions are as on rows held out at training."),
            ],
        ),
        builder.step(
            keys.performance,
            steps.measure_performance,
            deps=[keys.gold, keys.predictions],
            kinds={"scikitlearn"},
            description="Predictions against labels, when they are known; nothing else is materialized for late ones.",
            checks=[builder.check(keys.performance, "performance", "Accuracy is what was expected of the champion.")],
        ),
        builder.step(
            keys.report,
            steps.draw_report,
            deps=[keys.silver, keys.drift, keys.performance, keys.trained],
            kinds={"html"},
            description="A page and its JSON twin for the batch, and the summary over all batches.",
        ),
        builder.model(),
    ]


class _Builder:
    def __init__(self, declaration: Declaration, keys: Keys, watch: Watch) -> None:
        self._declaration = declaration
        self._keys = keys
        self._watch = watch

    def check(self, key: dg.AssetKey, name: str, description: str, *, blocking: bool = False) -> dg.AssetCheckSpec:
        with warnings.catch_warnings():
            # Partitioned checks are a preview in Dagster 1.13; a test pins what is leaned on.
            warnings.simplefilter("ignore", dg.PreviewWarning)
            return dg.AssetCheckSpec(
                name,
                asset=key,
                description=description,
                blocking=blocking,
                partitions_def=self._keys.partitions,
            )

    def suite(self, key: dg.AssetKey, suite: Suite) -> list[dg.AssetCheckSpec]:
        return [
            self.check(key, name, expectation.promise, blocking=expectation.blocking)
            for name, expectation in zip(check_names(suite), suite.expectations, strict=True)
        ]

    def _shared(self) -> dict[str, Any]:
        return {
            "partitions_def": self._keys.partitions,
            "group_name": self._keys.model,
            "owners": list(self._declaration.owners),
            "tags": {"driftwatch/model": self._keys.model},
        }

    def step(
        self,
        key: dg.AssetKey,
        work: Callable[[Watched, str], StepOutcome],
        *,
        description: str,
        kinds: set[str],
        deps: Sequence[Any] = (),
        checks: Sequence[dg.AssetCheckSpec] = (),
    ) -> dg.AssetsDefinition:
        watch = self._watch

        @dg.asset(
            key=key,
            deps=list(deps),
            description=description,
            kinds=kinds,
            check_specs=list(checks),
            **self._shared(),
        )
        def materialize(context: dg.AssetExecutionContext, places: Places) -> Iterator[Any]:
            started = time.monotonic()
            claim(context)
            yield from as_events(context, work(watch(places), context.partition_key), started)

        return materialize

    def model(self) -> dg.AssetsDefinition:
        watch, resource = self._watch, self._keys.model + MLFLOW_KEY_SUFFIX

        @dg.asset(
            key=self._keys.trained,
            deps=[dg.AssetDep(self._keys.gold, partition_mapping=dg.AllPartitionMapping())],
            description="The model, trained through this batch: candidates ranked on later batches, the challenger "
            "judged against the champion on rows that neither saw, promoted or refused.",
            kinds={"scikitlearn", "mlflow"},
            required_resource_keys={resource, "places"},
            **self._shared(),
        )
        def train(context: dg.AssetExecutionContext) -> Iterator[Any]:
            started = time.monotonic()
            claim(context)
            with ended_as_it_went():
                outcome = steps.learn(watch(context.resources.places), context.partition_key, progress=context.log.info)
                yield from as_events(context, outcome, started)

        return train
