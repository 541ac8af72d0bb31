"""The routes of the models: what there is, what a model takes, and its predictions."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from driftwatch_assets.serving.answers import JSON, answer_format, arrow_answer, format_of, json_answer, read_rows
from driftwatch_assets.serving.documents import (
    PREDICT_DOCUMENT,
    ModelDescription,
    ModelList,
    describe,
    refusals,
)
from driftwatch_assets.serving.refusal import INVALID, Refusal
from driftwatch_assets.serving.scoring import Scorer

if TYPE_CHECKING:
    from driftwatch_assets.serving.champion import Champion
    from driftwatch_assets.serving.champions import Champions
    from driftwatch_assets.serving.limits import Limits
    from driftwatch_assets.serving.logs import PredictionLogs
    from driftwatch_assets.serving.metrics import Metrics
    from driftwatch_assets.serving.scoring import Answer

_SHORT_BODY = 65_536
NewCategories = Annotated[
    Literal["refuse", "accept"], Query(description="Whether a text may be one that training did not see.")
]
ModelName = Annotated[str, Path(description="Name of the model.")]


class Predictions:
    """The requests for predictions of all models, within the bounds."""

    def __init__(self, champions: Champions, logs: PredictionLogs, metrics: Metrics, limits: Limits) -> None:
        self._champions, self._metrics, self._limits = champions, metrics, limits
        self._under_way = 0
        self._scorers = {name: Scorer(name, logs.taker(name), round_rows=limits.round_rows) for name in champions.names}

    def stop(self) -> None:
        """End the scorers after what waits."""
        for scorer in self._scorers.values():
            scorer.stop()

    async def answer(self, request: Request, model: str, *, new_categories: bool) -> Response:
        """Answer a request with predictions.

        Raises
        ------
        Refusal
            See `prediction_router`.

        """
        champion = self._champions.of(model)
        kind = format_of(request.headers.get("content-type", ""))
        if self._under_way >= self._limits.requests:
            raise Refusal(
                503, f"{self._under_way} requests are under way, as many as may be; try again", {"Retry-After": "1"}
            )
        self._under_way += 1
        try:
            body = await self._body(request)
            said = await self._said(body, kind, champion, request.scope["request_id"], new_categories=new_categories)
        finally:
            self._under_way -= 1
        self._metrics.predictions.labels(model, str(champion.version)).inc(len(said.predicted))
        self._metrics.count_outside(model, said.rows)
        wanted = answer_format(request.headers.get("accept", ""), kind)
        write = json_answer if wanted == JSON else arrow_answer
        content = write(said) if len(body) <= _SHORT_BODY else await asyncio.to_thread(write, said)
        return Response(content, media_type=wanted)

    async def _said(
        self, body: bytes, kind: str, champion: Champion, request_id: str, *, new_categories: bool
    ) -> Answer:
        def read() -> Any:
            return read_rows(body, kind, champion, most=self._limits.records, new_categories=new_categories)

        name = champion.served.name
        try:
            rows = read() if len(body) <= _SHORT_BODY else await asyncio.to_thread(read)
            return await self._scorers[name].score(champion, rows, request_id)
        except Refusal as refused:
            if refused.status == INVALID:
                self._metrics.rejected.labels(name).inc(refused.records)
            raise

    async def _body(self, request: Request) -> bytes:
        most = self._limits.body_bytes
        too_long = Refusal(413, f"the body is longer than {most} bytes; send the records in several requests")
        encoding = request.headers.get("content-encoding", "identity").lower()
        if encoding != "identity":
            raise Refusal(415, f"the content encoding is {encoding[:40]!r}; send the body as it is")
        told = request.headers.get("content-length", "")
        if told.isdecimal() and int(told) > most:
            raise too_long
        parts, length = [], 0
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                async for part in request.stream():
                    length += len(part)
                    if length > most:
                        raise too_long
                    parts.append(part)
        except TimeoutError:
            message = f"the body did not arrive within {self._limits.body_seconds:g} seconds"
            raise Refusal(408, message, {"Connection": "close"}) from None
        except ClientDisconnect:
            raise Refusal(400, "the sender went away before the body had arrived") from None
        return b"".join(parts)


class PredictionRouter:
    """The routes, and what is ended with them."""

    def __init__(self, routes: APIRouter, predictions: Predictions) -> None:
        self.routes, self.stop = routes, predictions.stop


def prediction_router(champions: Champions, logs: PredictionLogs, metrics: Metrics, limits: Limits) -> PredictionRouter:
    """Build the routes below `/v1/models`."""
    predictions = Predictions(champions, logs, metrics, limits)
    router = APIRouter(prefix="/v1/models", tags=["models"])

    @router.get(
        "", summary="List the models.", response_description="All models, sorted by name.", responses=refusals(401)
    )
    async def models() -> ModelList:
        return ModelList(models=[describe(champions, name) for name in champions.names])

    @router.get(
        "/{model}",
        summary="Tell of a model: its champion, and what it takes.",
        response_description="The model, its champion with its metrics, and each feature with its valid values.",
        responses=refusals(401, 404),
    )
    async def model_of(model: ModelName) -> ModelDescription:
        champions.served(model)
        return describe(champions, model)

    @router.post(
        "/{model}/predict",
        summary="Let the champion say something of each record.",
        responses=refusals(400, 401, 404, 408, 413, 415, 422, 503) | PREDICT_DOCUMENT["responses"],
        openapi_extra={"requestBody": PREDICT_DOCUMENT["requestBody"]},
        response_class=Response,
    )
    async def predict(
        request: Request,
        model: ModelName,
        new_categories: NewCategories = "refuse",
    ) -> Response:
        return await predictions.answer(request, model, new_categories=new_categories == "accept")

    return PredictionRouter(router, predictions)
