"""A wrong declaration fails while definitions load, and tells the file, the key, what was found and what is valid."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import count
from pathlib import Path
from shutil import copytree, ignore_patterns
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from driftwatch_assets.definitions import shared_definitions
from driftwatch_assets.settings import PROJECT, Settings

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [
    # Dagster's own loader of definitions calls functions of its own that it marks as preview or beta.
    pytest.mark.filterwarnings("ignore::dagster.PreviewWarning"),
    pytest.mark.filterwarnings("ignore::dagster.BetaWarning"),
    # So does its reader of YAML with a deprecated function of pydantic.
    pytest.mark.filterwarnings("ignore::pydantic.PydanticDeprecatedSince20:dagster._utils.pydantic_yaml"),
]
DEFINITIONS = """
from pathlib import Path
import dagster as dg

@dg.definitions
def defs():
    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
"""
SHIPPED = PROJECT / "driftwatch_assets" / "defs"
_numbers = count()


class Project:
    """A Dagster project of its own, with a copy of a shipped model."""

    def __init__(self, root: Path, model: str = "gas_sensors") -> None:
        # A module's name is taken once a process.
        self.package = f"wrongly_declared_{next(_numbers)}"
        self.root = root
        self.folder = root / self.package / "defs" / model
        copytree(SHIPPED / model, self.folder, ignore=ignore_patterns("__pycache__"))
        for package in (self.folder.parent, self.folder.parents[1]):
            (package / "__init__.py").touch()
        (root / self.package / "definitions.py").write_text(DEFINITIONS)
        (root / "pyproject.toml").write_text(
            '[tool.dg]\ndirectory_type = "project"\n'
            f'[tool.dg.project]\nroot_module = "{self.package}"\ncode_location_name = "{self.package}"\n'
        )

    @property
    def declared(self) -> Path:
        return self.folder / "defs.yaml"

    def change(self, file: str, old: str, new: str) -> None:
        path = self.folder / file
        text = path.read_text()
        assert old in text, f"{old!r} is not in the shipped {file}: bring this test up to date"
        path.write_text(text.replace(old, new, 1))

    def load(self) -> dg.Definitions:
        return dg.ComponentTree.for_project(self.root).build_defs()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.syspath_prepend(str(tmp_path))
    return Project(tmp_path)


def told(project: Project) -> str:
    """Give what is said of a wrong declaration: the whole chain of errors, as `dg check defs` prints it."""
    with pytest.raises(Exception) as raised:  # noqa: PT011 - what kind it is, is Dagster's affair
        project.load()
    said, error = "", raised.value
    while error is not None:
        said += f"{error}\n"
        error = error.__cause__
    return said


def test_the_shipped_declaration_loads_from_any_project(project: Project) -> None:
    loaded = dg.Definitions.merge(project.load(), shared_definitions(Settings.from_environment({})))
    assert len(loaded.resolve_asset_graph().get_all_asset_keys()) == 8


@pytest.mark.parametrize(
    ("old", "new", "key", "said"),
    [
        pytest.param(
            "initial_batches: 6",
            "initial_batchs: 6",
            "attributes.initial_batchs at",
            ["unknown key 'initial_batchs'; did you mean 'initial_batches'? valid keys: name, title"],
            id="unknown key",
        ),
        pytest.param(
            "features: {alpha:",
            "features: {alhpa:",
            "attributes.drift.features.alhpa at",
            ["unknown key 'alhpa'; did you mean 'alpha'?", "adjustment", "min_share_of_features"],
            id="unknown key of a rule",
        ),
        pytest.param(
            "psi: 0.1",
            "psi: lots",
            "attributes.drift.features.psi at",
            ["should be a valid number", "found 'lots'", "Population stability index"],
            id="no number",
        ),
        pytest.param(
            "rank_batches: 2",
            "rank_batches: 0",
            "attributes.training.rank_batches at",
            ["greater than 0", "found 0"],
            id="out of range",
        ),
        pytest.param(
            "initial_batches: 6",
            "initial_batches: [6]",
            "attributes.initial_batches at",
            ["should be a valid integer", "found [6]"],
            id="wrong type",
        ),
        pytest.param(
            "estimator: sklearn.svm.SVC",
            "estimator: sklearn.svm.SVCC",
            "attributes.training.candidates.1 at",
            ["candidate 'support_vectors': there is no 'SVCC' in sklearn.svm; nearest: SVC"],
            id="unknown estimator",
        ),
        pytest.param(
            "estimator: sklearn.svm.SVC",
            "estimator: sklaern.svm.SVC",
            "attributes.training.candidates.1 at",
            ["the package 'sklaern' of sklaern.svm.SVC is not installed"],
            id="unknown package",
        ),
        pytest.param(
            "gamma: 0.005",
            "gama: 0.005",
            "attributes.training.candidates.1 at",
            ["candidate 'support_vectors': sklearn.svm.SVC has no parameter 'gama'; nearest: gamma"],
            id="unknown parameter",
        ),
        pytest.param(
            "name: support_vectors",
            "name: discriminant",
            "attributes.training at",
            ["candidate names must differ; found more than once: discriminant"],
            id="two candidates of a name",
        ),
        pytest.param(
            "classes: [ethanol",
            "klasses: [ethanol",
            "attributes.task.classes at",
            ["the key 'classes' is missing (Every class that may occur); found: id, label", "unknown key 'klasses'"],
            id="no classes",
        ),
        pytest.param(
            "classes: [ethanol, ethylene",
            "classes: [ethanol, ethanol",
            "attributes.task.classes at",
            ["classes are named more than once: ethanol"],
            id="a class twice",
        ),
        pytest.param(
            "(?P<batch>[0-9]+)",
            "(?P<batch[0-9]+)",
            "attributes.source.pattern at",
            ["is no regular expression: missing >"],
            id="no regular expression",
        ),
        pytest.param(
            "(?P<batch>[0-9]+)",
            "([0-9]+)",
            "attributes.source.pattern at",
            ["has no group named batch; write it as (?P<batch>...)"],
            id="a pattern without batch",
        ),
        pytest.param(
            "expect: readable",
            "expect: readible",
            "attributes.quality.bronze at",
            ["unknown expect: 'readible'; did you mean 'readable'? valid: 'row_count'"],
            id="unknown expectation",
        ),
        pytest.param(
            "expect: row_count, min",
            "expect: row_count, mim",
            "attributes.quality.bronze.0 at",
            ["unknown key 'mim'; did you mean 'min'?"],
            id="unknown key of an expectation",
        ),
        pytest.param(
            "failures: 1, of: 1",
            "failures: 3, of: 2",
            "attributes.retraining at",
            ["failures is 3 but only the last 2 batches are looked at (of); set failures to at most 2"],
            id="more failures than batches",
        ),
        pytest.param(
            "triggers: [data_drift",
            "triggers: [dta_drift",
            "attributes.retraining.triggers.0 at",
            ["'dta_drift' is none of its values; did you mean 'data_drift'? valid values: data_drift, "],
            id="unknown trigger",
        ),
        pytest.param(
            "reference: all",
            "reference: most",
            "attributes.drift.reference at",
            ["'most' is none of its values; valid: all or a whole number (Batches of the training window"],
            id="neither all nor a number",
        ),
        pytest.param(
            'owners: ["team:sensing"]',
            'owners: ["sensing"]',
            "attributes.owners at",
            ["'sensing' is no owner; write a mail address, or team:name"],
            id="an owner whom nobody can reach",
        ),
        pytest.param(
            "{expect: unique, columns: [reading]}",
            "{expect: unique, columns: [readng]}",
            "defs.yaml: attributes.quality.silver",
            ["no column 'readng'; did you mean 'reading'?"],
            id="a column that silver does not have",
        ),
        pytest.param(
            "- {expect: readable, max_share: 0.05}",
            "- {expect: schema}",
            "defs.yaml: attributes.quality.bronze[1] (schema)",
            ["schema needs the declared types of the table's columns, and there are none"],
            id="a schema without declared types",
        ),
    ],
)
def test_what_is_wrong_in_a_declaration_is_told(
    project: Project, old: str, new: str, key: str, said: list[str]
) -> None:
    project.change("defs.yaml", old, new)
    message = told(project)
    assert str(project.declared) in message
    for words in (key, *said):
        assert words in message


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
            "start: 2023-01-01\n    end: 2025-11-30",
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
            "gates: {minimum: 0.8}",
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


def test_all_faults_are_told_at_once_each_with_its_line(project: Project) -> None:
    project.change("defs.yaml", "psi: 0.1", "psi: lots")
    project.change("defs.yaml", "initial_batches: 6", "initial_batchs: 6")
    message = told(project)
    for line, text in enumerate(project.declared.read_text().splitlines(), start=1):
        if "psi: lots" in text or "initial_batchs" in text:
            assert f"{project.declared}:{line}" in message
    assert "2 validation errors" in message


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        pytest.param(
            lambda project: (project.folder / "transforms.py").unlink(),
            "code names 'transforms.py', which is not there; the folder has __init__.py, simulate.py",
            id="no transforms.py",
        ),
        pytest.param(
            lambda project: project.change("transforms.py", "def gold(", "def golden("),
            "transforms.py has no function gold(silver); it has golden, silver",
            id="no gold function",
        ),
        pytest.param(
            lambda project: (project.folder / "simulate.py").unlink(),
            "simulator names 'simulate.py', which is not there",
            id="no simulator",
        ),
        pytest.param(
            lambda project: project.declared.write_text("type: driftwatch_assets.components.MonitoredModel\n"),
            "has no attributes; a monitored model needs at least name",
            id="no attributes",
        ),
        pytest.param(
            lambda project: project.change("transforms.py", '"gas": "string"', '"gas": "strng"'),
            "'strng' is no type; did you mean 'string'?",
            id="no type",
        ),
    ],
)
def test_what_is_missing_beside_a_declaration_is_told(
    project: Project, spoil: Callable[[Project], object], said: str
) -> None:
    spoil(project)
    message = told(project)
    assert str(project.folder) in message
    assert said in message


def test_a_model_of_a_name_that_is_taken_is_refused(project: Project) -> None:
    copytree(project.folder, project.folder.parent / "gas_sensors_again")
    message = told(project)
    assert f"{project.declared} and {project.folder}_again/defs.yaml both declare a model" in message
    assert "attributes.name: gas_sensors; give one of them another name" in message


def test_nothing_heavy_is_imported_to_find_a_wrong_parameter(project: Project) -> None:
    project.change("defs.yaml", "gamma: 0.005", "gama: 0.005")
    code = (
        "import sys, dagster as dg\nfrom pathlib import Path\n"
        "try:\n    dg.ComponentTree.for_project(Path(sys.argv[1])).build_defs()\n"
        "except Exception as error:\n    print(error.__cause__)\n"
        "print(sorted({'sklearn', 'mlflow', 'great_expectations'} & set(sys.modules)))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(project.root)],
        env={**os.environ, "PYTHONPATH": str(project.root)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "has no parameter 'gama'; nearest: gamma" in ran.stdout
    assert ran.stdout.splitlines()[-1] == "[]"


def test_dg_check_finds_what_the_schema_of_the_yaml_cannot_know(project: Project) -> None:
    project.change("defs.yaml", "gamma: 0.005", "gama: 0.005")
    dg_command = str(Path(sys.executable).with_name("dg"))
    environment = {**os.environ, "PYTHONPATH": str(project.root), "COLUMNS": "400"}

    def ran(what: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [dg_command, "check", what], cwd=project.root, env=environment, capture_output=True, text=True, check=False
        )

    assert ran("yaml").returncode == 0
    found = ran("defs")
    assert found.returncode != 0
    assert "sklearn.svm.SVC has no parameter 'gama'; nearest: gamma" in found.stdout + found.stderr
