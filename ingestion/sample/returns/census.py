"""The census return: the workers behind the published sample, and what each authority states for itself."""

import pandas as pd

from ingestion.returns.senders import Sender
from ingestion.returns.specification import Specification
from ingestion.sample.workforce import Workforce

SOME_ARE_ELIGIBLE = 2


class CensusReturns:
    """The census returns of a workforce; remembers where each authority's workers stand in each year's table."""

    def __init__(self, workforce: Workforce) -> None:
        self.workforce = workforce
        self.items = workforce.authority_items.set_index(["census_year", "authority_code"])

    def tables(self, specification: Specification, sender: Sender) -> dict[str, pd.DataFrame]:
        """One sender's records for the specification's year."""
        year, codes = specification.period.end.year, sender.code.split(" / ")
        everyone = self.workforce.workers[year]
        workers = everyone[everyone["authority_code"].isin(codes)]
        stated = self.items.loc[[(year, code) for code in codes]]
        return {"authority": _as_one_row(stated, specification), "worker": workers}


def _as_one_row(items: pd.DataFrame, specification: Specification) -> pd.DataFrame:
    """What one or several authorities state for themselves, as one row.

    Amounts are added up; where authorities offer different allowances, the joint return says that some are eligible.
    """
    row: dict[str, object] = {}
    for item in specification.record("authority").items:
        values = items[item.name]
        if item.kind in ("decimal", "integer"):
            row[item.name] = values.sum()
        elif item.kind == "code":
            row[item.name] = values.iloc[0] if values.nunique() == 1 else SOME_ARE_ELIGIBLE
        else:
            row[item.name] = "; ".join(dict.fromkeys(value for value in values if value))
    return pd.DataFrame([row])
