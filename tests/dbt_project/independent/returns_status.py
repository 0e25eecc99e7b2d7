"""Which returns have come, by unit and period."""

import pandas as pd

from tests.dbt_project.independent.raw import LONDON, Raw, coverage, seed, units

COLLECTIONS = ["csww_census", "agency_quarterly", "leadership_in_colour", "ep_workforce"]


def status(raw: Raw) -> pd.DataFrame:
    """Index collection, period, unit of everything received: version, versions, findings, days after the deadline."""
    sent = raw.sent
    windows = seed("return_windows").assign(closes=lambda rows: pd.to_datetime(rows.closes))
    deadlines = windows.set_index(["collection", "period_label"]).closes
    keys = ["collection", "period_label", "unit_code"]
    received = raw.all_submissions.groupby(keys).agg(versions=("submission_id", "count"))
    grouped = sent.groupby(keys)
    current = grouped.agg(version=("version", "max"), queries=("queries", "sum"), received_at=("received_at", "max"))
    current["authorities"] = grouped.authority_code.agg(lambda codes: sum(len(code.split(" / ")) for code in codes))
    current["received_on"] = pd.to_datetime(current.received_at, utc=True).dt.date
    pairs = pd.MultiIndex.from_arrays([current.index.get_level_values(0), current.index.get_level_values(1)])
    current["deadline"] = deadlines.reindex(pairs).dt.date.to_numpy()
    current["days_after"] = [
        (got - due).days if due == due else None for got, due in zip(current.received_on, current.deadline, strict=True)
    ]
    # A row for every unit and period of a collection: who sent nothing has sent 0 versions.
    periods = current.reset_index()[["collection", "period_label"]].drop_duplicates()
    every = pd.MultiIndex.from_frame(periods.merge(units()[["unit_code"]], how="cross"))
    whole = current.join(received).reindex(every)
    return whole.fillna({"versions": 0, "authorities": 0})


def coverage_of_london(raw: Raw) -> pd.DataFrame:
    """Index collection, period: units of London whose return counts now, of how many, and whether that is enough."""
    tables = {name: coverage(raw, name).loc[LONDON] for name in COLLECTIONS}
    table = pd.concat(tables, names=["collection"])
    return table.assign(pct=100 * table.counted / table.expected)
