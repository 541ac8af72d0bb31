"""A code location with one sensor, which asks for the same run whenever it is asked."""

import dagster as dg

arrivals = dg.DynamicPartitionsDefinition(name="pinned_arrival")


@dg.asset(partitions_def=arrivals)
def landed() -> None: ...


take_in = dg.define_asset_job("take_in", selection=[landed])


@dg.sensor(job=take_in, default_status=dg.DefaultSensorStatus.RUNNING, minimum_interval_seconds=1)
def same_again() -> dg.SensorResult:
    return dg.SensorResult(
        run_requests=[dg.RunRequest(run_key="burnt", partition_key="21", tags={"pinned": "burnt"})],
        dynamic_partitions_requests=[arrivals.build_add_request(["21"])],
    )


defs = dg.Definitions(assets=[landed], jobs=[take_in], sensors=[same_again])
