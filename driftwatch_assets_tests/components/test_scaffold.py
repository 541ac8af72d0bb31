"""What `dg scaffold defs` writes for a new model, and what it refuses."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

import dagster as dg
import pandas as pd
import pytest
import yaml

from driftwatch_assets.components.scaffold import MonitoredModelScaffolder, ScaffoldRefused
from driftwatch_assets.declaration import Declaration

if TYPE_CHECKING:
    from pathlib import Path


def scaffold(folder: Path, scaffold_format: str = "yaml", root: Path | None = None) -> None:
    """Do what `dg scaffold defs` does once it has made the folder."""
    folder.mkdir(parents=True)
    MonitoredModelScaffolder().scaffold(
        dg.ScaffoldRequest(
            type_name="driftwatch_assets.components.MonitoredModel",
            target_path=folder,
            scaffold_format=scaffold_format,  # type: ignore[arg-type]  # also what it does not take
            project_root=root or folder.parent.parent,
            params=None,
            append=False,
        )
    )


def test_the_declaration_is_whole_and_bears_the_name(tmp_path: Path) -> None:
    scaffold(tmp_path / "defs" / "my_model")
    written = yaml.safe_load((tmp_path / "defs" / "my_model" / "defs.yaml").read_text())
    declared = Declaration.model_validate(written["attributes"])
    assert written["type"] == "driftwatch_assets.components.MonitoredModel"
    assert (declared.name, declared.title) == ("my_model", "My model")


def test_the_stub_functions_fit_the_declaration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scaffold(tmp_path / "defs" / "stub_of_a_model")
    monkeypatch.syspath_prepend(str(tmp_path / "defs"))
    stub = importlib.import_module("stub_of_a_model.transforms")
    bronze = pd.DataFrame(
        {"feature_1": ["1.5", "x"], "feature_2": ["2", None], "label": ["first", "second"], "source_line": [2, 3]}
    )
    gold = stub.gold(stub.silver(bronze))
    assert gold.columns.tolist() == ["row", "feature_1", "feature_2", "label"]
    assert gold["feature_1"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("My-Model", "'My-Model' cannot name a model: expected a-z first, then a-z, 0-9 and _; try my_model"),
        ("7", "'7'"),
    ],
)
def test_a_name_that_no_model_can_have_is_refused_and_leaves_nothing(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(ScaffoldRefused) as refused:
        scaffold(tmp_path / "defs" / name)
    assert refused.value.message.startswith(said)
    assert not (tmp_path / "defs" / name).exists()


def test_a_model_in_python_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScaffoldRefused, match="leave --format away"):
        scaffold(tmp_path / "defs" / "my_model", "python")


@pytest.mark.parametrize("way", ["defs/../evil", "defs/inner/../../evil", "evil", "../evil"])
def test_a_way_out_of_the_folder_of_models_is_refused_and_leaves_nothing(tmp_path: Path, way: str) -> None:
    root = tmp_path / "project"
    (root / "defs" / "inner").mkdir(parents=True)
    with pytest.raises(ScaffoldRefused, match=r"evil lies outside of the folder `defs` of .*: give a name alone"):
        scaffold(root / way, root=root)
    assert not list(tmp_path.rglob("evil"))


def test_a_link_out_of_the_folder_of_models_is_refused(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    (root / "defs").mkdir(parents=True)
    elsewhere.mkdir()
    (root / "defs" / "link").symlink_to(elsewhere)
    with pytest.raises(ScaffoldRefused, match="lies outside"):
        scaffold(root / "defs" / "link" / "evil", root=root)
    assert not list(elsewhere.iterdir())
