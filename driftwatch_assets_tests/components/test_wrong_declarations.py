"""A wrong declaration fails while definitions load, and tells the file, the key, what was found and what is valid."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from shutil import copytree
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from driftwatch_assets.definitions import shared_definitions
from driftwatch_assets.settings import Settings
from driftwatch_assets_tests.components.declared_project import LOADING, Project, told

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = LOADING


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.syspath_prepend(str(tmp_path))
    return Project(tmp_path)


def test_the_shipped_declaration_loads_from_any_project(project: Project) -> None:
    loaded = dg.Definitions.merge(project.load(), shared_definitions(Settings.from_environment({})))
    assert len(loaded.resolve_asset_graph().get_all_asset_keys()) == 11


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
            "classes: [ethanol",
            "carried: [score_ethanol, predicted, site, site]\n    classes: [ethanol",
            "attributes.task at",
            ["carried names 'score_ethanol', 'predicted', 'site', which predictions have already; give the column"],
            id="a carried column that predictions have",
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


@pytest.mark.slow
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
