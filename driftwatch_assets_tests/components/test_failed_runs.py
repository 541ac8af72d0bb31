"""Why a run failed, also where no step of it did."""

from __future__ import annotations

import dagster as dg

from driftwatch_assets.components.records import MODEL_TAG, failed_step, jobs, why_failed


@dg.op(required_resource_keys={"store"})
def ask() -> None:
    """Ask a store that cannot be opened."""


@dg.resource
def away(_: dg.InitResourceContext) -> None:
    raise ConnectionRefusedError("the store does not answer")


@dg.job(resource_defs={"store": away})
def asking() -> None:
    ask()


def test_a_run_whose_resource_could_not_be_set_up_tells_its_error_without_a_step() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        ended = asking.execute_in_process(instance=instance, raise_on_error=False)
        assert not ended.success
        assert why_failed(instance, ended.run_id) == "ConnectionRefusedError: the store does not answer"
        assert failed_step(instance, ended.run_id) == {"error": "ConnectionRefusedError"}


def test_what_is_recorded_of_a_failed_run_names_nobody_and_lets_nobody_in() -> None:
    @dg.op
    def read() -> None:
        raise ConnectionError("postgresql://reader:hunter2@db/loans turned ann@example.org away")

    @dg.job(tags={MODEL_TAG: "club"})
    def reading() -> None:
        read()

    with dg.DagsterInstance.ephemeral() as instance:
        reading.execute_in_process(instance=instance, raise_on_error=False)
        [job] = jobs(instance, "club")
    assert job.error == "ConnectionError: postgresql://***@db/loans turned *** away"
