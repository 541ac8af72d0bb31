"""A label that is not known yet is written as such and becomes null; a line without a label at all is a problem."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from driftwatch_assets.sources import LibsvmSource

if TYPE_CHECKING:
    from pathlib import Path


def test_an_unknown_label_is_null_and_its_values_are_read(tmp_path: Path) -> None:
    file = tmp_path / "batch1.dat"
    file.write_text("? 1:0.5 2:7\n1;10.0 1:0.25 2:8\n?;3 1:1 2:2\n 1:4 2:4\n")
    table = LibsvmSource(features=2, label_fields=("label", "concentration")).read(file).to_pydict()
    assert table["label"] == [None, "1", None, None]
    assert table["concentration"] == [None, 10.0, 3.0, None]
    assert table["x1"] == [0.5, 0.25, 1.0, None]
    assert table["problem"][:3] == [None, None, None]
    assert "expected a label before the first value, or '?' where it is not known yet" in table["problem"][3]


def test_a_publisher_may_write_it_otherwise(tmp_path: Path) -> None:
    file = tmp_path / "batch1.dat"
    file.write_text("0 1:0.5\n? 1:0.25\n")
    assert LibsvmSource(features=1, unknown_label="0").read(file).column("label").to_pylist() == [None, "?"]


@pytest.mark.parametrize("text", ["", "a b", "1:2", "a;b"])
def test_it_is_one_word(text: str) -> None:
    with pytest.raises(ValidationError, match="unknown_label"):
        LibsvmSource(features=1, unknown_label=text)
