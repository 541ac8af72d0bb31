"""Steps on Celery's workers, over Redis: a killed worker's step is executed again, and one that kills workers is not.

A worker takes a step's message off the broker only when the step has ended. The message of a worker whose pool process
died goes back at once; that of a worker that is gone as a whole goes to another one when it has been out for
`DRIFTWATCH_CELERY_VISIBILITY_SECONDS` (an hour by default). Steps can be executed again: what they store is
replaced by the same. That time must be longer than the longest step, or a slow one is executed twice at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg
from celery import Celery, Task
from celery.exceptions import Ignore
from dagster._core.execution.retries import RetryMode
from dagster._grpc.types import ExecuteStepArgs
from dagster._serdes import unpack_value
from dagster_celery.executor import CeleryExecutor
from dagster_celery.make_app import make_app
from dagster_celery.tasks import create_task

from driftwatch_assets.components import processes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAXIMUM_STARTS = 3
"""A step that was started this often and never ended has killed its workers (out of memory, for example)."""


class StepGivenUp(RuntimeError):  # noqa: N818 - named for what was done
    """A step was started several times and none of its workers lived to its end."""


class _ClaimedByTheRun(CeleryExecutor):
    """The process that hands out the steps executes the run; a worker that dies leaves the run under way."""

    def execute(self, plan_context: Any, execution_plan: Any) -> Iterator[dg.DagsterEvent]:
        processes.claim_run(plan_context.instance, plan_context.dagster_run)
        events: Iterator[dg.DagsterEvent] = super().execute(plan_context, execution_plan)
        return events


def celery_executor(broker: str, retries: Mapping[str, Any]) -> dg.Executor:
    """Build the executor that hands steps to the workers at a broker, and takes their results there."""
    executor: dg.Executor = _ClaimedByTheRun(
        retries=RetryMode.from_config(dict(retries)), broker=broker, backend=broker, include=[], config_source={}
    )
    return executor


class _Step(Task):  # type: ignore[misc]  # Celery is not typed
    """A step as a task: acknowledged late, and looked at before it is executed again."""

    acks_late = True
    reject_on_worker_lost = True

    def before_start(self, task_id: str, args: Any, kwargs: Mapping[str, Any]) -> None:  # noqa: ARG002 - Celery's
        """Refuse a message that came again when its run is over, or when it has killed its workers.

        Raises
        ------
        StepGivenUp
            The step was started `MAXIMUM_STARTS` times.

        """
        if not (self.request.delivery_info or {}).get("redelivered"):
            return
        asked = unpack_value(kwargs["execute_step_args_packed"], as_type=ExecuteStepArgs)
        [step] = asked.step_keys_to_execute or []
        if asked.instance_ref is None:
            return
        with dg.DagsterInstance.from_ref(asked.instance_ref) as instance:
            run = instance.get_run_by_id(asked.run_id)
            if run is None or run.is_finished:
                raise Ignore
            starts = instance.all_logs(asked.run_id, of_type=dg.DagsterEventType.STEP_START)
            started = sum(entry.step_key == step for entry in starts)
        if started >= MAXIMUM_STARTS:
            raise StepGivenUp(
                f"step {step} of run {asked.run_id} was started {started} times, and its workers were killed each "
                f"time; look at their memory, and at what the system's log says of them, then launch the run again"
            )


def worker_app(broker: str, visibility_seconds: int) -> Celery:
    """Build what `celery -A driftwatch_assets.components.celery_app worker` runs."""
    settings = {
        "broker_transport_options": {"visibility_timeout": visibility_seconds},
        "result_backend_transport_options": {"visibility_timeout": visibility_seconds},
        "broker_connection_retry_on_startup": True,
        "worker_hijack_root_logger": False,
    }
    executor = CeleryExecutor.for_cli(broker=broker, backend=broker, config_source=settings)
    app = make_app(executor.app_args())
    create_task(app, base=_Step)
    return app
