"""An expectation Great Expectations does not have: values are whole numbers.

Import it only where Great Expectations is wanted anyway (see `checking`).
"""

from typing import Any

import pandas as pd
from great_expectations.execution_engine.pandas_execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics.map_metric_provider.column_condition_partial import (
    column_condition_partial,
)
from great_expectations.expectations.metrics.map_metric_provider.column_map_metric_provider import (
    ColumnMapMetricProvider,
)


class ColumnValuesWhole(ColumnMapMetricProvider):
    """Whether each value has no fraction; nulls are passed over."""

    condition_metric_name = "column_values.whole"

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: "pd.Series[float]", **_: Any) -> "pd.Series[bool]":
        return column % 1 == 0


class ExpectColumnValuesToBeWholeNumbers(ColumnMapExpectation):
    """Expect every value of a numeric column to be a whole number, as people and cases are counted."""

    map_metric = "column_values.whole"
