"""The sensors of a model without data cost next to nothing: most ticks are theirs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from driftwatch_assets.components.models import monitored_models
from driftwatch_assets.components.sensors import retraining_course
from driftwatch_assets.lake import Lake

if TYPE_CHECKING:
    from pathlib import Path


def test_of_a_model_without_data_neither_instance_nor_registry_is_asked_when_to_train(tmp_path: Path) -> None:
    nobody = cast("Any", object())
    for name, component in monitored_models().items():
        tables = SimpleNamespace(gold=f"{name}/gold/features")
        watched = SimpleNamespace(
            lake=Lake(str(tmp_path)), tables=tables, declaration=component.declaration, registry=nobody, name=name
        )
        decision = retraining_course(nobody, cast("Any", watched), component.keys).decision()
        assert decision.kind == "none"
        assert decision.reason.endswith("labelled batches; there are 0")
