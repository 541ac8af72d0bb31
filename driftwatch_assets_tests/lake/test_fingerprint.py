"""What the identity of content depends on, and what it does not."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch_assets.lake import content_fingerprint

TYPED = st.sampled_from(
    [
        (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
        (pa.int8(), st.integers(-128, 127)),
        (pa.float64(), st.floats()),
        (pa.float32(), st.floats(width=32)),
        (pa.string(), st.text(max_size=5)),
        (pa.binary(), st.binary(max_size=5)),
        (pa.bool_(), st.booleans()),
        (pa.timestamp("us"), st.datetimes(pd.Timestamp("1970-01-02"), pd.Timestamp("2200-01-01"))),
        (pa.date32(), st.dates()),
        (pa.list_(pa.int64()), st.lists(st.integers(0, 9), max_size=3)),
        (pa.decimal128(10, 2), st.integers(0, 10**6).map(lambda cents: Decimal(cents) / 100)),
    ]
)


@st.composite
def arrays(draw: st.DrawFn) -> pa.Array:
    kind, values = draw(TYPED)
    return pa.array(draw(st.lists(st.none() | values, max_size=20)), kind)


@given(arrays(), st.data())
def test_chunks_offsets_and_encodings_do_not_matter(values: pa.Array, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(values)))
    whole = pa.table({"x": values})
    shifted = pa.concat_arrays([values[:1], values])[min(1, len(values)) :]
    chunked = pa.chunked_array([values[:cut], values[cut:], values[:0]], values.type)

    expected = content_fingerprint(whole)
    assert content_fingerprint(pa.table({"x": shifted})) == expected
    assert content_fingerprint(pa.table({"x": chunked})) == expected
    assert content_fingerprint(whole.replace_schema_metadata({"written": "today"})) == expected
    if pa.types.is_string(values.type):
        assert content_fingerprint(pa.table({"x": values.dictionary_encode()})) == expected
        assert content_fingerprint(pa.table({"x": values.cast(pa.large_string())})) == expected


@given(arrays(), st.data())
def test_one_changed_value_changes_it(values: pa.Array, data: st.DataObject) -> None:
    if len(values) == 0:
        return
    at = data.draw(st.integers(0, len(values) - 1))
    present = values[at].is_valid
    other = pa.scalar(None, values.type) if present else next((v for v in values if v.is_valid), None)
    if other is None:
        return
    changed = pa.concat_arrays([values[:at], pa.array([other.as_py()], values.type), values[at + 1 :]])

    assert content_fingerprint(pa.table({"x": changed})) != content_fingerprint(pa.table({"x": values}))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"x": [1.0]}, {"y": [1.0]}),
        ({"x": [1.0], "y": [2.0]}, {"y": [2.0], "x": [1.0]}),
        ({"x": [1.0, 2.0]}, {"x": [2.0, 1.0]}),
        ({"x": ["ab", "c"]}, {"x": ["a", "bc"]}),
        ({"x": [""]}, {"x": pa.array([None], pa.string())}),
        ({"x": [0.0]}, {"x": pa.array([None], pa.float64())}),
        ({"x": [0.0]}, {"x": [float("nan")]}),
        ({"x": [float("nan")]}, {"x": pa.array([None], pa.float64())}),
        ({"x": [1]}, {"x": [1.0]}),
        ({"x": [1]}, {"x": pa.array([1], pa.int32())}),
        ({"x": pa.array([], pa.int64())}, {"x": pa.array([], pa.float64())}),
        ({"x": [False]}, {"x": pa.array([None], pa.bool_())}),
    ],
)
def test_content_that_differs_has_another_one(one: dict[str, object], other: dict[str, object]) -> None:
    assert content_fingerprint(pa.table(one)) != content_fingerprint(pa.table(other))


def test_a_pandas_index_and_the_bits_of_nan_do_not_matter() -> None:
    odd_nan = np.array([0x7FF8000000000001], np.uint64).view(np.float64)
    frame = pd.DataFrame({"x": [1.0, 2.0]}, index=["b", "a"])

    assert content_fingerprint(pa.table({"x": odd_nan})) == content_fingerprint(pa.table({"x": [float("nan")]}))
    assert content_fingerprint(pa.Table.from_pandas(frame, preserve_index=False)) == content_fingerprint(
        pa.Table.from_pandas(frame.reset_index(drop=True), preserve_index=False)
    )


def test_it_stays_the_same_over_releases() -> None:
    table = pa.table({"x": [1.0, None], "gas": ["ethanol", None], "n": [1, 2], "ok": [True, None]})

    assert content_fingerprint(table) == "524ef6a1079d72fb56597394121f8ecf3a3f0ba0f0062bf632115bc7d73cdc04"
