"""Results as files: the same bytes each time, read whole or refused in words, and those of older versions read too."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from driftwatch_assets.results import SCHEMA_VERSION, DriftResult, QualityResult, ResultUnreadable

if TYPE_CHECKING:
    from collections.abc import Callable

PATH = "gas_sensors/evidence/7/drift.json"
UNJUDGED = DriftResult(batch="7", rows=10, labelled_rows=10, gold_fingerprint="5f0d", identity="1a7c")


def changed(**fields: Any) -> bytes:
    return json.dumps(json.loads(UNJUDGED.to_bytes()) | fields).encode()


def test_a_result_comes_back_as_it_was_and_gives_the_same_bytes() -> None:
    read = DriftResult.from_bytes(UNJUDGED.to_bytes(), PATH)
    assert read == UNJUDGED
    assert read.to_bytes() == UNJUDGED.to_bytes()


def test_a_file_without_a_version_is_of_the_first_one_and_is_written_in_the_newest() -> None:
    content = json.loads(UNJUDGED.to_bytes())
    del content["schema_version"]
    read = DriftResult.from_bytes(json.dumps(content).encode(), PATH)
    assert read.schema_version == 1
    assert json.loads(read.to_bytes())["schema_version"] == SCHEMA_VERSION


def test_what_an_older_version_told_besides_is_left_out() -> None:
    assert DriftResult.from_bytes(changed(forgotten=1), PATH) == UNJUDGED


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (lambda: UNJUDGED.to_bytes()[:-20], "it is no JSON"),
        (lambda: b"[]", "it holds a list"),
        (lambda: changed(schema_version=SCHEMA_VERSION + 1), f"it is of version {SCHEMA_VERSION + 1}"),
        (lambda: changed(schema_version="new"), "it is of version 'new'"),
        (lambda: changed(rows="many"), "rows: input should be a valid integer"),
        (lambda: changed(rows="many", batch=None), "batch: input should be a valid string, and 1 more"),
        (lambda: changed(data_drift={"drift_detected": True}), "data_drift.severity: field required"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_what_was_found(content: Callable[[], bytes], why: str) -> None:
    with pytest.raises(ResultUnreadable) as refused:
        DriftResult.from_bytes(content(), PATH)
    assert str(refused.value).startswith(f"cannot read the result at {PATH}: {why}")


def test_a_number_without_bound_is_no_result() -> None:
    with pytest.raises(ValidationError, match="finite number"):
        QualityResult(layer="gold", table="features", rows=math.inf)  # type: ignore[arg-type]  # as a caller may
