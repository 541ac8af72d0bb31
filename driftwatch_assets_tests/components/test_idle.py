"""The sensors of a model without data cost next to nothing: most ticks are theirs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from driftwatch_assets.components import records
from driftwatch_assets.components.models import monitored_models
from driftwatch_assets.components.sensors import retraining_course
from driftwatch_assets.lake import Lake
from driftwatch_assets.retraining import Training

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_of_a_model_without_data_nothing_but_its_trainings_is_asked_when_to_train(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = cast("Any", object())
    known: list[Training] = []
    monkeypatch.setattr(records, "trainings", lambda *_: known)
    for name, component in monitored_models().items():
        tables = SimpleNamespace(gold=f"{name}/gold/features")
        watched = SimpleNamespace(
            lake=Lake(str(tmp_path)), tables=tables, declaration=component.declaration, registry=nobody, name=name
        )
        known[:] = []
        decision = retraining_course(nobody, cast("Any", watched), component.keys).decision()
        assert decision.kind == "none"
        assert decision.reason.endswith("labelled batches; there are 0")
        known[:] = [Training("3", "", "in_flight")]
        decision = retraining_course(nobody, cast("Any", watched), component.keys).decision()
        assert (decision.kind, decision.reason) == ("wait", "a training through batch 3 is under way")
