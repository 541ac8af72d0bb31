"""Every panel's SQL on a real PostgreSQL, as a role that may only read: none fails, none is empty."""

from __future__ import annotations

import datetime as dt
import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import mlflow
import psycopg
import pytest

from deploy.grafana import build
from deploy.grafana.build import built
from deploy.grafana.dashboards import uid_of
from deploy.grafana.panels import MLFLOW, MONITORING
from driftwatch_assets.components.models import monitored_models
from driftwatch_assets.monitoring import open_monitoring
from driftwatch_assets.monitoring.grants import grant_reading
from driftwatch_assets_tests.deploy.grafana_content import SIXTH, batch_keys, record_model, track_model
from driftwatch_assets_tests.postgres import database, postgres_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from driftwatch_assets.declaration import Declaration

Answers = list[tuple[str, dict[str, Any], "Answer"]]

READER = "grafana_reader"


def declarations() -> list[Declaration]:
    return [*(model.declaration for model in monitored_models().values()), SIXTH]


@dataclass(frozen=True)
class Answer:
    """What a panel's query gave."""

    columns: list[str]
    rows: list[tuple[Any, ...]]

    def column(self, name: str) -> list[Any]:
        at = self.columns.index(name)
        return [row[at] for row in self.rows]


@dataclass(frozen=True)
class Databases:
    """URLs by datasource, for the role that may only read."""

    urls: dict[str, str]

    def ask(self, datasource: str, query: str) -> Answer:
        with psycopg.connect(self.urls[datasource]) as connection:
            cursor = connection.execute(query)  # type: ignore[call-overload]
            return Answer([one.name for one in cursor.description or ()], cursor.fetchall())


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    password = secrets.token_hex(12)
    artifacts = tmp_path_factory.mktemp("artifacts")
    with postgres_server() as server, database(server) as monitoring, database(server) as tracking:
        store = open_monitoring(monitoring)
        for declared in declarations():
            record_model(store, declared)
            track_model(tracking, str(artifacts), declared)
        grant_reading(store.database, READER, password)
        with psycopg.connect(tracking, autocommit=True) as connection:
            connection.execute(reader_grants())
        try:
            yield Databases(
                {MONITORING.uid: as_reader(monitoring, password), MLFLOW.uid: as_reader(tracking, password)}
            )
        finally:
            while mlflow.active_run() is not None:
                mlflow.end_run()
            for url in (monitoring, tracking):
                with psycopg.connect(url, autocommit=True) as connection:
                    connection.execute(f"DROP OWNED BY {READER}")
            with psycopg.connect(server, autocommit=True) as connection:
                connection.execute(f"DROP ROLE {READER}")


def reader_grants() -> str:
    """Give what is to be run in MLflow's database, with psql's variable filled in."""
    return Path(build.__file__).with_name("mlflow_reader.sql").read_text().replace(':"reader"', READER)  # type: ignore[return-value]


def as_reader(url: str, password: str) -> str:
    there = urlsplit(url)
    return urlunsplit(there._replace(netloc=f"{READER}:{password}@{there.hostname}:{there.port}"))


def all_panels() -> list[tuple[str, dict[str, Any]]]:
    """Give each panel of each dashboard as it is in the files, with the file's name."""
    return [
        (name, panel)
        for name, content in built(declarations()).items()
        for panel in json.loads(content)["panels"]
        if panel["type"] != "row"
    ]


@pytest.fixture(scope="module")
def answers(databases: Databases) -> Answers:
    """Give what every panel shows: ``<file>: <title>``, the panel, what its query gave."""
    found = []
    for name, panel in all_panels():
        (target,) = panel["targets"]
        answer = databases.ask(target["datasource"]["uid"], target["rawSql"])
        found.append((f"{name}: {panel['title']}", panel, answer))
    return found


def test_every_panel_is_known_by_its_title(answers: Answers) -> None:
    assert len({where for where, _, _ in answers}) == len(answers)


def test_no_panel_is_empty_and_no_column_of_one_is(answers: Answers) -> None:
    empty = {}
    for where, _, answer in answers:
        holes = [name for name in answer.columns if all(value is None for value in answer.column(name))]
        if holes:
            empty[where] = holes
    assert not empty


def test_every_column_that_is_dressed_up_is_one_of_the_query(answers: Answers) -> None:
    """A column that was renamed in the query would lose its unit and its link without a word."""
    for where, panel, answer in answers:
        names = {one["matcher"]["options"] for one in panel["fieldConfig"]["overrides"]}
        for change in panel.get("transformations", ()):
            options = change["options"]
            assert {options["rowField"], options["columnField"], options["valueField"]} == set(answer.columns), where
            names.discard(f"{options['rowField']}\\{options['columnField']}")
        names |= {panel["options"]["xField"]} if "xField" in panel["options"] else set()
        assert names <= set(answer.columns), where


def test_the_axis_of_a_trend_rises_and_the_points_of_a_time_series_lie_in_the_time_shown(answers: Answers) -> None:
    shown = {name: json.loads(content)["time"] for name, content in built(declarations()).items()}
    kinds = set()
    for where, panel, answer in answers:
        kinds.add(panel["type"])
        if panel["type"] == "trend":
            places = answer.column(panel["options"]["xField"])
            assert places == sorted(set(places)), where
            assert len(places) > 1, where
        if panel["type"] == "timeseries":
            moments = answer.column("time")
            span = shown[where.partition(":")[0]]
            start = dt.datetime.fromisoformat(span["from"])
            end = dt.datetime.now(dt.UTC) if span["to"] == "now" else dt.datetime.fromisoformat(span["to"])
            assert all(start <= moment <= end for moment in moments), where
            assert moments == sorted(set(moments)), where
    assert kinds == {"stat", "timeseries", "trend", "barchart", "table"}


def test_every_batch_is_on_the_charts(answers: Answers) -> None:
    for declared in declarations():
        trend, rows = (
            answer
            for where, _, answer in answers
            if where in {f"{uid_of(declared.name)}.json: {title}" for title in ("Trend", "Rows")}
        )
        assert len(trend.rows) == len(rows.rows) == len(batch_keys(declared)), declared.name


def test_an_infinite_effect_is_drawn_as_the_strongest_and_only_the_strongest_features_are(answers: Answers) -> None:
    for where, panel, answer in answers:
        if panel["title"] == "Drift of the features":
            assert max(answer.column("effect")) == 1.0, where
            assert len(set(answer.column("feature"))) == 25, where
            assert answer.rows[0][0] == "feature_0", where


def test_the_overview_leads_to_the_dashboards_that_there_are(answers: Answers) -> None:
    (answer,) = (answer for where, _, answer in answers if where == "driftwatch.json: Models")
    assert sorted(f"{uid}.json" for uid in answer.column("dashboard")) == sorted(
        name for name in built(declarations()) if name != "driftwatch.json"
    )
    assert set(answer.column("model")) == {declared.name for declared in declarations()}


def test_panels_say_what_is_stored(answers: Answers) -> None:
    said = {where: answer for where, _, answer in answers}
    file = "driftwatch-iris.json"
    assert said[f"{file}: Drift"].rows[0][0] == "none"
    assert said[f"{file}: Champion"].rows == [("3", "5", "forest")]
    assert said[f"{file}: Retrainings"].rows == [(2, 1)]
    assert said[f"{file}: Runs"].rows == [(5, 1, 1)]
    assert said[f"{file}: MLflow runs"].rows == [(4, 1, 1)]
    assert said[f"{file}: Open alerts"].rows[0][0] == "high"
    assert set(said[f"{file}: Open alerts"].column("state")) == {"open", "acknowledged"}


@pytest.mark.parametrize(("datasource", "table"), [(MONITORING.uid, "metrics"), (MLFLOW.uid, "runs")])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "TRUNCATE {}", "DROP TABLE {}", "CREATE TABLE mine (a int)"])
def test_the_reader_can_change_nothing(databases: Databases, datasource: str, table: str, statement: str) -> None:
    """Neither as it is, nor when whoever has its password asks for a transaction that writes."""
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        databases.ask(datasource, statement.format(table))
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        databases.ask(datasource, f"SET TRANSACTION READ WRITE; {statement.format(table)}")


def test_the_reader_sees_of_mlflow_only_what_is_shown(databases: Databases) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        databases.ask(MLFLOW.uid, "SELECT * FROM tags")
