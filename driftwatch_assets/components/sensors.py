"""The sensors of a model: thin shells over the arrival plan, the labels that are due, and the retraining policy."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import TYPE_CHECKING, Any

import dagster as dg

from driftwatch_assets.arrivals import plan_arrivals
from driftwatch_assets.attempts import Patience, retry_command
from driftwatch_assets.components import records
from driftwatch_assets.components.forgotten import told_of_forgotten
from driftwatch_assets.components.lost import LakeLost, check_lake
from driftwatch_assets.components.outages import look_failed, look_succeeded
from driftwatch_assets.components.processes import close_abandoned_runs
from driftwatch_assets.components.taken_in import intakes
from driftwatch_assets.lake import batch_order
from driftwatch_assets.resources import Places
from driftwatch_assets.retraining import BatchEvidence, Course
from driftwatch_assets.sources import ExtractionFailed, LandingUnreadable
from driftwatch_assets.steps import SourceRefused, counts_at, due_labels, known_with, look, read_evidence

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from driftwatch_assets.arrivals import ArrivalPlan
    from driftwatch_assets.components.keys import Keys
    from driftwatch_assets.retraining import Training
    from driftwatch_assets.steps import Arrived, Watched

_ARRIVALS_SECONDS = 5
_INTERVAL_SECONDS = 10


def retraining_course(instance: dg.DagsterInstance, watched: Watched, keys: Keys) -> Course:
    """Read the failed checks and past trainings of a model, for the policy to decide.

    What fires it: a fresh failed check among the declared triggers. What resets it: a training through that batch or a
    later one. What it misses on purpose: batches older than the newest training, verdicts that came of too few rows,
    and those of a batch whose run is still under way, which may have more to say. On a new instance, the first
    decision is the first training.

    Where labels come later, what they tell of a batch counts at the batch with which they became known: that is the
    moment at which somebody could have acted on it.
    """
    declaration = watched.declaration
    if not watched.lake.batches(watched.tables.gold):
        # Most ticks are those of models without data: nothing is read but what is under way, launched by a person or
        # before the data were gone.
        return Course((), _trainings(instance, watched, keys), (), declaration.initial_batches, declaration.retraining)
    batches = sorted(keys.known_batches(instance), key=batch_order)
    failed: dict[str, list[str]] = {batch: [] for batch in batches}
    asked = frozenset[str](declaration.retraining.triggers)
    triggers: dict[str, dg.AssetCheckKey] = {name: key for name, key in keys.triggers().items() if name in asked}
    for verdict in records.check_verdicts(instance, list(triggers.values())):
        late = triggers[verdict.check].asset_key == keys.performance and declaration.task.known_after
        if verdict.status == "failed":
            for at in counts_at(watched, verdict.batch, verdict.check) if late else (verdict.batch,):
                if at in failed:
                    failed[at].append(verdict.check)
    arriving = {intake.batch for intake in records.intakes(instance, watched.name) if intake.status == "in_flight"}
    unmeasured = {known_with(watched, batch) for batch, _ in awaited_labels(instance, watched)}
    evidence = []
    for batch in batches:
        facts = read_evidence(watched, batch)
        evidence.append(
            BatchEvidence(
                batch,
                facts.identity,
                tuple(sorted(failed[batch])),
                judged=facts.judged and batch not in arriving and batch not in unmeasured,
                labelled_rows=facts.labelled_rows,
            )
        )
    return Course(
        tuple(evidence),
        _trainings(instance, watched, keys),
        tuple(one.trained_through for one in watched.registry.history(watched.name) if one.gate_result == "promoted"),
        declaration.initial_batches,
        declaration.retraining,
        patience_of(watched),
    )


def _trainings(instance: dg.DagsterInstance, watched: Watched, keys: Keys) -> tuple[Training, ...]:
    return tuple(records.trainings(instance, watched.name, keys.trained, declared_training(watched)))


def declared_training(watched: Watched) -> str:
    """Give the fingerprint of what is declared of a training: with another declaration it may well succeed."""
    declared = watched.declaration.training.model_dump_json(exclude_none=True)
    return hashlib.sha256(declared.encode()).hexdigest()[:16]


def patience_of(watched: Watched) -> Patience:
    """Give how long anything of a model rests that was interrupted, looked at now."""
    return Patience(watched.declaration.arrivals.pause_seconds, dt.datetime.now(dt.UTC))


def awaited_labels(instance: dg.DagsterInstance, watched: Watched) -> list[tuple[str, str]]:
    """Give the batches whose labels are known and will still be measured: those that were given up hold up nothing."""
    due = due_labels(watched)
    given_up = _given_up(instance, watched) if due else {}
    return [one for one in due if one not in given_up]


def _given_up(instance: dg.DagsterInstance, watched: Watched) -> dict[tuple[str, str], str]:
    return records.exhausted(instance, watched.name, "labels", watched.declaration.arrivals.attempts)


def look_or_fail(instance: dg.DagsterInstance, watched: Watched, known: Mapping[str, Any] | None = None) -> Arrived:
    """Look at a model's source; what makes that impossible becomes the failure of the tick, in one sentence.

    A look that fails is noted in Dagster's instance, from where the alerts sensor tells of it: no run would.
    """
    try:
        arrived = look(watched, known)
    except (LandingUnreadable, SourceRefused, ExtractionFailed) as unreadable:
        look_failed(instance, watched.name, str(unreadable))
        raise dg.Failure(description=str(unreadable)) from unreadable
    look_succeeded(instance, watched.name)
    return arrived


def _check_lake(instance: dg.DagsterInstance, watched: Watched) -> None:
    """Let the tick fail, in one sentence, where the lake has nothing of what was taken in."""
    try:
        check_lake(instance, watched)
    except LakeLost as lost:
        raise dg.Failure(description=str(lost)) from lost


def intake_plan(
    instance: dg.DagsterInstance, watched: Watched, keys: Keys, arrived: Arrived, *, training_pending: bool
) -> ArrivalPlan:
    """Plan what is taken in of what has arrived: the same for everybody who asks."""
    dynamic = isinstance(keys.partitions, dg.DynamicPartitionsDefinition)
    return plan_arrivals(
        arrived.landed,
        intakes(instance, watched, keys, arrived.landed),
        keys.known_batches(instance) if dynamic else [one.batch for one in arrived.landed],
        initial_batches=watched.declaration.initial_batches,
        training_pending=training_pending,
        policy=watched.declaration.arrivals,
        now=dt.datetime.now(dt.UTC),
        model=watched.name,
    )


def intake_requests(model: str, plan: ArrivalPlan) -> list[dg.RunRequest]:
    """Give the runs that a plan asks for, each with a key that it has whoever asks."""
    return [
        dg.RunRequest(
            run_key=f"arrival/{model}/{request.batch}/{request.fingerprint[:16]}/{request.attempt}",
            partition_key=request.batch,
            tags={
                records.MODEL_TAG: model,
                records.PURPOSE_TAG: "arrival",
                records.BATCH_TAG: request.batch,
                records.FINGERPRINT_TAG: request.fingerprint,
                records.LOCK_TAG: f"{model}/{request.batch}",
            },
        )
        for request in plan.requests
    ]


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
        minimum_interval_seconds=_ARRIVALS_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Requests a run for every batch that lands, in batch order, and adds its partition.",
    )
    def arrivals(context: dg.SensorEvaluationContext, places: Places) -> dg.SensorResult | dg.SkipReason:
        watched = watch(places)
        close_abandoned_runs(context.instance, watched.name)
        _check_lake(context.instance, watched)
        arrived = look_or_fail(context.instance, watched, json.loads(context.cursor) if context.cursor else None)
        plan = intake_plan(context.instance, watched, keys, arrived, training_pending=False)
        if plan.requests:
            # Only here is it asked what the retraining policy says, which reads the evidence of all batches.
            decision = retraining_course(context.instance, watched, keys).decision()
            pending = decision.pending or bool(awaited_labels(context.instance, watched))
            plan = intake_plan(context.instance, watched, keys, arrived, training_pending=pending)
        cursor = json.dumps(arrived.cache)
        quiet = not plan.requests and not plan.held
        forgotten = _forgotten(context.instance, watched, keys, arrived) if quiet else []
        notes = "; ".join([plan.reason, *forgotten, *arrived.waiting, *arrived.remarks])
        context.log.info(notes)
        for told in plan.left_alone:
            context.log.error(told)
        if not plan.requests:
            return dg.SensorResult(skip_reason=notes, cursor=cursor)
        return dg.SensorResult(
            run_requests=intake_requests(watched.name, plan),
            dynamic_partitions_requests=[keys.asked.build_add_request([one.batch for one in plan.requests])],
            cursor=cursor,
        )

    return arrivals


def _forgotten(instance: dg.DagsterInstance, watched: Watched, keys: Keys, arrived: Arrived) -> list[str]:
    """Say what Dagster has forgotten of a model of which nothing is under way; else a batch may be half done."""
    if records.under_way(instance, watched.name) is not None:
        return []
    found = intakes(instance, watched, keys, arrived.landed)
    told = told_of_forgotten(instance, watched, keys, {one.batch for one in found if one.status == "succeeded"})
    return [] if told is None else [told]


def build_labels(
    keys: Keys, job: dg.UnresolvedAssetJobDefinition, watch: Callable[[Places], Watched]
) -> dg.SensorDefinition:
    """Build the sensor that asks for performance when the labels of an earlier batch have become known.

    It compares what each performance rests on with what is stored, so that it heals itself. Nothing but performance
    is materialized: what was said of the rows, and how far they had drifted, was known without labels.
    """

    @dg.sensor(
        name=keys.labels_sensor,
        job=job,
        minimum_interval_seconds=_INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Requests the performance of a batch when its labels have become known.",
    )
    def labels(context: dg.SensorEvaluationContext, places: Places) -> dg.SensorResult | dg.SkipReason:
        watched = watch(places)
        close_abandoned_runs(context.instance, watched.name)
        due = due_labels(watched)
        busy = records.under_way(context.instance, watched.name)
        if busy:
            return dg.SkipReason(f"batch {busy} is under way")
        tried = records.attempts(context.instance, watched.name, "labels")
        tries = records.tries(context.instance, watched.name, "labels")
        given_up, patience = _given_up(context.instance, watched), patience_of(watched)
        stuck = [
            f"performance of batch {batch} {given_up[batch, fingerprint]}: mend the cause, then run "
            f"`{retry_command(watched.name, batch)}`"
            for batch, fingerprint in due
            if (batch, fingerprint) in given_up
        ]
        for told in stuck:
            context.log.error(told)
        for batch, fingerprint in due:
            if (batch, fingerprint) in given_up:
                continue
            rest = patience.left(tries.get((batch, fingerprint), [])).total_seconds()
            if rest > 0:
                stuck.append(f"performance of batch {batch} was interrupted and is tried again in {rest:.0f} s")
                continue
            attempt = tried[batch, fingerprint] + 1
            return dg.SensorResult(
                run_requests=[records.measuring(watched.name, "labels", batch, fingerprint, attempt)]
            )
        return dg.SkipReason("; ".join(stuck) or "no labels have become known")

    return labels


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
        decision = retraining_course(context.instance, watched, keys).decision()
        if decision.blocked:
            context.log.error(decision.reason)
        if decision.kind != "retrain" or decision.batch is None or decision.evidence is None:
            return dg.SkipReason(decision.reason)
        context.log.info(decision.reason)
        declared = declared_training(watched)
        return dg.SensorResult(
            run_requests=[
                dg.RunRequest(
                    run_key=f"training/{watched.name}/{decision.batch}/{decision.evidence}/{declared}/{decision.attempt}",
                    partition_key=decision.batch,
                    tags={
                        records.MODEL_TAG: watched.name,
                        records.PURPOSE_TAG: "training",
                        records.BATCH_TAG: decision.batch,
                        records.EVIDENCE_TAG: decision.evidence,
                        records.DECLARED_TAG: declared,
                        records.ATTEMPT_TAG: str(decision.attempt),
                        records.LOCK_TAG: f"{watched.name}/{decision.batch}",
                    },
                )
            ]
        )

    return retraining
