"""How gas sensor readings become typed rows and features.

A reading is the response of 16 sensors to a gas, eight features a sensor: the steady-state change of resistance, raw
and normalised, and the extremes of an exponential moving average of it while the resistance rises and while it decays,
each at three smoothing factors (UCI Machine Learning Repository, data set 224, "Gas Sensor Array Drift").
"""

from __future__ import annotations

import numpy as np
import pandas as pd

GASES = {"1": "ethanol", "2": "ethylene", "3": "ammonia", "4": "acetaldehyde", "5": "acetone", "6": "toluene"}
"""The classes, by the label of the files."""

SENSORS = 16
SENSOR_FEATURES = (
    "dr",
    "dr_norm",
    "ema_rise_0001",
    "ema_rise_001",
    "ema_rise_01",
    "ema_decay_0001",
    "ema_decay_001",
    "ema_decay_01",
)
"""A sensor's features in the order of the files; 0001 stands for a smoothing factor of 0.001."""

FEATURES = tuple(f"s{sensor:02d}_{feature}" for sensor in range(1, SENSORS + 1) for feature in SENSOR_FEATURES)
"""All 128 features in the order of the files, ``s01_dr`` to ``s16_ema_decay_01``."""

SILVER_TYPES = {"reading": "integer", "gas": "string", **dict.fromkeys(FEATURES, "float")}
"""Type by silver column, as the suite's `schema` expects it."""

_RAW = tuple(f"x{at}" for at in range(1, len(FEATURES) + 1))


def silver(bronze: pd.DataFrame) -> pd.DataFrame:
    """Name the gas and the features, and say which readings shall not go on.

    Parameters
    ----------
    bronze
        Readable rows with ``source_line``, ``label`` (as written, or null when it is not known yet) and ``x1`` …
        ``x128``.

    Returns
    -------
    pandas.DataFrame
        Under the index of `bronze`: ``reading`` (the source line, int64), ``gas`` (null when the label is), the 128
        `FEATURES` (float64) and ``reject_reason``: set for a label that is no gas, and for a reading
        that repeats an earlier one in label and all values (such rows are deliveries of the same measurement).

    Examples
    --------
    >>> row = {"source_line": 4, "label": "9", **{f"x{at}": 0.5 for at in range(1, 129)}}
    >>> silver(pd.DataFrame([row]))["reject_reason"].tolist()
    ["label '9' is no known gas, expected one of 1, 2, 3, 4, 5, 6"]
    """
    values = bronze.loc[:, list(_RAW)].to_numpy(dtype=np.float64)
    typed = pd.DataFrame(values, index=bronze.index, columns=list(FEATURES))
    labels = bronze["label"]
    typed.insert(0, "reading", bronze["source_line"].astype(np.int64))
    typed.insert(1, "gas", pd.Series([GASES.get(label) for label in labels], index=bronze.index, dtype=object))
    unknown = labels.notna() & ~labels.isin(list(GASES))
    reasons = pd.Series([None] * len(bronze), index=bronze.index, dtype=object)
    reasons[unknown] = [
        f"label {label!r} is no known gas, expected one of {', '.join(GASES)}" for label in labels[unknown]
    ]
    first = _first_of_equals(labels.to_numpy(dtype=object, na_value=""), values)
    repeats = ~unknown.to_numpy() & (first != np.arange(len(bronze)))
    lines = bronze["source_line"].to_numpy()
    reasons[repeats] = [f"duplicate of line {line}" for line in lines[first[repeats]]]
    typed["reject_reason"] = reasons
    return typed


def gold(silver: pd.DataFrame) -> pd.DataFrame:
    """Give what a model sees: the reading's id, its 128 features, and its gas as the label (null when not known).

    Examples
    --------
    >>> readings = pd.DataFrame({"reading": [1], "gas": ["ethanol"], **{name: [0.5] for name in FEATURES}})
    >>> gold(readings).columns[[0, 1, -1]].tolist()
    ['reading', 's01_dr', 'gas']
    """
    return silver.loc[:, ["reading", *FEATURES, "gas"]]


def _first_of_equals(labels: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Give for each row the position of the first row that equals it in label and values."""
    codes = pd.factorize(labels)[0]
    # Adding zero makes -0.0 and 0.0 the same bytes.
    rows = np.ascontiguousarray(np.column_stack([codes.astype(np.float64), values + 0.0]))
    whole = rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).ravel()
    _, first, inverse = np.unique(whole, return_index=True, return_inverse=True)
    result: np.ndarray = first[inverse]
    return result
