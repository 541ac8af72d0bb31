"""The job that fetches a source's address into the landing folder, and its schedule."""

# Dagster reads the annotations of an op's function as objects, so that they are not postponed here.
from collections.abc import Callable
from typing import Any

import dagster as dg
from pydantic import Field, create_model

from driftwatch_assets.components import records
from driftwatch_assets.components.keys import Keys
from driftwatch_assets.declaration import Declaration
from driftwatch_assets.resources import Places
from driftwatch_assets.sources import FetchFailed, Files
from driftwatch_assets.steps import Watched, fetch_batch


def build_fetching(declaration: Declaration, keys: Keys, watch: Callable[[Places], Watched]) -> dg.Definitions:
    """Build the fetch of a source that declares an address; nothing for any other.

    A fetch only lands a file: the arrivals sensor takes it in as it takes in any other. The address and the timeout
    can be changed for one run in the launchpad. A fetch that fails says why in one sentence, and lands nothing.
    """
    source, name = declaration.source, declaration.name
    if not isinstance(source, Files) or source.fetch is None:
        return dg.Definitions()
    settings = create_model(
        f"{name}_fetch_settings",
        __base__=dg.Config,
        url=(str, Field(default=source.fetch.url, description="Address that is fetched.")),
        timeout_seconds=(
            float,
            Field(default=source.fetch.timeout_seconds, gt=0, description="Longest wait for the server, in seconds."),
        ),
    )

    def fetch(context: dg.OpExecutionContext, config: dg.Config, places: Places) -> None:
        changed: dict[str, Any] = config.model_dump()
        try:
            fetched = fetch_batch(watch(places), changed)
        except FetchFailed as failed:
            raise dg.Failure(str(failed)) from failed
        context.log.info(fetched.reason)
        context.add_output_metadata(
            {
                "landed": "nothing" if fetched.path is None else fetched.path.name,
                "changed": fetched.changed,
                "reason": fetched.reason,
            }
        )

    fetch.__annotations__["config"] = settings
    operation = dg.op(name=f"{name}_fetch_address", description=f"Fetches {source.fetch.url}.")(fetch)

    @dg.job(
        name=keys.fetch_job,
        description=f"Fetches the address of {name} into its landing folder.",
        tags={records.MODEL_TAG: name, records.PURPOSE_TAG: "fetch"},
    )
    def fetch_job() -> None:
        operation()

    cron = declaration.schedules.fetch
    schedules = []
    if cron is not None:
        schedules.append(
            dg.ScheduleDefinition(
                name=f"{name}_fetch_schedule",
                job=fetch_job,
                cron_schedule=cron,
                execution_timezone="UTC",
                default_status=dg.DefaultScheduleStatus.STOPPED,
                description=f"Fetches the address of {name}.",
            )
        )
    return dg.Definitions(jobs=[fetch_job], schedules=schedules)
