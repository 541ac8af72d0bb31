"""Data quality: a declared suite is run by Great Expectations and becomes verdicts."""

from driftwatch_assets.quality.columns import TableColumns
from driftwatch_assets.quality.engine import great_expectations
from driftwatch_assets.quality.errors import SuiteCrashed, SuiteError
from driftwatch_assets.quality.report import QualityReport, QualityVerdict
from driftwatch_assets.quality.suite import Suite, check_columns, check_names, parse_suite
from driftwatch_assets.quality.uniqueness import Unique
from driftwatch_assets.quality.validation import validate

__all__ = [
    "QualityReport",
    "QualityVerdict",
    "Suite",
    "SuiteCrashed",
    "SuiteError",
    "TableColumns",
    "Unique",
    "check_columns",
    "check_names",
    "great_expectations",
    "parse_suite",
    "validate",
]
