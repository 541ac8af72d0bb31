"""What is wrong with sources, tasks, rules and functions of the other models is told as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from driftwatch_assets_tests.components.declared_project import LOADING, Project, told

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = LOADING

GAS, DEFAULT, ELIGIBILITY, ACCIDENTS, IRIS = (
    "gas_sensors",
    "loan_default",
    "loan_eligibility",
    "traffic_accidents",
    "iris",
)


@pytest.mark.parametrize(
    ("model", "old", "new", "key", "said"),
    [
        pytest.param(
            DEFAULT,
            "kind: windowed_files",
            "kind: windowed_file",
            "attributes.source.kind at",
            ["'windowed_file' is none of its values; did you mean 'windowed_files'?", "files, windowed_files, sql"],
            id="unknown kind of source",
        ),
        pytest.param(
            GAS,
            "reader: {features",
            "reader: {format: parquet, features",
            "attributes.source.reader.format at",
            ["'parquet' is none of its values; valid values: libsvm, csv"],
            id="unknown file format",
        ),
        pytest.param(
            DEFAULT,
            "kind: binary",
            "kind: regression",
            "attributes.task.kind at",
            ["'regression' is none of its values; valid values: multiclass, binary, anomaly"],
            id="unknown kind of task",
        ),
        pytest.param(
            ACCIDENTS,
            "contamination: 0.1",
            "contamination: 0.1, label: damage",
            "attributes.task.label at",
            ["unknown key 'label'; valid keys: id, time, carried, kind, contamination"],
            id="a label where there is none",
        ),
        pytest.param(
            ACCIDENTS,
            "time: crash_date\n",
            "time: crash_hour\n",
            "attributes.source.tables.crashes at",
            ["time names 'crash_hour', for which the reader declares no date format; it declares: crash_date"],
            id="the time of a window is no declared date",
        ),
        pytest.param(
            ACCIDENTS,
            "every: year",
            "every: fortnight",
            "attributes.source.every at",
            ["'fortnight' is none of its values; valid values: day, week, month, year"],
            id="no length of a window",
        ),
        pytest.param(
            DEFAULT,
            "start: 2023-01-01",
            "start: 2023-01-01\n    end: 2022-11-30",
            "attributes.source at",
            ["end is 2022-11-30, before start, which is 2023-01-01"],
            id="the last window before the first",
        ),
        pytest.param(
            DEFAULT,
            "history: all",
            "history: some",
            "attributes.source.tables.feature_clickstream.history at",
            ["'some' is none of its values; valid: all or a whole number or 0 (Earlier batches whose rows gold"],
            id="wrong history",
        ),
        pytest.param(
            DEFAULT,
            "      lms_loan_daily:\n        file:",
            "      LMS-loans:\n        file:",
            "attributes.source.tables.LMS-loans at",
            ["'LMS-loans' does not match ^[a-z][a-z0-9_]*$"],
            id="no name of a table",
        ),
        pytest.param(
            DEFAULT,
            "personal: [Name, SSN]",
            "personal: [Nmae, SSN]",
            "attributes.source.tables.features_attributes.reader at",
            ["personal names column 'Nmae', which is not in columns (nearest: Name)"],
            id="a personal column that is not there",
        ),
        pytest.param(
            ELIGIBILITY,
            "application_time >= :start AND application_time < :end ORDER BY application_time",
            "application_time < :end ORDER BY application_time",
            "attributes.source.tables.loan_details at",
            ["the query lacks :start: expected ... WHERE time >= :start AND time < :end, or windowed: false"],
            id="a query without :start",
        ),
        pytest.param(
            ELIGIBILITY,
            "ORDER BY application_time, loan_id",
            "; DROP TABLE loan_details",
            "attributes.source.tables.loan_details.query at",
            ["the query has a ';': expected one statement, without a ';' at its end"],
            id="two statements",
        ),
        pytest.param(
            ELIGIBILITY,
            "extent: SELECT",
            "extent: DELETE",
            "attributes.source.extent at",
            ["the query begins with 'DELETE': expected SELECT or WITH, since a source is only read"],
            id="an extent that deletes",
        ),
        pytest.param(
            ELIGIBILITY,
            "        time: application_time\n",
            "        time: term\n",
            "attributes.source.tables.loan_details at",
            ["time names 'term', which types declare to be no timestamp; timestamps are: application_time"],
            id="the time of a query is no timestamp",
        ),
        pytest.param(
            ELIGIBILITY,
            "tax_liens: number, purpose",
            "tax_liens: numeric, purpose",
            "attributes.source.tables.loan_details.types.tax_liens at",
            ["'numeric' is none of its values; did you mean 'number'? valid values: text, number, integer, timestamp"],
            id="no type of a database",
        ),
        pytest.param(
            DEFAULT,
            "    silver:\n      feature_clickstream:",
            "    silver:\n      clickstream:",
            "attributes.quality.silver.clickstream at",
            ["no source table is called 'clickstream'; did you mean 'feature_clickstream'?", "features_attributes"],
            id="quality of an unknown table",
        ),
        pytest.param(
            ELIGIBILITY,
            "    bronze:\n      loan_details:\n        - {expect: row_count, min: 20, max: 50000}",
            "    bronze: [{expect: row_count, min: 20, max: 50000}]",
            "attributes.quality.bronze at",
            ["with several source tables give each a suite by its name: loan_details, customer_details, credit"],
            id="one suite for several tables",
        ),
        pytest.param(
            DEFAULT,
            "table: features_financials",
            "table: financials",
            "defs.yaml: attributes.quality.silver.features_attributes[1]",
            ["no table 'financials'; did you mean 'features_financials'?"],
            id="a reference to an unknown table",
        ),
        pytest.param(
            GAS,
            "triggers: [data_drift",
            "triggers: [governance, data_drift",
            "attributes.retraining at",
            ["triggers name governance, but there is no rule; add one such as rule: auc < 0.70 or psi >= 0.2"],
            id="a trigger without its rule",
        ),
        pytest.param(
            GAS,
            "triggers: [data_drift",
            "triggers: [whole_table_drift, data_drift",
            "attributes.retraining.triggers at",
            ["the check 'whole_table_drift' is never made; declare drift.whole_table, or leave the trigger out"],
            id="a trigger that no check fires",
        ),
        pytest.param(
            GAS,
            "{triggers: [data_drift",
            "{rule: auc < 0.7, triggers: [governance",
            "attributes.retraining.rule at",
            ["the rule names 'auc', which is not measured of a multiclass model; it may name accuracy, "],
            id="a rule on a metric of another task",
        ),
        pytest.param(
            GAS,
            "{triggers: [data_drift",
            "{rule: whole_table_auc > 0.9, triggers: [governance",
            "attributes.retraining.rule at",
            ["the rule names 'whole_table_auc', which is not measured of this model, since drift declares no such"],
            id="a rule on a comparison that is switched off",
        ),
        pytest.param(
            ACCIDENTS,
            "rank_batches: 1",
            "metric: auc\n    rank_batches: 1",
            "attributes.training.metric at",
            ["metric 'auc' is none for a task of kind anomaly; valid: rate_fit"],
            id="a metric of another task",
        ),
        pytest.param(
            ACCIDENTS,
            "gates: {minimum: 0.8, must_reach_contamination: true}",
            "gates: {per_class_floor: 0.8}",
            "attributes.training.gates.per_class_floor at",
            ["the gate per_class_floor needs labels, which an anomaly task has not; leave it out"],
            id="a gate of another task",
        ),
        pytest.param(
            DEFAULT,
            "negative: repaid",
            "negative: default",
            "attributes.task at",
            ["positive and negative are both 'default'; name two classes"],
            id="one class for both",
        ),
        pytest.param(
            IRIS,
            "{fetch: '0 6 * * *'}",
            "{fetch: '0 25 * * *'}",
            "attributes.schedules.fetch at",
            ["'0 25 * * *' is no cron time: its hour is '25', which lies outside 0 to 23"],
            id="no hour",
        ),
        pytest.param(
            IRIS,
            "{fetch: '0 6 * * *'}",
            "{monitoring: daily}",
            "attributes.schedules.monitoring at",
            ["'daily' is no cron time: expected five fields (minute hour day month weekday), such as 0 6 * * *"],
            id="no cron time",
        ),
        pytest.param(
            DEFAULT,
            "schedules: {training",
            "schedules: {fetch",
            "attributes.schedules.fetch at",
            ["there is no address that the schedule could fetch; declare source.fetch, or leave it out"],
            id="a schedule that fetches nothing",
        ),
        pytest.param(
            ACCIDENTS,
            "sklearn.ensemble.IsolationForest",
            "sklearn.ensemble.RandomForestClassifier",
            "attributes.training.candidates.0 at",
            ["sklearn.ensemble.RandomForestClassifier is a classifier and learns from labels, which an anomaly task"],
            id="a classifier without labels",
        ),
        pytest.param(
            IRIS,
            "sklearn.discriminant_analysis.LinearDiscriminantAnalysis",
            "sklearn.linear_model.LinearRegression",
            "attributes.training.candidates.1 at",
            ["sklearn.linear_model.LinearRegression is a regressor and knows no classes; a multiclass task needs a"],
            id="a regressor for classes",
        ),
    ],
)
def test_what_is_wrong_in_any_models_declaration_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str, old: str, new: str, key: str, said: list[str]
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    project = Project(tmp_path, model)
    project.change("defs.yaml", old, new)
    message = told(project)
    assert str(project.declared) in message
    for words in (key, *said):
        assert words in message


@pytest.mark.parametrize(
    ("model", "old", "new", "said"),
    [
        pytest.param(
            DEFAULT,
            "def labels(",
            "def _labels(",
            "transforms.py has no function labels(*, feature_clickstream, features_attributes, features_financials, "
            "lms_loan_daily), or with some of these tables; it has ",
            id="late labels without labels()",
        ),
        pytest.param(
            DEFAULT,
            "def labels(*, lms_loan_daily",
            "def labels(*, lms_loans",
            "labels() asks for 'lms_loans', which is no source table; tables are feature_clickstream, ",
            id="labels() of an unknown table",
        ),
        pytest.param(
            ELIGIBILITY,
            "def silver_credit_details(",
            "def silver_credit(",
            "transforms.py has no function silver_credit_details(bronze); it has ",
            id="no silver function of a table",
        ),
        pytest.param(
            ELIGIBILITY,
            "def gold(",
            "def golden(",
            "transforms.py has no function gold(*, loan_details, customer_details, credit_details); it has ",
            id="no gold function",
        ),
        pytest.param(
            ELIGIBILITY,
            "credit_details: pd.DataFrame",
            "credits: pd.DataFrame",
            "gold() asks for 'credits', which is no source table; write it as gold(*, loan_details, customer_details, "
            "credit_details)",
            id="gold() of an unknown table",
        ),
    ],
)
def test_functions_that_do_not_fit_the_tables_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str, old: str, new: str, said: str
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    project = Project(tmp_path, model)
    project.change("transforms.py", old, new)
    message = told(project)
    assert str(project.folder / "transforms.py") in message
    assert said in message
