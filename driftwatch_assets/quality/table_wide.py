"""The one expectation that is added to Great Expectations: a declared one, counted over many columns at once.

Importing this module loads Great Expectations and registers it there, so only `validation` does, when a suite runs.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, ClassVar

from driftwatch_assets.quality.engine import great_expectations
from driftwatch_assets.quality.errors import SuiteError
from driftwatch_assets.quality.expectation import Subject, TableWide
from driftwatch_assets.quality.suite import Suite

great_expectations()

# ruff: noqa: E402 - the first import goes through `engine`, which keeps it quiet
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.execution_engine.pandas_execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider

if TYPE_CHECKING:
    from collections.abc import Iterator

METRIC = "table.driftwatch_evidence"

# A metric's settings are plain values, of which Great Expectations makes its key; other tables are none.
_SUBJECT: ContextVar[Subject] = ContextVar("subject")


def declared(expectation: TableWide) -> ExpectTableToBeAsDeclared:
    """Give a declared expectation as one of Great Expectations."""
    return ExpectTableToBeAsDeclared(declaration=expectation.model_dump(mode="json"), description=expectation.promise)


@contextmanager
def about(subject: Subject) -> Iterator[None]:
    """Say what the expectations may know besides the frame, for as long as they are run in this thread."""
    token = _SUBJECT.set(subject)
    try:
        yield
    finally:
        _SUBJECT.reset(token)


class TableEvidence(TableMetricProvider):
    """The evidence of one declared expectation, as a metric of the whole table."""

    metric_name = METRIC
    value_keys = ("declaration",)

    @metric_value(engine=PandasExecutionEngine)
    def _pandas(  # noqa: PLR0913, RUF100 - the signature is that of Great Expectations
        cls,  # noqa: N805 - called on the class
        execution_engine: PandasExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],  # noqa: ARG002 - the signature is that of Great Expectations
        runtime_configuration: dict[str, Any],  # noqa: ARG002 - the signature is that of Great Expectations
    ) -> dict[str, Any]:
        frame, _, _ = execution_engine.get_compute_domain(metric_domain_kwargs, domain_type=MetricDomainTypes.TABLE)
        (expectation,) = Suite.model_validate([metric_value_kwargs["declaration"]]).expectations
        if not isinstance(expectation, TableWide):
            message = f"{expectation.check_name} is not counted here but by Great Expectations itself"
            raise SuiteError(message)
        evidence = expectation.examine(frame, _SUBJECT.get())
        return {"holds": evidence.unexpected_share <= expectation.allowed_share, "evidence": evidence.as_dict()}


class ExpectTableToBeAsDeclared(BatchExpectation):
    """Expect that the unexpected share, as the declaration counts it, is at most what it allows."""

    declaration: dict[str, Any]

    metric_dependencies: ClassVar[tuple[str, ...]] = (METRIC,)
    success_keys: ClassVar[tuple[str, ...]] = ("declaration",)

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,  # noqa: ARG002 - the signature is that of Great Expectations
        execution_engine: Any = None,  # noqa: ARG002 - the signature is that of Great Expectations
    ) -> dict[str, Any]:
        found = metrics[METRIC]
        return {"success": found["holds"], "result": found["evidence"]}
