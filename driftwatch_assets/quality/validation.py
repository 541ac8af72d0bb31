"""Run a suite on a table through Great Expectations, and read its results as verdicts."""

from __future__ import annotations

from contextlib import nullcontext
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from driftwatch_assets.quality.columns import TableColumns
from driftwatch_assets.quality.crash import SUITE, Crashes
from driftwatch_assets.quality.engine import ONE_AT_A_TIME, great_expectations, unheard
from driftwatch_assets.quality.errors import SuiteCrashed, hint
from driftwatch_assets.quality.evidence import Evidence
from driftwatch_assets.quality.expectation import BuiltIn, Expectation, Subject, TableWide
from driftwatch_assets.quality.report import QualityReport, QualityVerdict, sentence
from driftwatch_assets.quality.suite import Suite, check_columns

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

    import pandas as pd
    from great_expectations.data_context.types.base import DataContextConfig

CHECK = "driftwatch_check"
GRAVITY = {"error": "critical", "warn": "warning"}


def validate(
    frame: pd.DataFrame,
    suite: Suite,
    *,
    table: str,
    batch: str,
    columns: TableColumns | None = None,
    rejected: int = 0,
    tables: Mapping[str, pd.DataFrame] | None = None,
) -> QualityReport:
    """Validate a table of one batch.

    Parameters
    ----------
    frame
        The table, any number of rows, also none; its column names are unique.
    suite
        What is expected of it.
    table, batch
        Its name and batch, for messages.
    columns
        What is known of its columns: types for `schema`, the group `features`, the identity of a row, personal data.
    rejected
        Rows that were delivered but are not in the frame, for `rejected`.
    tables
        Other tables of the batch by name, for `references`.

    Returns
    -------
    QualityReport
        One verdict an expectation. A column that the table lacks breaks the expectations that need it, and so does
        another table that the batch lacks. A share over no rows at all is 0.

    Raises
    ------
    SuiteError
        When the suite does not fit the declared columns.
    SuiteCrashed
        When an expectation raises instead of giving a verdict. Where the table has personal columns, neither the
        crash nor the log has the text of the exception.

    Notes
    -----
    Great Expectations decides; an expectation on many columns is one metric there (see `table_wide`), so the cost
    does not grow with an expectation a column. Its first run in a process imports it, which takes seconds.

    Examples
    --------
    >>> import pandas as pd
    >>> from driftwatch_assets.quality import TableColumns, parse_suite, validate
    >>> frame = pd.DataFrame({"reading": [1, 2, 3], "s1": [0.5, 9.0, None]})
    >>> suite = parse_suite([{"expect": "between", "columns": ["s1"], "min": 0, "max": 1}])
    >>> report = validate(frame, suite, table="silver/readings", batch="7", columns=TableColumns(identity=("reading",)))
    >>> report.halts, report.verdicts[0].name, report.verdicts[0].observed["first_rows"]
    (True, 'between_s1', [{'row': 2, 'column': 's1', 'value': 9.0}])
    >>> report.verdicts[0].sentence
    'broken: every value of s1 lies in [0, 1]; 1 exception in 3 rows (50.00%); first in row 2: s1 = 9.0'

    """
    columns = TableColumns() if columns is None else columns
    check_columns(suite, columns, where=table)
    subject = Subject(columns, rejected, {} if tables is None else tables)
    crashes = Crashes(table, batch, withhold=bool(columns.personal))
    present = tuple(map(str, frame.columns))
    repeated = sorted({name for name in present if present.count(name) > 1})
    if repeated:
        message = f"{table}, batch {batch}: columns that are there twice cannot be validated: {', '.join(repeated)}"
        raise SuiteCrashed(message, table, batch, SUITE)
    if not suite.expectations:
        return QualityReport(table, batch, len(frame), ())
    # Great Expectations aligns its masks by the index, so the rows are counted from 0.
    rows = frame.reset_index(drop=True)
    results = _run(rows, suite, subject, crashes)
    verdicts = tuple(
        crashes.attempt(name, partial(_verdict, rows, expectation, subject, results[name]))
        for expectation, name in ((one, one.check_name) for one in suite.expectations)
    )
    return QualityReport(table, batch, len(frame), verdicts)


def _absent(expectation: Expectation, subject: Subject, frame: pd.DataFrame) -> list[str]:
    needed = expectation.columns_needed(subject.columns, tuple(frame.columns))
    return [name for name in needed if name not in frame.columns]


def _run(frame: pd.DataFrame, suite: Suite, subject: Subject, crashes: Crashes) -> dict[str, Any]:
    """Give Great Expectations' result by check name."""
    with ONE_AT_A_TIME:
        gx = great_expectations()
        from driftwatch_assets.quality.table_wide import about  # noqa: PLC0415 - imports Great Expectations

        expectations = [
            crashes.attempt(expectation.check_name, partial(_built, gx, expectation, subject, frame))
            for expectation in suite.expectations
        ]
        with unheard() if crashes.withhold else nullcontext(), about(subject):
            outcome = crashes.attempt(SUITE, partial(_outcome, gx, frame, expectations, crashes.table))
    results = {result.expectation_config.meta[CHECK]: result for result in outcome.results}
    for expectation in suite.expectations:
        name = expectation.check_name
        if name not in results:
            raise crashes.crash("no result at all", name)
        crashes.refuse_caught(name, results[name].exception_info)
    return results


def _outcome(gx: ModuleType, frame: pd.DataFrame, expectations: list[Any], table: str) -> Any:
    delivery = _whole_frame().get_batch(batch_parameters={"dataframe": frame})
    return delivery.validate(gx.ExpectationSuite(name=table, expectations=expectations), result_format="BASIC")


@cache
def _whole_frame() -> Any:
    """Give what makes a batch of a frame; making it, and the project that it is of, takes longer than most suites."""
    gx = great_expectations()
    context = gx.get_context(mode="ephemeral", project_config=_in_memory())
    asset = context.data_sources.add_pandas("lake").add_dataframe_asset("table")
    return asset.add_batch_definition_whole_dataframe("batch")


def _in_memory() -> DataContextConfig:
    """Give settings that keep everything in memory, draw no progress bars and plan no pages of its own."""
    from great_expectations.data_context.types.base import (  # noqa: PLC0415 - heavy: loaded by the step that needs it
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    return DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(),
        progress_bars=ProgressBarsConfig(globally=False),
        analytics_enabled=False,
    )


def _built(gx: ModuleType, expectation: Expectation, subject: Subject, frame: pd.DataFrame) -> Any:
    if _absent(expectation, subject, frame):
        needed = expectation.columns_needed(subject.columns, tuple(frame.columns))
        built = gx.expectations.ExpectTableColumnsToMatchSet(column_set=list(needed), exact_match=False)
    elif isinstance(expectation, BuiltIn):
        built = expectation.build(gx.expectations, expectation.columns_needed(subject.columns, tuple(frame.columns)))
    elif isinstance(expectation, TableWide):
        from driftwatch_assets.quality.table_wide import declared  # noqa: PLC0415 - imports Great Expectations

        built = declared(expectation)
    else:
        message = f"{type(expectation).__name__} is neither built in nor table-wide"
        raise TypeError(message)
    built.meta = {CHECK: expectation.check_name}
    built.severity = GRAVITY[expectation.severity]
    return built


def _verdict(frame: pd.DataFrame, expectation: Expectation, subject: Subject, result: Any) -> QualityVerdict:
    absent = _absent(expectation, subject, frame)
    details: dict[str, Any] = {"allowed_share": expectation.allowed_share}
    if absent:
        evidence = Evidence(rows=len(frame), unexpected_count=len(absent), unexpected_share=1.0).as_dict()
        details |= {"absent_columns": absent, "nearest": hint(absent[0], map(str, frame.columns), what="columns")}
    elif isinstance(expectation, BuiltIn):
        evidence = expectation.locate(frame, subject, result.result).as_dict()
    else:
        evidence = dict(result.result)
    observed = evidence | details
    passed = bool(result.success)
    return QualityVerdict(
        name=expectation.check_name,
        passed=passed,
        severity=expectation.severity,
        blocking=expectation.blocking,
        observed=observed,
        sentence=sentence(expectation, observed, passed=passed),
    )
