"""Leadership in Colour: the census's workers by leadership tier and ethnic group, and counts behind the measures."""

import numpy as np
import pandas as pd

from ingestion.returns.senders import Sender
from ingestion.returns.specification import Specification
from ingestion.sample.returns.assumptions import chance_for, facts
from ingestion.sample.workforce import Workforce

# The tiers stand in the order of the census's role codes 1 to 6.
ROLES = range(1, 7)
NOT_STATED = "NOT_STATED"
WITHOUT_ETHNICITY = ("REFU", "NOBT")
WHITE = "W"


class LeadershipReturns:
    """The Leadership in Colour returns of a workforce."""

    def __init__(self, workforce: Workforce) -> None:
        self.workforce = workforce

    def tables(self, specification: Specification, sender: Sender) -> dict[str, pd.DataFrame]:
        """One sender's record for the specification's year."""
        period, record = specification.period, specification.record("representation")
        tiers = dict(zip(ROLES, record.item("tier").codes, strict=True))
        groups = list(record.item("ethnic_group").codes)
        everyone = self.workforce.workers[period.end.year]
        staff = everyone[(everyone["authority_code"] == sender.code) & (everyone["agency_worker"] == 0)]
        ethnicity = staff["ethnicity"].astype(str)
        staff = staff.assign(
            tier=staff["org_role"].map(tiers),
            ethnic_group=ethnicity.where(~ethnicity.isin(WITHOUT_ETHNICITY), NOT_STATED),
        )
        cells = pd.MultiIndex.from_product([tiers.values(), groups], names=["tier", "ethnic_group"])

        def counted(which: "pd.Series[bool]") -> "pd.Series[int]":
            return staff[which].groupby(["tier", "ethnic_group"]).size().reindex(cells, fill_value=0)

        in_post = staff["role_end_date"].isna()
        began = staff["role_start_date"] >= pd.Timestamp(period.start)
        table = pd.DataFrame({"headcount": counted(in_post)})
        counts = ["shortlisted", "appointed", "entered_disciplinary", "leavers", "funded_development"]
        if sender.code in facts()["leadership"]["keeps_process_counts"]:
            random = chance_for(self.workforce.seed, "leadership", sender.code, period.label)
            # Those who came and went within the year are neither, as in the census's figures.
            table["appointed"], table["leavers"] = counted(in_post & began), counted(~in_post & ~began)
            table = _with_processes(random, table)
        else:
            table[counts] = None
        table = table.reset_index()
        return {"representation": table.assign(la_code=sender.dfe_codes[0], period_end=pd.Timestamp(period.end))}


def _with_processes(random: np.random.Generator, table: pd.DataFrame) -> pd.DataFrame:
    """Candidates, disciplinary processes and funded development, with a modest gap between ethnic groups."""
    group = table.index.get_level_values("ethnic_group")
    kind = np.where(
        group == NOT_STATED, "not_stated", np.where(group.str.startswith(WHITE), "white", "global_majority")
    )
    assumed = {
        name: np.array([facts()["leadership"][each][name] for each in kind])
        for name in ("shortlisted_per_appointment", "other_shortlisted", "disciplinary", "development")
    }
    headcount, appointed = table["headcount"].to_numpy(), table["appointed"].to_numpy()
    not_appointed = random.poisson(appointed * (assumed["shortlisted_per_appointment"] - 1))
    return table.assign(
        shortlisted=appointed + not_appointed + random.poisson(headcount * assumed["other_shortlisted"] / 100),
        entered_disciplinary=random.binomial(headcount, assumed["disciplinary"] / 100),
        funded_development=random.binomial(headcount, assumed["development"] / 100),
    )
