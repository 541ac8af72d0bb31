"""The monitored models of this project, by name."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache

import dagster as dg

from driftwatch_assets.components.monitored_model import MonitoredModel
from driftwatch_assets.settings import PROJECT


class ModelUnknown(LookupError):  # noqa: N818 - named for what is the matter
    """No monitored model has this name."""


@cache
def monitored_models() -> dict[str, MonitoredModel]:
    """Load every declared model, by name."""
    tree = dg.ComponentTree.for_project(PROJECT)
    return {model.declaration.name: model for model in tree.get_all_components(of_type=MonitoredModel)}


def monitored_model(name: str) -> MonitoredModel:
    """Give a declared model.

    Raises
    ------
    ModelUnknown
        When no model has this name; the message gives the valid ones.

    """
    models = monitored_models()
    if name in models:
        return models[name]
    near = get_close_matches(name, models, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    message = f"no monitored model is called {name!r}; {hint}models are: {', '.join(sorted(models)) or 'none'}"
    raise ModelUnknown(message)
