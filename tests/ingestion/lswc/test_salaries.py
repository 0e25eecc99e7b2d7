"""Advertised pay made a yearly range for a full-time post."""

import pytest

from ingestion.lswc.salaries import annual_fte_range
from ingestion.lswc.specification import load_specification


@pytest.mark.parametrize(
    ("low", "high", "words", "expected"),
    [
        ("38000", "45000", None, (38000, 45000, "annual")),
        ("£38,223", "£45,441", None, (38223, 45441, "annual")),
        (None, None, "£38,223 - £45,441 per annum", (38223, 45441, "annual")),
        (None, None, "Up to £52k", (52000, 52000, "annual")),
        (None, None, "£41-45k", (41000, 45000, "annual")),
        (None, None, "SO2 to PO3, spinal points 29 to 38: £38,223 to £45,441 plus benefits", (38223, 45441, "annual")),
        # 24.50 x 36 hours x 52.143 weeks
        ("24.50", None, "per hour", (45990, 45990, "hourly")),
        (None, None, "£200 a day", (52000, 52000, "daily")),
        (None, None, "£3,500 per month", (42000, 42000, "monthly")),
        # Pro rata pay is quoted for a full-time post; actual pay is not.
        (None, None, "£42,000 pro rata, 18 hours", (42000, 42000, "annual")),
        (None, None, "£24,000 actual (0.6 FTE)", (40000, 40000, "annual")),
        (None, None, "£20,000 actual for 18 hours a week", (40000, 40000, "annual")),
        (None, None, "Competitive", (None, None, None)),
        (None, None, "Grade 10", (None, None, None)),
        (None, None, None, (None, None, None)),
        ("0", "0", None, (None, None, None)),
    ],
)
def test_a_salary_text_means_a_yearly_full_time_range(
    low: str | None, high: str | None, words: str | None, expected: tuple[int | None, int | None, str | None]
) -> None:
    salary = annual_fte_range(low, high, words, load_specification("lswc_jobs").described["salary"])
    assert (salary.low, salary.high, salary.basis) == expected
