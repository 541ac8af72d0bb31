"""Which test runs each command of the README and of the pages that it leads to."""

from __future__ import annotations

_COMMANDS = "tour/test_commands.py"
_SIXTH = "tour/test_sixth_model.py::test_the_replay_does_what_the_readme_says"
_SERVED = f"{_COMMANDS}::test_the_service_answers_as_the_readme_asks"
_LIVE = f"{_COMMANDS}::test_the_live_system_starts_by_its_command_and_stops"
_KEPT = f"{_COMMANDS}::test_what_was_packed_is_there_again"
_UPGRADED = f"{_COMMANDS}::test_every_store_is_brought_to_this_version"
_READ = f"{_COMMANDS}::test_commands_over_a_replayed_model_succeed"
_MADE = f"{_COMMANDS}::test_make_checks_and_tests_a_copy_of_the_project"

RUN_BY = {
    "make demo": f"{_COMMANDS}::test_the_demo_replays_what_lies_there",
    "make frozen": f"{_COMMANDS}::test_the_frozen_forest_is_measured",
    "make test": _MADE,
    "make test-slow": _MADE,
    "make check": _MADE,
    "make clean": f"{_COMMANDS}::test_clean_leaves_what_has_landed",
    "make dashboards": f"{_COMMANDS}::test_dashboards_that_are_written_anew_are_those_that_are_kept",
    "make ui": _LIVE,
    "make pictures": "tour/test_pictures.py::test_a_picture_shows_what_its_page_says",
    "dg scaffold defs driftwatch_assets.components.MonitoredModel my_model": _SIXTH,
    "python deliver.py": _SIXTH,
    "dg check yaml": _SIXTH,
    "dg check defs": _SIXTH,
    "driftwatch replay my_model": _SIXTH,
    "driftwatch history my_model": _SIXTH,
    "driftwatch ui": _LIVE,
    "driftwatch serve": _SERVED,
    "curl -s http://127.0.0.1:3070/v1/models/iris": _SERVED,
    'curl -s -H \'Content-Type: application/json\' -d \'{"records": [{"flower": "a", "sepal_length": 5.1, '
    '"sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2}]}\' '
    "http://127.0.0.1:3070/v1/models/iris/predict": _SERVED,
    "driftwatch label iris labels.csv": _SERVED,
    "driftwatch replay gas_sensors": _READ,
    "driftwatch history gas_sensors --json": _READ,
    "driftwatch backfill gas_sensors --from 7 --to 10": _READ,
    "driftwatch reset gas_sensors": "steps/test_reset.py::test_a_model_begins_anew_with_the_same_files_and_others_stay",
    "driftwatch simulate gas_sensors --to deliveries --seed 7": _READ,
    "driftwatch alerts list --state open": _READ,
    "driftwatch alerts ack 2 --by ann": _READ,
    "driftwatch alerts deliver": _READ,
    "driftwatch retry gas_sensors 7": (
        "components/test_interruptions.py::test_the_command_lets_a_batch_that_was_given_up_be_tried_again"
    ),
    "driftwatch alerts drop ops": f"{_COMMANDS}::test_what_waits_for_a_channel_is_let_go",
    "driftwatch monitoring rebuild": _KEPT,
    "driftwatch replay iris": f"{_COMMANDS}::test_a_lost_instance_is_filled_again_and_nothing_is_trained_twice",
    "driftwatch fetch gas_sensors": f"{_COMMANDS}::test_the_publishers_archive_is_fetched",
    "driftwatch fetch iris --url http://127.0.0.1:8000/iris.data": f"{_COMMANDS}::test_another_address_is_fetched",
    "cp .env.example .env": f"{_COMMANDS}::test_compose_starts_once_every_secret_has_a_value",
    "python -c 'import secrets; print(secrets.token_urlsafe(32))'": (
        f"{_COMMANDS}::test_compose_starts_once_every_secret_has_a_value"
    ),
    "tar --create --gzip --file driftwatch.tar.gz data": _KEPT,
    "tar --extract --gzip --file driftwatch.tar.gz": _KEPT,
    'DAGSTER_HOME="$PWD/data/dagster" dagster instance migrate': _UPGRADED,
    "mlflow db upgrade sqlite:///data/mlflow/mlflow.db": _UPGRADED,
    "driftwatch monitoring upgrade": _UPGRADED,
    "driftwatch monitoring grant grafana_reader": f"{_COMMANDS}::test_the_readers_password_is_changed",
}

RUN_IN_PARTS = {
    # Needs a container engine: every service's own command is run with the environment that Compose resolves.
    "docker compose up --build --detach": "deployment/test_composed.py",
    # Takes both processors for minutes, and the peers' environments: what it measures with is run by the tests.
    "make bench": "tour/test_commands.py::test_the_benchmark_runs_without_its_peers",
}
"""Commands that no test runs as they stand, with what is run instead."""
