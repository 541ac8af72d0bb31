"""What the service tells of itself: the models, and the OpenAPI description of a request and its answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from driftwatch_assets.serving.answers import ARROW, JSON
from driftwatch_assets.serving.records import valid

if TYPE_CHECKING:
    from driftwatch_assets.serving.champion import Champion
    from driftwatch_assets.serving.champions import Champions


class Feature(BaseModel):
    """A feature that a record has."""

    name: str = Field(description="Key in a record.")
    kind: str = Field(description="number, text or truth.")
    may_be_null: bool = Field(description="Whether training saw rows without a value.")
    valid: list[str | None] | str = Field(description="The valid texts, or the valid values in words.")


class ChampionDescription(BaseModel):
    """The version that answers."""

    version: int
    trained_through: str = Field(description="The last batch that it has seen.")
    candidate: str
    task: str
    classes: list[str]
    threshold: float | None
    metric: str = Field(description="The metric that it was chosen by.")
    metrics: dict[str, float] = Field(description="What was measured of it on the judging rows, with intervals.")
    reason: str = Field(description="Why it was promoted.")
    features: list[Feature]


class ModelDescription(BaseModel):
    """A model and its champion."""

    model_config = ConfigDict(protected_namespaces=())

    model: str
    title: str
    description: str
    id: str = Field(description="The key that names a record.")
    version: int | None = Field(description="The version that answers; null while none does.")
    trained_through: str | None
    champion: ChampionDescription | None
    trouble: str = Field(description="Why the last look for a promotion failed; empty where it did not.")


class ModelList(BaseModel):
    """All served models."""

    models: list[ModelDescription]


class Told(BaseModel):
    """What is the matter, and what to do."""

    detail: Any


_SAYS = {
    400: "The body cannot be read.",
    401: "The token is missing or wrong.",
    404: "No model has this name; the answer names the models.",
    408: "The body came too slowly.",
    413: "The body is too long.",
    415: "The content type is neither JSON nor an Arrow stream.",
    421: "The service answers under loopback names only.",
    422: "A record is not what the model takes: each fault with its field, what was found and the valid values.",
    503: "Too many requests are under way, or there is no champion yet; Retry-After tells when to ask again.",
}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe answers that are none of the wanted ones."""
    return {status: {"model": Told, "description": _SAYS[status]} for status in (*statuses, 421)}


_OUTSIDE = {
    "type": "object",
    "required": ["field", "found"],
    "properties": {
        "field": {"type": "string"},
        "found": {"type": ["number", "string"], "description": "The value that was sent; a long text is cut."},
        "low": {"type": "number", "description": "Of a number: the smallest that training saw."},
        "high": {"type": "number", "description": "Of a number: the largest that training saw."},
    },
}
_PREDICTION = {
    "type": "object",
    "required": ["id", "predicted"],
    "properties": {
        "id": {"type": ["string", "integer"]},
        "predicted": {"type": "string"},
        "confidence": {"type": "number", "description": "Probability of the predicted class."},
        "score": {"type": "number", "description": "Of a detector: higher is more anomalous."},
        "scores": {"type": "object", "additionalProperties": {"type": "number"}},
        "outside": {
            "type": "array",
            "minItems": 1,
            "items": _OUTSIDE,
            "description": "The values that lie outside of what training saw: a number below its smallest or above its "
            "largest, a text that it never met. What is said of such a record is a guess, however sure it sounds. "
            "Absent where all values lie within.",
        },
    },
}
_ANSWER = {
    "type": "object",
    "required": ["model", "version", "trained_through", "predictions"],
    "properties": {
        "model": {"type": "string"},
        "version": {"type": "integer"},
        "trained_through": {"type": "string"},
        "predictions": {"type": "array", "items": _PREDICTION},
    },
}
_REQUEST = {
    "type": "object",
    "required": ["records"],
    "additionalProperties": False,
    "properties": {
        "records": {
            "type": "array",
            "minItems": 1,
            "description": "Each record has the model's id and one value a feature; see GET /v1/models/{model}.",
            "items": {"type": "object"},
        }
    },
}
_STREAM = {"type": "string", "format": "binary"}
_ANSWERED_STREAM = {
    **_STREAM,
    "description": "Columns id, predicted, confidence or score, score_<class>, and outside: a list of the fields whose "
    "values lie outside of what training saw.",
}
PREDICT_DOCUMENT: dict[str, Any] = {
    "requestBody": {"required": True, "content": {JSON: {"schema": _REQUEST}, ARROW: {"schema": _STREAM}}},
    "responses": {
        200: {
            "description": "What the champion says of each record, in their order.",
            "content": {JSON: {"schema": _ANSWER}, ARROW: {"schema": _ANSWERED_STREAM}},
        }
    },
}


def describe(champions: Champions, name: str) -> ModelDescription:
    """Describe a model as it is served now."""
    served, champion = champions.served(name), champions.current(name)
    return ModelDescription(
        model=name,
        title=served.title,
        description=served.description,
        id=served.id,
        version=None if champion is None else champion.version,
        trained_through=None if champion is None else champion.loaded.trained_through,
        champion=None if champion is None else _described(champion),
        trouble=champions.trouble(name),
    )


def _described(champion: Champion) -> ChampionDescription:
    version = champion.loaded.version
    return ChampionDescription(
        version=version.version,
        trained_through=version.trained_through,
        candidate=version.candidate,
        task=champion.loaded.task_kind,
        classes=list(champion.loaded.classes),
        threshold=champion.loaded.threshold,
        metric=version.metric,
        metrics={name: value for name, value in version.scores.items() if value == value},  # noqa: PLR0124 - NaN
        reason=version.reason,
        features=[
            Feature(name=one.name, kind=one.kind, may_be_null=one.missing, valid=_listed(valid(one)))
            for one in champion.signature.fields
        ],
    )


def _listed(values: Any) -> list[str | None] | str:
    return values if isinstance(values, str) else list(values)
