"""A replay: landed batches go one after the other through the sensors, checks and assets of the live system."""

from __future__ import annotations

import gc
import logging
import shutil
import time
from contextlib import ExitStack
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from driftwatch_assets.command_line.history import as_table, failed_checks, held_up_lines
from driftwatch_assets.command_line.instance import open_instance
from driftwatch_assets.command_line.landing import simulate_into
from driftwatch_assets.command_line.stopping import ends_with
from driftwatch_assets.components import records
from driftwatch_assets.components.forgotten import told_of_forgotten
from driftwatch_assets.components.held_up import held_up
from driftwatch_assets.components.instance_lock import at_work
from driftwatch_assets.components.lost import check_lake
from driftwatch_assets.components.models import monitored_model
from driftwatch_assets.components.processes import is_under_way, stop_waiting_runs
from driftwatch_assets.components.sensors import intake_plan, retraining_course
from driftwatch_assets.components.sqlite_log import kept_open
from driftwatch_assets.components.taken_in import intakes
from driftwatch_assets.components.ticks import LocalDaemon
from driftwatch_assets.definitions import defs, places_of
from driftwatch_assets.quality import great_expectations
from driftwatch_assets.reporting import HistoryEntry, retraining_gains
from driftwatch_assets.settings import Settings
from driftwatch_assets.sources import LandingUnreadable, simulated_with
from driftwatch_assets.steps import history, look

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import dagster as dg
    from rich.console import Console

    from driftwatch_assets.components import MonitoredModel
    from driftwatch_assets.steps import Arrived, Watched

_ASIDE = ".simulating"
_PATIENCE_SECONDS = 1.0


def replay(model: str, *, seed: int, console: Console) -> int:
    """Replay a model's landed batches and show its history.

    The exit status is 1 when a run failed, a training was given up, or batches are too small for a first one.
    """
    _load_libraries()
    settings = Settings.from_environment()
    component = monitored_model(model)
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    watched = component.watch(places_of(settings))
    with (
        open_instance(settings) as instance,
        at_work(instance, f"driftwatch replay {model}", tell=console.print),
        kept_open(instance),
    ):
        console.print(_landed(component, watched, seed=seed))
        watched.registry.prepare()
        check_lake(instance, watched)
        stop_waiting_runs(instance, model)
        # Whoever replays by hand has mended what an earlier run was interrupted by: nothing rests.
        records.retry(instance, model, every=False)
        watched.registry.reconcile(lambda run_id: is_under_way(instance, run_id))
        failed = _run_all(component, instance, watched, console)
        found = history(watched, failed_checks(instance, component))
        waiting = held_up(instance, watched, component.keys)
    console.print(as_table(model, found))
    for line in _bought(found):
        console.print(line)
    for line in failed:
        console.print(line, style="red")
    for told in held_up_lines(waiting):
        console.print(told)
    if watched.lake.has_file(watched.tables.summary):
        console.print(f"Reports: {watched.lake.url}/{watched.tables.summary}")
    console.print("Open the UI with `make ui`: http://127.0.0.1:3000, reports: http://127.0.0.1:3070")
    return 1 if failed or waiting.faults else 0


def _load_libraries() -> None:
    """Load what every run of a replay needs, without collecting the garbage that imports do not make.

    skops comes first: it looks through every module that is loaded already. What is loaded stays, so that the collector
    need not look at it again, and what runs make is little beside it, so that it looks less often.
    """
    gc.disable()
    try:
        import_module("skops.io")
        import_module("mlflow")
        great_expectations()
    finally:
        gc.enable()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _bought(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say what the loop reached beside the frozen model, and what each retraining bought."""
    scored = [record for record in found if record["value"] is not None and record["frozen_value"] is not None]
    if not scored:
        return []
    mean = sum(record["value"] for record in scored) / len(scored)
    frozen = sum(record["frozen_value"] for record in scored) / len(scored)
    metric = scored[-1]["metric"].replace("_", " ").replace("auc", "AUC")
    reached = (
        f"Mean {metric} over batches {scored[0]['batch']} to {scored[-1]['batch']}: {mean:.3f}; "
        f"frozen model (the first champion, never retrained): {frozen:.3f}"
    )
    gains = [
        f"Retraining through batch {gain.trained_through} bought {gain.over_previous:+.3f} "
        f"on batch {gain.batch} ({gain.value:.3f}; the champion before: {gain.previous:.3f})"
        for gain in retraining_gains([HistoryEntry.of(record) for record in found])
        if gain.value is not None and gain.over_previous is not None
    ]
    return [reached, *gains]


def _landed(component: MonitoredModel, watched: Watched, *, seed: int) -> str:
    """Say which batches lie there; where there are none, put the simulator's."""
    name, folder = component.declaration.name, watched.landing
    if watched.database is not None:
        return f"{name}: batches are extracted from the database that DRIFTWATCH_DATABASE_{name.upper()} names"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"the landing folder {folder} cannot be made ({error.strerror}); name another in DRIFTWATCH_LANDING"
        raise LandingUnreadable(message) from error
    empty = not any(not path.name.startswith(".") for path in folder.iterdir())
    if component.simulate is not None and (empty or (folder / _ASIDE).is_dir()):
        paths = _simulated(name, folder, seed=seed)
        return f"{name}: {len(paths)} simulated files (seed {seed}) were put into {folder}"
    arrived = look(watched, settle_seconds=0.0)
    found = simulated_with(folder)
    kind = "real" if found is None else f"simulated (seed {found})"
    return f"{name}: {len(arrived.landed)} {kind} batches lie in {folder}"


def _run_all(component: MonitoredModel, instance: dg.DagsterInstance, watched: Watched, console: Console) -> list[str]:
    keys = component.keys
    failures: list[str] = []
    steps = [
        (keys.arrivals_sensor, keys.batch_job, "batch {}"),
        (keys.retraining_sensor, keys.training_job, "training through batch {}"),
    ]
    if component.declaration.task.known_after:
        steps.insert(1, (keys.labels_sensor, keys.labels_job, "labels of batch {}"))
    with (
        ExitStack() as stack,
        Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
        ) as progress,
    ):
        daemon = LocalDaemon(instance, defs(), places_of(Settings.from_environment()))
        bar = progress.add_task("looking at what has arrived", total=None)
        seen: Mapping[str, Any] = {}
        stack.enter_context(ends_with(partial(_stopped, daemon, progress, watched.name)))
        while True:
            arrived = look(watched, seen)
            seen = arrived.cache
            progress.update(bar, total=len(arrived.landed) + len(arrived.waiting))
            worked = False
            for sensor, job, doing in steps:
                for request in daemon.tick(sensor).requests:
                    worked = True
                    progress.update(bar, description=doing.format(request.partition_key))
                    result = daemon.run(job, request)
                    if not result.success:
                        why = records.why_failed(instance, result.run_id)
                        failures.append(f"{doing.format(request.partition_key)} failed: {why}")
            progress.update(bar, completed=len(_taken_in(instance, component, watched, arrived)))
            if not worked:
                if not arrived.waiting:
                    progress.update(bar, description="recording and judging alerts")
                    daemon.tick(keys.alerts_sensor)
                    progress.update(bar, description="done")
                    return [*failures, *_left_over(instance, component, watched, arrived, console)]
                progress.update(bar, description="waiting for files that may still be being written")
                time.sleep(_PATIENCE_SECONDS)


def _simulated(model: str, folder: Path, *, seed: int) -> list[Path]:
    """Put the simulator's batches into a landing folder, all of them: what an interrupted one left is completed."""
    aside = folder / _ASIDE
    if simulated_with(aside) is None:
        shutil.rmtree(aside, ignore_errors=True)
        simulate_into(model, aside, seed=seed)
    # The mark, which is hidden, goes last: while it is here, not everything is there.
    for path in sorted(aside.iterdir(), key=lambda path: (path.name.startswith("."), path.name)):
        path.replace(folder / path.name)
    aside.rmdir()
    return [path for path in folder.iterdir() if not path.name.startswith(".")]


def _left_over(
    instance: dg.DagsterInstance, component: MonitoredModel, watched: Watched, arrived: Arrived, console: Console
) -> list[str]:
    """Give what was not taken in though it is there, and say what is stored and Dagster has forgotten."""
    keys = component.keys
    told = told_of_forgotten(instance, watched, keys, _taken_in(instance, component, watched, arrived))
    if told is not None:
        console.print(told, markup=False, highlight=False, soft_wrap=True)
    if not arrived.landed:
        return [f"nothing was taken in: {'; '.join(arrived.remarks) or 'nothing has arrived'}"]
    plan = intake_plan(instance, watched, keys, arrived, training_pending=False)
    said = [plan.reason] if plan.held or plan.left_alone else []
    decision = retraining_course(instance, watched, keys).decision()
    return [*said, decision.reason] if decision.pending else said


def _taken_in(instance: dg.DagsterInstance, component: MonitoredModel, watched: Watched, arrived: Arrived) -> set[str]:
    found = intakes(instance, watched, component.keys, arrived.landed)
    return {one.batch for one in found if one.status == "succeeded"}


def _stopped(daemon: LocalDaemon, progress: Progress, model: str) -> str:
    daemon.stop()
    [task] = progress.tasks
    total = "" if task.total is None else f" of {task.total:.0f}"
    return (
        f"stopped ({task.description}): {task.completed:.0f}{total} batches are stored; driftwatch replay {model} goes "
        f"on from there"
    )
