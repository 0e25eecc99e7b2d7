"""The assets by which one DAG wakes the next. Their names live here alone."""

from airflow.sdk import Asset, AssetWatcher

from ingestion.returns.specification import collections
from ingestion.returns.watcher import LandingTrigger

# A release of DfE's census statistics passed the release gate and counts.
CENSUS_RELEASES = Asset("census_releases")
# By collection: files of the authorities wait in the landing area. The watcher looks there in the triggerer.
LANDINGS = {
    key: Asset(f"landing_{key}", watchers=[AssetWatcher(name=f"landing_{key}", trigger=LandingTrigger(key))])
    for key in collections()
}
# By collection: a return was accepted and counts.
RETURNS = {key: Asset(key) for key in collections()}
# A delivery of London Social Work for Children's analytics was accepted and counts.
LSWC_ANALYTICS = Asset("lswc_analytics")
# The marts passed the mart gate and are what members and the public read.
REGIONAL_MARTS = Asset("regional_marts")
