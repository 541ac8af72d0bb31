"""The asset graph of one monitored model: each asset is a step of `driftwatch_assets.steps` and nothing more."""

# Dagster reads the annotations of an asset's function as objects, so that they are not postponed here.
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import dagster as dg

from driftwatch_assets import steps
from driftwatch_assets.components.events import as_events, telling_how_it_ends
from driftwatch_assets.components.keys import Keys
from driftwatch_assets.components.processes import claim
from driftwatch_assets.components.records import FINGERPRINT_TAG
from driftwatch_assets.components.run_settings import monitoring_settings, training_settings, with_settings
from driftwatch_assets.declaration import Declaration
from driftwatch_assets.quality import Suite, check_names
from driftwatch_assets.resources import Places, ended_as_it_went
from driftwatch_assets.sources import Files, WindowedFiles
from driftwatch_assets.steps import StepOutcome, Watched

Watch = Callable[[Places], Watched]

MLFLOW_KEY_SUFFIX = "_mlflow"


def build_assets(
    declaration: Declaration, keys: Keys, watch: Watch, *, earlier: bool = False, telling: Sequence[str] = ()
) -> list[dg.AssetsDefinition]:
    """Build the assets of a model with their checks.

    Whether gold asks for the `earlier` batches, and the tables that are `telling` late labels, stand in a model's code.
    """
    builder = _Builder(declaration, keys, watch, telling)
    return [
        builder.tables(
            "bronze",
            keys.bronzes,
            steps.ingest,
            kinds={_kind(declaration), "parquet", "bronze"},
            description="The delivery as it came, typed only enough to store, with the fingerprint of its source.",
            checks={
                key: [
                    builder.check(key, steps.DELIVERY_CHECK, "The delivery can be read whole.", blocking=True),
                    *builder.suite(key, declaration.quality.of("bronze", table)),
                ]
                for key, table in keys.bronzes.items()
            },
        ),
        builder.tables(
            "silver",
            keys.silvers,
            steps.clean,
            deps={key: [keys.bronze(table)] for key, table in keys.silvers.items()},
            kinds={"pandas", "parquet", "silver"},
            description="Typed and cleaned rows; rejected rows stand in quarantine with file, line and reason.",
            checks={
                key: builder.suite(key, declaration.quality.of("silver", table)) for key, table in keys.silvers.items()
            },
        ),
        builder.step(
            keys.gold,
            steps.make_features,
            deps=[_with_history(declaration, key, table, earlier=earlier) for key, table in keys.silvers.items()],
            kinds={"pandas", "parquet", "gold"},
            description="Features, and the label where it comes with the batch.",
            checks=builder.suite(keys.gold, declaration.quality.gold),
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
            checks=builder.watching(keys.drift),
        ),
        builder.step(
            keys.performance,
            steps.perform,
            deps=[keys.gold, keys.predictions, *_telling(declaration, keys, telling)],
            kinds={"scikitlearn"},
            description="Predictions against labels, when they are known; nothing else is materialized for late ones. "
            "The table of outcomes has both, a row a prediction.",
            checks=builder.watching(keys.performance),
        ),
        builder.step(
            keys.report,
            steps.draw_report,
            deps=[*keys.silvers, keys.drift, keys.performance, keys.trained],
            kinds={"html"},
            description="A page and its JSON twin for the batch, and the summary over all batches.",
        ),
        builder.step(
            keys.dashboard,
            steps.draw_dashboard,
            deps=[keys.gold, keys.predictions, keys.performance],
            kinds={"matplotlib"},
            description="Pictures of what the champion said of the batch, for places that take no page: six charts on "
            "one sheet, or the five pictures of a task without labels.",
        ),
        builder.monitoring(),
        builder.model(),
    ]


def _kind(declaration: Declaration) -> str:
    source = declaration.source
    if isinstance(source, Files):
        return source.reader.format
    return "csv" if isinstance(source, WindowedFiles) else "sql"


def _with_history(declaration: Declaration, key: dg.AssetKey, table: str, *, earlier: bool) -> dg.AssetDep:
    """Depend on a silver table: on its own batch, or on the earlier ones too that gold is given."""
    history = declaration.source.history(table)
    if not history and not earlier:
        return dg.AssetDep(key)
    if earlier or history == "all" or declaration.source.every is None:
        return dg.AssetDep(key, partition_mapping=dg.AllPartitionMapping())
    return dg.AssetDep(key, partition_mapping=_windows(-history, 0))


def _telling(declaration: Declaration, keys: Keys, tables: Sequence[str]) -> list[dg.AssetDep]:
    """Depend on the later silver tables that tell a batch's labels."""
    after = declaration.task.known_after
    if not after:
        return []
    mapping: dg.PartitionMapping = dg.AllPartitionMapping()
    if declaration.source.every is not None:
        mapping = _windows(after, after)
    return [dg.AssetDep(keys.silver(table), partition_mapping=mapping) for table in tables]


def _windows(first: int, last: int) -> dg.TimeWindowPartitionMapping:
    """Map a window to those from the `first` to the `last` one after it, as far as there are such."""
    with warnings.catch_warnings():
        # That some are not there is a beta in Dagster 1.13; a test pins what is leaned on.
        warnings.simplefilter("ignore", dg.BetaWarning)
        return dg.TimeWindowPartitionMapping(
            start_offset=first, end_offset=last, allow_nonexistent_upstream_partitions=True
        )


class _Builder:
    def __init__(self, declaration: Declaration, keys: Keys, watch: Watch, telling: Sequence[str]) -> None:
        self._declaration = declaration
        self._telling = telling
        self._keys = keys
        self._watch = watch

    def watching(self, asset: dg.AssetKey) -> list[dg.AssetCheckSpec]:
        """Give the checks that are made of a batch on an asset: what is declared, and what its task has."""
        promises = {
            "data_drift": "The features are distributed as in the reference.",
            "label_drift": "The classes occur as often as in the reference.",
            "correlation_drift": "Each feature tells of the label what it told in the reference.",
            "prediction_drift": "Predictions are as on rows held out at training.",
            "whole_table_drift": "No classifier can tell the batch's rows from the reference's.",
            "performance": "Performance is what was expected of the champion.",
            "governance": f"The rule does not fire: {self._declaration.retraining.rule}",
        }
        made = self._keys.triggers()
        return [
            self.check(asset, name, promise)
            for name, promise in promises.items()
            if name in made and made[name].asset_key == asset
        ]

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

    def tables(
        self,
        layer: str,
        tables: Mapping[dg.AssetKey, str],
        work: Callable[[Watched, str, Sequence[str]], Mapping[str, StepOutcome]],
        *,
        description: str,
        kinds: set[str],
        checks: Mapping[dg.AssetKey, Sequence[dg.AssetCheckSpec]],
        deps: Mapping[dg.AssetKey, Sequence[dg.AssetKey]] | None = None,
    ) -> dg.AssetsDefinition:
        """Build one step for all source tables of a layer: a batch is taken whole or not at all."""
        watch, names = self._watch, dict(tables)
        shared = self._shared()
        partitions = shared.pop("partitions_def")

        @dg.multi_asset(
            name=f"{self._keys.model}__{layer}",
            specs=[
                dg.AssetSpec(
                    key,
                    deps=list((deps or {}).get(key, ())),
                    description=description,
                    kinds=kinds,
                    **shared,
                )
                for key in names
            ],
            check_specs=[check for key in names for check in checks[key]],
            partitions_def=partitions,
            can_subset=True,
        )
        def materialize(context: dg.AssetExecutionContext, places: Places) -> Iterator[Any]:
            started = time.monotonic()
            claim(context)
            # A check that is executed by itself needs its table to be read.
            asked = context.selected_asset_keys | {check.asset_key for check in context.selected_asset_check_keys}
            chosen = {names[key]: key for key in names if key in asked}
            with telling_how_it_ends(context):
                outcomes = work(watch(places), context.partition_key, list(chosen))
            yield from as_events(context, {chosen[name]: outcome for name, outcome in outcomes.items()}, started)

        return materialize

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
            with telling_how_it_ends(context):
                outcome = work(watch(places), context.partition_key)
            yield from as_events(context, {key: outcome}, started)

        return materialize

    def monitoring(self) -> dg.AssetsDefinition:
        watch, key = self._watch, self._keys.monitoring

        def record(context: dg.AssetExecutionContext, places: Places, config: Any) -> Iterator[Any]:
            started = time.monotonic()
            claim(context)
            watched, batch = watch(places), context.partition_key
            with telling_how_it_ends(context):
                outcome = steps.monitor(watched, batch)
                if FINGERPRINT_TAG in context.run.tags:
                    steps.note_intake(watched, batch, context.run.tags[FINGERPRINT_TAG])
            # The alerts sensor reads from the run whom to mail: the alerts open when the run is long over.
            told = replace(outcome, facts={**outcome.facts, "recipients": float(len(config.recipients))})
            yield from as_events(context, {key: told}, started)

        record.__annotations__["config"] = monitoring_settings(self._declaration)
        return dg.asset(
            key=key,
            deps=[self._keys.drift, self._keys.performance, self._keys.report],
            description="What is known of the batch, in the monitoring database, for dashboards and alerts.",
            kinds={"sql"},
            check_specs=[self.check(key, steps.RECORDED_CHECK, "The monitoring database took it.")],
            **self._shared(),
        )(record)

    def model(self) -> dg.AssetsDefinition:
        watch, resource, key = self._watch, self._keys.model + MLFLOW_KEY_SUFFIX, self._keys.trained
        settings = training_settings(self._declaration)

        def train(context: dg.AssetExecutionContext, config: dg.Config) -> Iterator[Any]:
            started = time.monotonic()
            claim(context)
            with ended_as_it_went():
                watched = with_settings(watch(context.resources.places), config)
                with telling_how_it_ends(context):
                    outcome = steps.learn(watched, context.partition_key, progress=context.log.info)
                yield from as_events(context, {key: outcome}, started)

        train.__annotations__["config"] = settings
        return dg.asset(
            key=key,
            deps=[
                dg.AssetDep(self._keys.gold, partition_mapping=dg.AllPartitionMapping()),
                *self._told,
            ],
            description="The model, trained through this batch: candidates ranked on later batches, the challenger "
            "judged against the champion on rows that neither saw, promoted or refused.",
            kinds={"scikitlearn", "mlflow"},
            required_resource_keys={resource, "places"},
            check_specs=[self.check(key, steps.PROMOTION_CHECK, "The challenger passed its gates.")],
            **self._shared(),
        )(train)

    @property
    def _told(self) -> list[dg.AssetDep]:
        """The silver tables of all batches, which tell the labels that a training may know."""
        silvers = [self._keys.silver(table) for table in self._telling]
        return [dg.AssetDep(key, partition_mapping=dg.AllPartitionMapping()) for key in silvers]
