"""Bodies: a request's records out of JSON or Arrow, and an answer into either."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pydantic_core import from_json, to_json

from driftwatch_assets.serving.records import Rows, rows_of, rows_of_columns
from driftwatch_assets.serving.refusal import Fault, Refusal, refused_records, shown
from driftwatch_assets.serving.repeated_keys import repeated_keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch_assets.serving.champion import Champion
    from driftwatch_assets.serving.scoring import Answer

JSON = "application/json"
ARROW = "application/vnd.apache.arrow.stream"


def format_of(content_type: str) -> str:
    """Give the format of a request by its content type.

    Raises
    ------
    Refusal
        415 where it is neither JSON nor an Arrow stream.

    """
    named = content_type.partition(";")[0].strip().lower()
    if named not in {JSON, ARROW}:
        raise Refusal(415, f"the content type is {shown(named)!r}; send {JSON}, or a table as {ARROW}")
    return named


def answer_format(accept: str, asked_in: str) -> str:
    """Give the format of an answer: what the request accepts, else the one that it was asked in.

    Examples
    --------
    >>> answer_format("*/*", ARROW) == ARROW, answer_format("application/json", ARROW) == JSON
    (True, True)

    """
    accepted = accept.lower()
    if asked_in in accepted or not (JSON in accepted or ARROW in accepted):
        return asked_in
    return ARROW if ARROW in accepted else JSON


def read_rows(body: bytes, kind: str, champion: Champion, *, most: int, new_categories: bool) -> Rows:
    """Read a request's body.

    Raises
    ------
    Refusal
        400 where it cannot be read, 422 where it is not what the champion takes.

    """
    if kind == JSON:
        return rows_of(_records(body), champion, most=most, new_categories=new_categories)
    table = _table(body)
    taken = {champion.served.id, *champion.loaded.features}
    columns = {name: _values(name, table[name]) if name in taken else [] for name in table.column_names}
    return rows_of_columns(columns, table.num_rows, champion, most=most, new_categories=new_categories)


def _records(body: bytes) -> Sequence[Any]:
    try:
        told = from_json(body, allow_inf_nan=False)
    except ValueError as broken:
        raise Refusal(400, f"the body is no JSON: {broken}") from None
    repeated = repeated_keys(body, told)
    if repeated:
        raise refused_records(repeated)
    if not isinstance(told, dict):
        raise refused_records([Fault((), 'the body is an object: {"records": [...]}', shown(told))])
    unknown = [Fault((shown(name),), "there is no such key", None, ("records",)) for name in told if name != "records"]
    records = told.get("records")
    if not isinstance(records, list):
        message = "records is a list of objects, each with the id and the features"
        unknown.append(Fault(("records",), message, shown(records)))
    if unknown or not isinstance(records, list):
        raise refused_records(unknown)
    return records


def _table(body: bytes) -> pa.Table:
    try:
        with pa.ipc.open_stream(pa.BufferReader(body)) as reader:
            table = reader.read_all()
        table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError) as broken:
        raise Refusal(400, f"the body is no Arrow stream: {str(broken)[:200]}") from None
    repeated = sorted({name for name in table.column_names if table.column_names.count(name) > 1})
    if repeated:
        raise refused_records([Fault((shown(name),), f"there are two columns {shown(name)!r}") for name in repeated])
    return table


def _values(name: str, column: pa.ChunkedArray) -> list[Any]:
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    plain = (
        pa.types.is_boolean(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_null(kind)
    )
    if not plain:
        said = "numbers, text or truth values"
        raise refused_records([Fault((name,), f"column {name!r} has the type {kind}", shown(str(kind)), said)])
    values: list[Any] = column.to_pylist()
    return values


def json_answer(answer: Answer) -> bytes:
    """Write an answer as JSON; a record with values outside of what training saw names them as `outside`."""
    version, name = answer.champion.loaded.version, answer.strength_name
    predictions: list[dict[str, Any]] = [
        {"id": row, "predicted": predicted, name: strength}
        for row, predicted, strength in zip(answer.rows.ids, answer.predicted, answer.strength, strict=True)
    ]
    if answer.scores:
        classes = tuple(answer.scores)
        for told, scores in zip(predictions, zip(*answer.scores.values(), strict=True), strict=True):
            told["scores"] = dict(zip(classes, scores, strict=True))
    for at, values in answer.rows.outside.items():
        predictions[at]["outside"] = [value.as_dict() for value in values]
    return to_json(
        {
            "model": version.model,
            "version": version.version,
            "trained_through": version.trained_through,
            "predictions": predictions,
        }
    )


def arrow_answer(answer: Answer) -> bytes:
    """Write an answer as an Arrow stream.

    Its columns are `id`, `predicted`, `confidence` or `score`, a `score_<class>` a class, and `outside`: the names of
    the fields whose values lie outside of what training saw.
    """
    version, ids = answer.champion.loaded.version, answer.rows.ids
    texts = any(isinstance(one, str) for one in ids)
    columns: dict[str, Any] = {
        "id": pa.array([str(one) for one in ids]) if texts else pa.array(ids, pa.int64()),
        "predicted": pa.array(answer.predicted, pa.string()),
        answer.strength_name: pa.array(answer.strength, pa.float64()),
        **{f"score_{name}": pa.array(values, pa.float64()) for name, values in answer.scores.items()},
        "outside": pa.array(
            [[value.field for value in answer.rows.outside.get(at, ())] for at in range(len(ids))],
            pa.list_(pa.string()),
        ),
    }
    told = {"model": version.model, "version": str(version.version), "trained_through": version.trained_through}
    table = pa.table(columns).replace_schema_metadata(told)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    content: bytes = sink.getvalue().to_pybytes()
    return content
