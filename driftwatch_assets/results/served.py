"""What was found of an hour of served traffic."""

from __future__ import annotations

from driftwatch_assets.results.drift import ColumnsDrift
from driftwatch_assets.results.performance import AnyMeasured, JudgedPerformance
from driftwatch_assets.results.record import Record, Stored


class ServedChampion(Record):
    """What was found of the rows that one champion answered in an hour."""

    version: str
    trained_through: str
    fingerprint: str
    rows: int
    labelled_rows: int = 0
    data_drift: ColumnsDrift
    prediction_drift: ColumnsDrift | None = None
    performance: JudgedPerformance | None = None
    metrics: AnyMeasured | None = None


class ServedResult(Stored):
    """What was found of an hour of served traffic.

    Attributes
    ----------
    hour
        In UTC.
    identity
        Of the rows and the labels that were told.
    rows_of_unknown_versions
        Rows that a version answered that is in the registry no more.
    """

    hour: str
    rows: int
    identity: str
    rows_of_unknown_versions: int = 0
    champions: tuple[ServedChampion, ...] = ()
