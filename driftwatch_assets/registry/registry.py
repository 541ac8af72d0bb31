"""The registry: versions, the champion as of a batch, and the runs that made them."""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from driftwatch_assets.lake import batch_order
from driftwatch_assets.registry import evidence
from driftwatch_assets.registry.artifact import load_model, store_model
from driftwatch_assets.registry.removal import remove_model, runs_of
from driftwatch_assets.registry.runs import DAGSTER_RUN, begin_beside, delete_orphans, end_runs, search_runs, take_up
from driftwatch_assets.registry.store import alone, experiment_id, open_client
from driftwatch_assets.registry.trust import ALWAYS_TRUSTED
from driftwatch_assets.registry.version import LoadedModel, ModelVersion, champion_among
from driftwatch_assets.scratch import scratch_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from driftwatch_assets.training import TrainingOutcome

CHAMPION = "champion"
_PAGE = 200
_KEPT_MODELS = 4

_loaded: OrderedDict[tuple[str, str], LoadedModel] = OrderedDict()


class ModelRegistry:
    """MLflow's tracking store and model registry, as this project uses them.

    A version's promotion is a tag that is written with the version itself and never changed, and the champion of a
    batch is the newest promoted version that was trained through an earlier batch: by batch order, never by time. The
    alias `champion` is for people; nothing here reads it.

    Parameters
    ----------
    tracking_uri
        ``sqlite:///<path>``, which is created when missing, or a server's URL.
    experiment
        Name of the MLflow experiment.
    artifact_root
        Folder or URL where a new experiment keeps its artifacts; None leaves it to the server.
    trusted_modules
        Modules, beside NumPy, SciPy and scikit-learn, whose types a stored model may have: those of the declared
        candidates (see `Candidate.paths`).

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> registry = ModelRegistry(f"sqlite:///{folder}/mlflow.db", "gas_sensors", artifact_root=f"{folder}/artifacts")
    >>> registry.history("gas_sensors"), registry.champion_as_of("gas_sensors", "7")
    ([], None)

    """

    def __init__(
        self,
        tracking_uri: str,
        experiment: str,
        *,
        artifact_root: str | None = None,
        trusted_modules: Sequence[str] = (),
    ) -> None:
        self.tracking_uri = tracking_uri
        self.experiment = experiment
        self.artifact_root = artifact_root
        self.trusted_modules = (*ALWAYS_TRUSTED, *trusted_modules)

    def prepare(self) -> str:
        """Create the store and the experiment where they are missing, and give the experiment's id.

        Whoever else starts runs in this experiment (dagster-mlflow) calls this first: an experiment that it created
        would keep its artifacts in the working directory.

        Raises
        ------
        RegistryUnreachable
            The store cannot be opened.

        """
        return self._experiment_id

    def register(
        self,
        model: str,
        outcome: TrainingOutcome,
        *,
        references: Mapping[str, bytes],
        figures: Mapping[str, bytes] | None = None,
        run_id: str | None = None,
    ) -> ModelVersion:
        """Record a training and register its model; a refused one as well, which never becomes champion.

        Written in this order: parameters, metrics and files of the run; the model's files; the version with all its
        tags, in one transaction; the alias. A process that dies before the version leaves nothing that `history`
        shows; one that dies after it leaves a whole version, and the alias is set by the next call. A training that is
        registered already is not registered again: the run that it was registered from goes on, in the place of the
        active one.

        Parameters
        ----------
        model
            Name of the registered model.
        outcome
            What the training found.
        references
            Files that belong to the model (its drift reference), by name; they come back with `load`.
        figures
            Further files for the run, by path.
        run_id
            The MLflow run; by default the active one.

        Returns
        -------
        ModelVersion
            The new version, or the one that this training was registered as before.

        Raises
        ------
        ArtifactRefused
            The model cannot be stored safely.
        RuntimeError
            No run was given and none is active.

        """
        known = self.trained(model, outcome.training_fingerprint)
        if known is None:
            run_id = run_id or self._active_run_id(model)
            if any(one.run_id == run_id for one in self.history(model)):
                run_id = begin_beside(self._client, run_id)
            self._record(outcome, figures or {}, run_id)
            known = self._register_version(model, outcome, references, run_id)
        elif run_id is None:
            self._go_on_with(known.run_id)
        self.point_alias(model)
        return known

    def _go_on_with(self, run_id: str) -> None:
        """Let the run of a version stand for the active one, in which nothing is recorded."""
        import mlflow  # noqa: PLC0415 - heavy: loaded by the step that needs it

        active = mlflow.active_run()
        if active is None or active.info.run_id == run_id:
            return
        mlflow.end_run()
        take_up(self._client, run_id, active.data.tags.get(DAGSTER_RUN))
        self._client.delete_run(active.info.run_id)
        mlflow.start_run(run_id=run_id)

    def trained(self, model: str, training_fingerprint: str) -> ModelVersion | None:
        """Give the version that a training was registered as, if it was."""
        same = [one for one in self.history(model) if one.training_fingerprint == training_fingerprint]
        return same[0] if same else None

    def history(self, model: str) -> list[ModelVersion]:
        """Give all versions, promoted and refused, by the batch that they were trained through."""
        versions, token = [], None
        while True:
            page = self._client.search_model_versions(f"name='{model}'", max_results=_PAGE, page_token=token)
            versions += [ModelVersion.of(one) for one in page if "training_fingerprint" in one.tags]
            token = page.token
            if not token:
                return sorted(versions, key=lambda one: (batch_order(one.trained_through), one.version))

    def changed_at(self, model: str) -> int:
        """Give when a model was last registered or changed, in milliseconds; 0 where it has no version yet.

        One small query, for whoever has to notice a promotion soon; `history` then tells what it was.
        """
        from mlflow.exceptions import MlflowException  # noqa: PLC0415 - heavy: loaded by the step that needs it

        try:
            return int(self._client.get_registered_model(model).last_updated_timestamp)
        except MlflowException as absent:
            if absent.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return 0

    def champion_as_of(self, model: str, batch: str) -> ModelVersion | None:
        """Give the champion that a batch is scored with: the newest promoted one trained through an earlier batch."""
        return champion_among(self.history(model), before=batch)

    def load(self, version: ModelVersion) -> LoadedModel:
        """Load a version; the last few stay in memory.

        Raises
        ------
        ArtifactRefused
            See `load_model`.

        """
        key = (self.tracking_uri, version.model_id)
        model = _loaded.get(key)
        if model is None or model.version.content != version.content:
            model = load_model(self.tracking_uri, version, self.trusted_modules)
        _loaded[key] = model
        _loaded.move_to_end(key)
        while len(_loaded) > _KEPT_MODELS:
            _loaded.popitem(last=False)
        return model

    def point_alias(self, model: str) -> ModelVersion | None:
        """Let the alias `champion` point at the newest promoted version by batch order, and give that version."""
        champion = champion_among(self.history(model))
        if champion is not None:
            aliases = self._client.get_registered_model(model).aliases
            if str(aliases.get(CHAMPION)) != str(champion.version):  # a number from SQLite, a string from a server
                self._client.set_registered_model_alias(model, CHAMPION, str(champion.version))
        return champion

    @contextmanager
    def run(self, name: str, tags: Mapping[str, str] | None = None) -> Iterator[str]:
        """Start a run of our own and give its id; it ends FAILED when the block raises."""
        import mlflow  # noqa: PLC0415 - heavy: loaded by the step that needs it

        experiment = self._experiment_id
        with mlflow.start_run(experiment_id=experiment, run_name=name, tags=dict(tags or {})) as active:
            yield active.info.run_id

    def runs(self, model: str) -> list[str]:
        """Give the ids of the MLflow runs of a model's trainings."""
        return runs_of(self._client, self._experiment_id, self.history(model))

    def forget(self, model: str) -> None:
        """Delete a model with all its versions; its runs go to MLflow's bin."""
        remove_model(self._client, model, self.runs(model), self.history(model))

    def begin(self, dagster_run_id: str, name: str, through: str | None = None) -> str:
        """Give the id of a Dagster run's MLflow run, which is created where there is none.

        Where an earlier run registered a version trained through the batch `through` and ended before all was done, it
        is taken up again. What an earlier one stored and registered nothing of is deleted.

        It carries the tag that names the Dagster run from its first moment: one that was created first and tagged
        afterwards would stay RUNNING for ever when its process dies in between.
        """
        known = search_runs(self._client, self._experiment_id, f"tags.{DAGSTER_RUN} = '{dagster_run_id}'")
        if known:
            return str(known[0].info.run_id)
        self._delete_orphans()
        for version in self.history(self.experiment):
            if version.trained_through == through and self._client.get_run(version.run_id).info.status != "FINISHED":
                take_up(self._client, version.run_id, dagster_run_id)
                return version.run_id
        created = self._client.create_run(self._experiment_id, tags={DAGSTER_RUN: dagster_run_id}, run_name=name)
        return str(created.info.run_id)

    def finish(self, dagster_run_id: str) -> list[str]:
        """End the runs of a Dagster run as FINISHED, where they are still running, and give their ids."""
        return end_runs(self._client, self._runs_of(dagster_run_id, running=True), "FINISHED")

    def fail(self, dagster_run_id: str, reason: str) -> list[str]:
        """End the runs of a Dagster run as FAILED, also those that were reported as finished, and give their ids."""
        return end_runs(self._client, self._runs_of(dagster_run_id, running=False), "FAILED", reason)

    def reconcile(self, is_alive: Callable[[str], bool]) -> list[str]:
        """End runs as FAILED whose Dagster run is gone: the process was killed and could not say so.

        Parameters
        ----------
        is_alive
            Tells of a Dagster run's id whether it is still under way.

        Returns
        -------
        list of str
            Ids of the MLflow runs that were ended.

        """
        running = search_runs(self._client, self._experiment_id, "attributes.status = 'RUNNING'")
        gone = [run for run in running if DAGSTER_RUN in run.data.tags and not is_alive(run.data.tags[DAGSTER_RUN])]
        ended = end_runs(self._client, gone, "FAILED", "its process ended without a word; found dead afterwards")
        if ended:
            self._delete_orphans()
        return ended

    def _delete_orphans(self) -> list[str]:
        """Delete stored models of runs that ended without registering them, and give their ids."""
        registered = {one.model_id for one in self.history(self.experiment)}
        return delete_orphans(self._client, self._experiment_id, registered)

    @cached_property
    def _client(self) -> Any:
        return open_client(self.tracking_uri)

    @cached_property
    def _experiment_id(self) -> str:
        return experiment_id(self._client, self.tracking_uri, self.experiment, self.artifact_root)

    def _active_run_id(self, model: str) -> str:
        import mlflow  # noqa: PLC0415 - heavy: loaded by the step that needs it

        active = mlflow.active_run()
        if active is None:
            raise RuntimeError(
                f"cannot register a training of {model}: no MLflow run is active and no run_id was given; start one "
                f"(dagster-mlflow's resource, or ModelRegistry.run)"
            )
        return str(active.info.run_id)

    def _record(self, outcome: TrainingOutcome, figures: Mapping[str, bytes], run_id: str) -> None:
        from mlflow.entities import Metric, Param  # noqa: PLC0415 - heavy: loaded by the step that needs it

        now = int(time.time() * 1000)
        self._client.log_batch(
            run_id,
            metrics=[Metric(_plain(name), value, now, 0) for name, value in evidence.metrics(outcome).items()],
            params=[Param(name, value) for name, value in evidence.parameters(outcome).items()],
        )
        with scratch_folder() as folder:
            for name, content in {**evidence.files(outcome), **figures}.items():
                path = Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            self._client.log_artifacts(run_id, folder)

    def _register_version(
        self, model: str, outcome: TrainingOutcome, references: Mapping[str, bytes], run_id: str
    ) -> ModelVersion:
        modules = dict.fromkeys((*self.trusted_modules, *(path.split(".")[0] for path in outcome.candidate.paths)))
        model_id, content = store_model(
            self._client,
            outcome,
            references,
            run_id=run_id,
            trusted_modules=tuple(modules),
            what=f"model {model} trained through batch {outcome.trained_through}",
        )
        with alone(self.tracking_uri):
            versions = self.history(model)
            for one in versions:
                if one.training_fingerprint == outcome.training_fingerprint:
                    return one
            self._create_registered_model(model)
            compared = [one.version for one in versions if one.fingerprint == outcome.champion]
            created = self._client.create_model_version(
                model,
                source=f"models:/{model_id}",
                run_id=run_id,
                model_id=model_id,
                description=outcome.promotion.reason,
                tags={
                    "trained_through": outcome.trained_through,
                    "gate_result": outcome.promotion.gate_result,
                    "candidate": outcome.candidate.name,
                    "window": evidence.span(outcome),
                    "fingerprint": outcome.fingerprint,
                    "judged_fingerprint": outcome.judged_fingerprint,
                    "training_fingerprint": outcome.training_fingerprint,
                    "data_fingerprint": outcome.data_fingerprint,
                    "content": content,
                    "champion_compared": str(compared[-1]) if compared else "none",
                    "metric": outcome.comparison.metric,
                    "scores": json.dumps(evidence.scores(outcome)),
                    "failed_gates": json.dumps(evidence.failed_gates(outcome)),
                    "model_id": model_id,
                },
            )
            return ModelVersion.of(created)

    def _create_registered_model(self, model: str) -> None:
        from mlflow.exceptions import MlflowException  # noqa: PLC0415 - heavy: loaded by the step that needs it

        try:
            self._client.create_registered_model(model)
        except MlflowException as there:
            if there.error_code != "RESOURCE_ALREADY_EXISTS":
                raise

    def _runs_of(self, dagster_run_id: str, *, running: bool) -> list[Any]:
        runs = search_runs(self._client, self._experiment_id, f"tags.{DAGSTER_RUN} = '{dagster_run_id}'")
        return [run for run in runs if (run.info.status == "RUNNING" if running else run.info.status != "FAILED")]


def _plain(name: str) -> str:
    """Give a metric name that MLflow takes: class names may hold what it does not."""
    return "".join(one if one.isalnum() or one in "_-. /" else "_" for one in name)
