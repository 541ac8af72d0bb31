from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from driftwatch_assets.reporting import Heatmap, ReportContentError, Verdict
from driftwatch_assets_tests.reporting.examples import full_report


def test_a_drifted_feature_that_was_not_compared_is_refused() -> None:
    report = full_report()
    with pytest.raises(ReportContentError, match="gas_sensors, batch 8: the verdict names 'fe_99' as drifted"):
        replace(report, verdict=Verdict(True, "low", ("fe_99",)))


def test_an_unknown_severity_is_refused_with_the_valid_ones() -> None:
    with pytest.raises(ReportContentError, match="'severe'; valid values are none, low, medium, high"):
        Verdict(True, "severe")


def test_a_confusion_matrix_of_another_shape_is_refused() -> None:
    with pytest.raises(ReportContentError, match=r"shape \(2, 2\), but 3 class names"):
        replace(full_report().performance, confusion=np.eye(2, dtype=int))


def test_marks_of_another_shape_are_refused() -> None:
    with pytest.raises(ReportContentError, match=r"cells are 1 by 2 .* drifted marks 1 by 1"):
        Heatmap("psi", pd.DataFrame([[1.0, 2.0]]), pd.DataFrame([[True]]))
