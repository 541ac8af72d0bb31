"""The two sensors of a model: thin shells over the arrival plan and the retraining policy."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import dagster as dg

from driftwatch_assets.arrivals import Landed, plan_arrivals
from driftwatch_assets.components import records
from driftwatch_assets.components.processes import close_abandoned_runs
from driftwatch_assets.lake import batch_order
from driftwatch_assets.registry import champion_among
from driftwatch_assets.resources import Places
from driftwatch_assets.retraining import BatchEvidence, Decision, decide
from driftwatch_assets.sources import LandingUnreadable, list_landing
from driftwatch_assets.steps import read_evidence

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftwatch_assets.components.keys import Keys
    from driftwatch_assets.sources import Landing
    from driftwatch_assets.steps import Watched

_INTERVAL_SECONDS = 10


def retraining_decision(instance: dg.DagsterInstance, watched: Watched, keys: Keys) -> Decision:
    """Read the failed checks and past trainings of a model, and let the policy decide.

    What fires it: a fresh failed check among the declared triggers. What resets it: a training through that batch or a
    later one. What it misses on purpose: batches older than the newest training, verdicts that came of too few rows,
    and those of a batch whose run is still under way, which may have more to say. On a new instance, the first
    decision is the first training.
    """
    declaration = watched.declaration
    batches = sorted(instance.get_dynamic_partitions(keys.partitions.name or ""), key=batch_order)
    failed: dict[str, list[str]] = {batch: [] for batch in batches}
    triggers = {name: key for name, key in keys.triggers().items() if name in declaration.retraining.triggers}
    for verdict in records.check_verdicts(instance, list(triggers.values())):
        if verdict.status == "failed" and verdict.batch in failed:
            failed[verdict.batch].append(verdict.check)
    arriving = {intake.batch for intake in records.intakes(instance, watched.name) if intake.status == "in_flight"}
    evidence = []
    for batch in batches:
        facts = read_evidence(watched, batch)
        evidence.append(
            BatchEvidence(
                batch,
                facts.identity,
                tuple(sorted(failed[batch])),
                judged=facts.judged and batch not in arriving,
                labelled_rows=facts.labelled_rows,
            )
        )
    return decide(
        evidence,
        records.trainings(instance, watched.name, keys.trained),
        has_champion=champion_among(watched.registry.history(watched.name)) is not None,
        initial_batches=declaration.initial_batches,
        policy=declaration.retraining,
    )


def build_arrivals(
    keys: Keys, job: dg.UnresolvedAssetJobDefinition, watch: Callable[[Places], Watched]
) -> dg.SensorDefinition:
    """Build the sensor that adds partitions and requests a run for each batch that has landed.

    It compares the landing folder with what was taken in, not with a cursor, so that it heals itself; the cursor only
    spares hashing unchanged files again.
    """

    @dg.sensor(
        name=keys.arrivals_sensor,
        job=job,
        minimum_interval_seconds=_INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Adds a partition and requests a run for every batch that lands, in batch order.",
    )
    def arrivals(context: dg.SensorEvaluationContext, places: Places) -> dg.SensorResult | dg.SkipReason:
        watched = watch(places)
        close_abandoned_runs(context.instance, watched.name)
        try:
            landing = _look(watched, context.cursor)
        except LandingUnreadable as unreadable:
            raise dg.Failure(description=str(unreadable)) from unreadable
        decision = retraining_decision(context.instance, watched, keys)
        plan = plan_arrivals(
            [Landed(delivery.batch, delivery.fingerprint) for delivery in landing.deliveries],
            records.intakes(context.instance, watched.name),
            context.instance.get_dynamic_partitions(keys.partitions.name or ""),
            initial_batches=watched.declaration.initial_batches,
            training_pending=decision.pending,
            policy=watched.declaration.arrivals,
        )
        cursor = json.dumps(landing.cache)
        notes = "; ".join([plan.reason, *_remarks(landing)])
        context.log.info(notes)
        if not plan.requests and not plan.additions:
            return dg.SensorResult(skip_reason=notes, cursor=cursor)
        return dg.SensorResult(
            run_requests=[
                dg.RunRequest(
                    run_key=f"arrival/{watched.name}/{request.batch}/{request.fingerprint[:16]}/{request.attempt}",
                    partition_key=request.batch,
                    tags={
                        records.MODEL_TAG: watched.name,
                        records.PURPOSE_TAG: "arrival",
                        records.BATCH_TAG: request.batch,
                        records.FINGERPRINT_TAG: request.fingerprint,
                        records.LOCK_TAG: f"{watched.name}/{request.batch}",
                    },
                )
                for request in plan.requests
            ],
            dynamic_partitions_requests=[keys.partitions.build_add_request(list(plan.additions))],
            cursor=cursor,
        )

    return arrivals


def _look(watched: Watched, cursor: str | None) -> Landing:
    known = {name: tuple(entry) for name, entry in json.loads(cursor).items()} if cursor else {}
    return list_landing(
        watched.landing,
        watched.declaration.source.pattern,
        now=time.time(),
        settle_seconds=watched.declaration.arrivals.settle_seconds,
        known=known,
    )


def _remarks(landing: Landing) -> list[str]:
    held = [f"{held.path.name}: {held.reason}" for held in (*landing.settling, *landing.ignored)]
    return [*held, *(f"batch {conflict.batch}: {conflict.reason}" for conflict in landing.duplicates)]


def build_retraining(
    keys: Keys, job: dg.UnresolvedAssetJobDefinition, watch: Callable[[Places], Watched]
) -> dg.SensorDefinition:
    """Build the sensor that asks for a training when the policy says so."""

    @dg.sensor(
        name=keys.retraining_sensor,
        job=job,
        minimum_interval_seconds=_INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Requests one training when failed drift or performance checks ask for it.",
    )
    def retraining(context: dg.SensorEvaluationContext, places: Places) -> dg.SensorResult | dg.SkipReason:
        watched = watch(places)
        close_abandoned_runs(context.instance, watched.name)
        decision = retraining_decision(context.instance, watched, keys)
        if decision.kind == "give_up":
            context.log.error(decision.reason)
        if decision.kind != "retrain" or decision.batch is None or decision.evidence is None:
            return dg.SkipReason(decision.reason)
        context.log.info(decision.reason)
        return dg.SensorResult(
            run_requests=[
                dg.RunRequest(
                    run_key=f"training/{watched.name}/{decision.batch}/{decision.evidence}/{decision.attempt}",
                    partition_key=decision.batch,
                    tags={
                        records.MODEL_TAG: watched.name,
                        records.PURPOSE_TAG: "training",
                        records.BATCH_TAG: decision.batch,
                        records.EVIDENCE_TAG: decision.evidence,
                        records.ATTEMPT_TAG: str(decision.attempt),
                        records.LOCK_TAG: f"{watched.name}/{decision.batch}",
                    },
                )
            ]
        )

    return retraining
