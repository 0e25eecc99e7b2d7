"""The assets by which one DAG wakes the next. Their names live here alone."""

from airflow.sdk import Asset

# A release of DfE's census statistics passed the release gate and counts.
CENSUS_RELEASES = Asset("census_releases")
# The marts passed the mart gate and are what members and the public read.
REGIONAL_MARTS = Asset("regional_marts")
