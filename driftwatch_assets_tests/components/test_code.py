"""The Python files beside a declaration: what is said when one of their functions fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest
import yaml

from driftwatch_assets.components.code import TransformFailed, load_transforms
from driftwatch_assets.declaration import Declaration
from driftwatch_assets_tests.readme import blocks, section

if TYPE_CHECKING:
    from pathlib import Path


def test_an_error_of_a_function_names_its_file_and_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = section("Watch your own model")
    declaration = Declaration.model_validate(yaml.safe_load(blocks("yaml", text)[0])["attributes"])
    code = blocks("python", text)[0]
    folder = tmp_path / "a_model_that_fails"
    folder.mkdir()
    (folder / "transforms.py").write_text(code)
    monkeypatch.syspath_prepend(str(tmp_path))
    transforms = load_transforms(folder, folder.name, declaration)
    line = next(place for place, one in enumerate(code.splitlines(), start=1) if 'bronze["digit"]' in one)
    with pytest.raises(TransformFailed) as failed:
        transforms.silver["scans"](pd.DataFrame({"p00": ["1"], "source_line": [2]}))
    assert str(failed.value) == f"{folder / 'transforms.py'}, line {line}: silver() failed: KeyError: 'digit'"
    assert isinstance(failed.value.__cause__, KeyError)
