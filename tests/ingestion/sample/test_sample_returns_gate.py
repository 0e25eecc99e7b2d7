"""Every return of the sample is accepted by the project's own reader and gate, most without a query."""

import pytest

from ingestion.returns.findings import decision_of
from ingestion.returns.periods import parse_period
from ingestion.returns.specification import load_collection, load_specification
from tests.ingestion.sample.returned_files import Returns


@pytest.mark.parametrize(
    ("collection", "clean"),
    [("csww_census", 0.75), ("agency_quarterly", 0.5), ("leadership_in_colour", 0.95), ("ep_workforce", 0.75)],
)
def test_every_return_is_accepted_and_most_without_a_query(returns: Returns, collection: str, clean: float) -> None:
    from expectations.returns_gate import check_returns
    from ingestion.returns.files import ReturnFile
    from ingestion.returns.read import read_return

    read = []
    for place in returns.folders(collection):
        period = parse_period(place.parent.name, load_collection(collection).frequency)
        files = [ReturnFile(path.name, path.read_bytes()) for path in sorted(place.iterdir())]
        read.append(read_return(files, load_specification(collection, period)))
        assert read[-1].rows_read > 0 and read[-1].problems == [], place
    run = check_returns(read)
    decisions = [decision_of(findings) for findings in run.findings]
    refused = {finding.rule_code for findings in run.findings for finding in findings if finding.severity == "error"}
    assert refused == set()
    assert "rejected" not in decisions
    assert decisions.count("accepted") >= clean * len(decisions)
