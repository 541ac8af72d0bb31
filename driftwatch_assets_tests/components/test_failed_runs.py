"""Why a run failed, also where no step of it did."""

from __future__ import annotations

import dagster as dg

from driftwatch_assets.components.records import failed_step, why_failed


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
