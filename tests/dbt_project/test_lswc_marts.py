"""The marts of London Social Work for Children: what the sample's files say, whatever way they came."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pandas as pd
import psycopg
import pytest
import yaml
from psycopg.types.numeric import FloatLoader

from expectations.checking import check
from expectations.disclosure_audit import audit
from expectations.mart_frames import read_topic
from expectations.mart_gate import check_marts
from expectations.outcome import Finding, findings_of, recorded_findings
from expectations.rules import load_rules, questions
from ingestion.build import DBT_PROJECT, run_dbt
from ingestion.lswc.ga4 import DataApi, ServiceAccount
from ingestion.lswc.intake import load_path, pull_web
from ingestion.lswc.specification import COLLECTIONS, load_specification
from ingestion.publication import publish
from ingestion.sample.lswc import write_lswc
from ingestion.settings import Settings
from ingestion.sources.web import Patience
from tests.dbt_project.frames import read_frame
from tests.dbt_project.lswc_files import SampleFiles
from tests.ingestion.lswc.ga4_server import PROPERTY, FakeGoogle

LOADED_ON = date(2026, 11, 5)
DECEMBER = pd.Timestamp("2023-12-01")
STOCKS = ("jobs_live", "followers")
MARTS = ("monthly", "funnel", "jobs", "channels", "followers", "data_quality")
# When it arrived differs from load to load, and says nothing about the figures.
ARRIVAL = ["taken_on", "received_at"]


def build(settings: Settings, *marts: str) -> None:
    """Build these marts and what they stand on, with the data tests that need nothing else."""
    selected = [f"+mart_lswc__{mart}" for mart in marts or MARTS]
    run_dbt(
        settings, "build", "--quiet", "--exclude-resource-type", "unit_test",
        "--indirect-selection", "cautious", "--select", *selected,
    )  # fmt: skip


def mart(settings: Settings, name: str, by: str) -> pd.DataFrame:
    """A mart in a settled order, without what differs from load to load; months as timestamps."""
    frame = read_frame(settings, f"select * from marts_candidate.mart_lswc__{name} order by {by}")
    frame = frame.drop(columns=[column for column in ARRIVAL if column in frame])
    return frame.assign(month=pd.to_datetime(frame["month"]).astype("datetime64[us]"))


def marts(settings: Settings, *names: str) -> dict[str, pd.DataFrame]:
    keys = {
        "monthly": "kpi, month", "funnel": "month", "jobs": "unit_code, role_group, month",
        "channels": "channel, month", "followers": "platform, month", "data_quality": "source, month",
    }  # fmt: skip
    return {name: mart(settings, name, keys[name]) for name in names or MARTS}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> SampleFiles:
    folder = tmp_path_factory.mktemp("lswc")
    write_lswc(folder)
    return SampleFiles(folder)


@pytest.fixture(scope="module")
def lswc(new_warehouse: Callable[[str], Settings], files: SampleFiles) -> Settings:
    """The whole sample loaded and built."""
    settings = new_warehouse("lswc_marts")
    for collection in COLLECTIONS:
        results = load_path(settings, collection, files.folder / collection, as_of=LOADED_ON)
        assert {result.outcome for result in results} == {"loaded"}
    build(settings)
    return settings


@pytest.fixture(scope="module")
def built(lswc: Settings) -> dict[str, pd.DataFrame]:
    return marts(lswc)


def wide(frame: pd.DataFrame, column: str, columns: str = "kpi") -> pd.DataFrame:
    """One row a month, one column a figure."""
    return frame.pivot(index="month", columns=columns, values=column).astype(float)


def assert_same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """The same months, columns and figures, in whatever order."""
    pd.testing.assert_frame_equal(
        found, expected.astype(float), check_like=True, check_names=False, check_column_type=False, check_freq=False
    )


def test_every_figure_of_every_month_equals_the_files(built: dict[str, pd.DataFrame], files: SampleFiles) -> None:
    monthly = built["monthly"]
    assert len(files.kpis) == 40
    assert_same(wide(monthly, "value"), files.kpis)
    assert monthly["value_status"].isna().all()
    assert monthly["is_synthetic"].all()
    assert set(monthly["data_as_at"]) == {date(2026, 10, 31)}


def test_changes_are_on_the_month_before_and_the_year_before(
    built: dict[str, pd.DataFrame], files: SampleFiles
) -> None:
    for column, months in (("change_on_month", 1), ("change_on_year", 12)):
        assert_same(wide(built["monthly"], column), files.kpis.diff(months))


def test_totals_since_launch_are_asked_for_stated_or_added_and_stocks_have_none(
    built: dict[str, pd.DataFrame], files: SampleFiles
) -> None:
    found = wide(built["monthly"], "since_launch")
    assert_same(found[list(files.since_launch)], files.since_launch)
    assert found[list(STOCKS)].isna().all(axis=None)
    stocks = built["monthly"][built["monthly"]["kpi"].isin(STOCKS)]
    assert set(stocks["since_launch_status"]) == {"z"}
    # Visitors of the whole time are fewer than those of its months together: they are never added.
    assert found["visitors"].iloc[-1] < files.kpis["visitors"].sum() * 0.8


def test_december_2023_is_near_the_published_milestones(built: dict[str, pd.DataFrame]) -> None:
    monthly = built["monthly"]
    december = monthly[monthly["month"] == DECEMBER].set_index("kpi")
    # Domain notes 3.1: 30k visitors, 356 jobs, 20k job views, 8k clicks, 679 registrations, 500+ followers.
    milestones = {
        "visitors": 30_000, "jobs_posted": 356, "job_views": 20_000, "apply_clicks": 8_000, "registrations": 679,
    }  # fmt: skip
    for kpi, milestone in milestones.items():
        assert december.loc[kpi, "since_launch"] == pytest.approx(milestone, rel=0.05), kpi
    assert 500 <= december.loc["followers", "value"] <= 600


def test_the_funnel_equals_the_files_and_each_rate_has_one_counting_rule(
    built: dict[str, pd.DataFrame], files: SampleFiles
) -> None:
    funnel = built["funnel"].set_index("month")
    kpis = files.kpis
    for column, kpi in (("visits", "sessions"), *((name, name) for name in ("visitors", "job_views", "apply_clicks"))):
        assert (funnel[column] == kpis[kpi]).all(), column
    assert (funnel["registrations"] == kpis["registrations"]).all()
    views, clicks = files.events("job_view"), files.events("apply_click")
    expected = {
        "click_through_pct": 100 * kpis["apply_clicks"] / kpis["job_views"],
        "job_views_per_visit": views / kpis["sessions"],
        "click_through_in_analytics_pct": 100 * clicks / views,
        "clicks_per_100_visits": 100 * clicks / kpis["sessions"],
    }
    assert (funnel["job_views_in_analytics"] == views).all()
    assert (funnel["apply_clicks_in_analytics"] == clicks).all()
    for column, rates in expected.items():
        assert (funnel[column] - rates).abs().max() < 0.0001, column
    assert (set(funnel["counting_rule"]), set(funnel["apply_counting_rule"])) == ({"total"}, {"total"})


def test_jobs_by_unit_and_role_group_equal_the_files_and_are_0_elsewhere(
    built: dict[str, pd.DataFrame], files: SampleFiles
) -> None:
    seed = pd.read_csv(DBT_PROJECT / "seeds" / "reference" / "authorities.csv")
    units = dict(zip(seed["authority_name"], seed["unit_code"], strict=True))
    jobs = files.jobs.assign(
        unit_code=files.jobs["borough"].map(units).fillna("E09000021 / E09000027"), jobs_shown=1,
        job_views_featured=files.jobs["views"].where(files.jobs["is_featured"], 0),
    ).rename(
        columns={"is_posted": "jobs_posted", "is_live": "jobs_live", "is_closed": "jobs_closed",
                 "is_featured": "jobs_featured", "views": "job_views"}
    )  # fmt: skip
    assert jobs["borough"].nunique() == 34, "33 authorities, and Kingston and Richmond together"
    everywhere, every_group = jobs.assign(unit_code="E12000007"), "All role groups"
    counted = pd.concat([jobs, everywhere])
    counted = pd.concat([counted, counted.assign(role_group=every_group)])
    counts = [
        "jobs_shown", "jobs_posted", "jobs_live", "jobs_closed", "jobs_featured", "job_views", "job_views_featured",
        "apply_clicks",
    ]  # fmt: skip
    key = ["unit_code", "role_group", "month"]
    expected = counted.groupby(key)[counts].sum()
    days_open = counted[counted["jobs_closed"]].groupby(key)["days_open"].mean()
    found = built["jobs"].set_index(key)
    assert len(found) == 33 * 10 * 40
    pd.testing.assert_frame_equal(
        found[counts].astype(int), expected.reindex(found.index, fill_value=0).astype(int), check_freq=False
    )
    assert (found["days_open_mean"] - days_open.reindex(found.index)).abs().max() <= 0.0501
    assert (found["days_open_mean"].isna() == days_open.reindex(found.index).isna()).all()
    nothing = found[found["jobs_shown"] == 0]
    assert len(nothing) > 1000
    assert set(nothing["click_through_status"]) == {"z"}
    assert found["value_status"].isna().all()


def test_reposts_are_recognised(built: dict[str, pd.DataFrame], files: SampleFiles) -> None:
    jobs = built["jobs"]
    london = jobs[(jobs["unit_level"] == "london") & (jobs["role_group_order"] == 0)].set_index("month")
    expected = files.reposts.reindex(london.index.to_period("M"), fill_value=0)
    assert (london["jobs_reposted"].astype(int).to_numpy() == expected.to_numpy()).all()
    assert expected.sum() > 100


def test_channels_equal_the_files(built: dict[str, pd.DataFrame], files: SampleFiles) -> None:
    channels = built["channels"]
    assert_same(wide(channels, "sessions", "channel"), files.channels)
    shares = channels.groupby("month")["share_of_sessions_pct"].sum()
    assert (shares - 100).abs().max() < 0.001
    assert set(channels[channels["is_thresholded"]]["month"]) == {
        pd.Timestamp(day) for day in ("2023-07-01", "2024-08-01", "2026-08-01")
    }


def test_followers_of_each_platform_equal_the_files(built: dict[str, pd.DataFrame], files: SampleFiles) -> None:
    followers = built["followers"].set_index(["platform", "month"])
    for platform in ("linkedin", "x"):
        rows = followers.loc[platform]
        changes = files.follower_changes[platform]
        by_month = changes.groupby(changes.index.to_period("M")).sum()
        assert (rows["followers"].astype(int) == files.followers(platform)).all()
        assert (rows["net_change"].astype(int).to_numpy() == by_month.to_numpy()).all()
    assert set(followers.loc["linkedin"]["unfollows_status"]) == {"z"}


def test_the_data_quality_says_what_google_says(built: dict[str, pd.DataFrame]) -> None:
    quality = built["data_quality"]
    assert len(quality) == 9 * 40
    assert set(quality["completeness"]) == {"complete"}
    noted = quality[quality["note"].notna()].set_index(["source", "month"])["note"]
    assert noted["web_events", pd.Timestamp("2025-03-01")] == "Worked out from a sample (50% of the data)."
    assert noted["web_events", pd.Timestamp("2026-01-01")] == "Google put many rows together as (other)."
    assert noted["web_channels", pd.Timestamp("2024-08-01")] == "Google left out rows about few people."
    assert len(noted) == 5
    rules = quality.groupby("source")["counting_rule"].agg(set).to_dict()
    assert (rules["job_board"], rules["web_month"]) == ({"total"}, {"ga4_event"})


def test_no_single_job_is_in_a_table_that_others_read(lswc: Settings, built: dict[str, pd.DataFrame]) -> None:
    columns = read_frame(
        lswc,
        "select table_schema, table_name, column_name from information_schema.columns "
        "where table_schema in ('marts_candidate', 'open_data_candidate')",
    )
    assert set(built["jobs"].columns) < set(columns["column_name"])
    assert not set(columns["column_name"]) & {"job_id", "job_title", "title_compared", "salary_text"}
    assert not columns[columns["table_schema"] == "open_data_candidate"]["table_name"].str.contains("lswc").any()


def test_the_seeds_say_what_the_specifications_say() -> None:
    seeds = DBT_PROJECT / "seeds" / "reference"
    jobs, web = load_specification("lswc_jobs"), load_specification("lswc_web")
    groups = pd.read_csv(seeds / "lswc_role_groups.csv")["role_group"]
    assert list(groups[1:-1]) == jobs.described["role_groups"]
    rules = pd.read_csv(seeds / "lswc_counting_rules.csv").set_index("counting_rule")["preference"]
    assert set(rules[rules.notna()].index) == set(jobs.described["counting_rules"])
    (site,) = pd.read_csv(seeds / "lswc_sites.csv").to_dict("records")
    assert site["launched_on"] == web.described["launched"].isoformat()
    assert site["site_url"].removeprefix("https://") in web.described["hosts"]
    datasets = pd.read_csv(seeds / "lswc_datasets.csv")
    for row in datasets.to_dict("records"):
        assert load_specification(row["collection"]).datasets[row["dataset"]].grain == row["grain"]
    kpis = pd.read_csv(seeds / "lswc_kpis.csv")
    assert list(kpis["kpi"]) == [
        "visitors", "sessions", "jobs_posted", "jobs_live", "job_views", "apply_clicks", "registrations", "followers",
    ]  # fmt: skip
    project = yaml.safe_load((DBT_PROJECT / "dbt_project.yml").read_text())
    assert project["vars"]["lswc_repost_days"] == 28


@contextmanager
def spoilt(settings: Settings, *statements: str) -> Iterator[psycopg.Connection]:
    """The candidate marts as these changes would leave them; nothing of it stays."""
    with settings.connect("transformer") as connection:
        connection.adapters.register_loader("numeric", FloatLoader)
        for statement in statements:
            assert connection.execute(statement.encode()).rowcount != 0
        yield connection
        connection.rollback()


def found_by(connection: psycopg.Connection, *codes: str) -> list[Finding]:
    """What the rules find; all of them, or those of these codes."""
    rules = [rule for rule in load_rules("marts_lswc") if not codes or rule.code in codes]
    frames = read_topic(connection, "lswc")
    return findings_of(check(frames, questions(rules, {})), frames)


MONTHLY, JOBS = "marts_candidate.mart_lswc__monthly", "marts_candidate.mart_lswc__jobs"
FUNNEL, CHANNELS = "marts_candidate.mart_lswc__funnel", "marts_candidate.mart_lswc__channels"
CAMDEN = "unit_name = 'Camden' and month = '2026-10-01'"
SPOILT = [
    ("LSM-500", "", "drop table marts_candidate.mart_lswc__channels"),
    ("LSM-501", "lswc_web: 1 days", "update staging.stg_lswc__delivery_periods set delivery_id = 0 "
     "where dataset = 'month' and month = '2026-10-01'"),
    ("LSM-510", "June 2026: -1", f"update {MONTHLY} set value = -1 where kpi = 'sessions' and month = '2026-06-01'"),
    ("LSM-511", "Camden October 2026",
     f"update {JOBS} set apply_clicks = job_views + 1 where role_group_order = 0 and {CAMDEN}"),
    ("LSM-511", "Google Analytics June 2024: 9,999 clicks",
     f"update {FUNNEL} set apply_clicks_in_analytics = 9999 where month = '2024-06-01'"),
    ("LSM-520", "Visitors June 2024", f"delete from {MONTHLY} where kpi = 'visitors' and month = '2024-06-01'"),
    ("LSM-521", "Visitors June 2024",
     f"update {MONTHLY} set value = null, value_status = 'x' where kpi = 'visitors' and month = '2024-06-01'"),
    ("LSM-530", "June 2024: funnel none", f"update {FUNNEL} set job_views = null, click_through_pct = null, "
     "click_through_status = 'x' where month = '2024-06-01'"),
    ("LSM-530", "June 2024: funnel none", f"delete from {FUNNEL} where month = '2024-06-01'"),
    ("LSM-531", "October 2026: +5", f"update {JOBS} set job_views = job_views + 5 where {CAMDEN} "
     "and role_group_order = 0"),
    ("LSM-532", "October 2026: -1", f"update {JOBS} set jobs_posted = jobs_posted - 1 where unit_level = 'london' "
     "and month = '2026-10-01' and role_group = 'Social worker'"),
    ("LSM-533", "October 2026: +1", f"update {MONTHLY} set value = value - 1 where kpi = 'jobs_live' "
     "and month = '2026-10-01'"),
    ("LSM-534", "June 2024", f"update {CHANNELS} set sessions = 0 where channel = 'Direct' and month = '2024-06-01'"),
    ("LSM-540", "Visitors October 2026",
     f"update {MONTHLY} set change_on_month = -3 * value where kpi = 'visitors' and month = '2026-10-01'"),
    ("LSM-541", "Visitors June 2024",
     f"update {MONTHLY} set since_launch = since_launch - 9000 where kpi = 'visitors' and month = '2024-06-01'"),
    ("LSM-542", "Visitors July 2023",
     f"update {MONTHLY} set since_launch = 1 where kpi = 'visitors' and month = '2023-07-01'"),
    ("LSM-550", "Registrations, last August 2026", "update marts_candidate.mart_lswc__data_quality "
     "set is_synthetic = false, is_complete = false, completeness = 'missing' "
     "where source = 'registrations' and month > '2026-08-01'; "
     "update marts_candidate.mart_lswc__data_quality set is_synthetic = false where source = 'registrations'"),
]  # fmt: skip


def test_the_gate_finds_nothing_in_the_sample(lswc: Settings) -> None:
    with spoilt(lswc) as connection:
        assert found_by(connection) == []


@pytest.mark.parametrize(("code", "shown", "statement"), SPOILT, ids=[f"{c}-{n}" for n, (c, _, _) in enumerate(SPOILT)])
def test_each_rule_names_what_it_is_about(lswc: Settings, code: str, shown: str, statement: str) -> None:
    with spoilt(lswc, *statement.split("; ")) as connection:
        found = found_by(connection, code)
    assert {each.rule_code for each in found} == {code}
    assert any(shown in each.message for each in found), found


def test_every_rule_has_a_case_that_fails_it() -> None:
    assert {code for code, *_ in SPOILT} == {rule.code for rule in load_rules("marts_lswc")}


def test_a_warehouse_without_deliveries_builds_passes_the_gate_and_publishes(built_sample_warehouse: Settings) -> None:
    settings = built_sample_warehouse
    assert {len(frame) for frame in marts(settings).values()} == {0}
    result = check_marts(settings)
    assert result.errors == 0
    with settings.connect("loader") as connection:
        codes = {each.rule_code for each in recorded_findings(connection, result.gate_run_id)}
    assert not any(code.startswith("LSM") for code in codes)
    publish(settings, result.gate_run_id, audit(settings).gate_run_id)
    with settings.connect("members_reader") as connection:
        for name in MARTS:
            row = connection.execute(f"select count(*) from marts.mart_lswc__{name}".encode()).fetchone()
            assert row == (0,)


def test_a_month_loaded_again_changes_nothing(
    lswc: Settings, built: dict[str, pd.DataFrame], files: SampleFiles
) -> None:
    for path in ("lswc_web/lswc_web_2024-05.json", "lswc_jobs/lswc_jobs_2024-05.csv", "lswc_audience"):
        results = load_path(lswc, path.partition("/")[0], files.folder / path, as_of=LOADED_ON)  # type: ignore[arg-type]
        assert {result.outcome for result in results} == {"already_loaded"}
    build(lswc)
    again = marts(lswc)
    for name, frame in built.items():
        pd.testing.assert_frame_equal(again[name], frame, obj=name)


def test_a_missing_month_is_x_and_an_overlapping_file_restates(
    lswc: Settings, built: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    """The last of this warehouse: May's job extract is taken back, three months of registrations come again."""
    restated = tmp_path / "registrations_again.csv"
    restated.write_text("month,registrations\n2026-04,1\n2026-05,2\n2026-06,3\n")
    (result,) = load_path(lswc, "lswc_audience", restated, source="sample", as_of=LOADED_ON)
    assert result.outcome == "loaded"
    with lswc.connect("loader") as connection:
        connection.execute("update ledger.deliveries set status = 'rejected' where file_name = 'lswc_jobs_2024-05.csv'")
    build(lswc)
    after = marts(lswc)
    value, before = wide(after["monthly"], "value"), wide(built["monthly"], "value")
    may, june = pd.Timestamp("2024-05-01"), pd.Timestamp("2024-06-01")
    board = ["jobs_posted", "jobs_live", "job_views", "apply_clicks"]
    others = [kpi for kpi in value if kpi not in (*board, "registrations")]
    assert value.loc[may, board].isna().all()
    pd.testing.assert_frame_equal(value[others], before[others])
    pd.testing.assert_frame_equal(value.loc[june:, board], before.loc[june:, board])
    assert wide(after["monthly"], "change_on_month").loc[june, board].isna().all()
    assert wide(after["monthly"], "change_on_year").loc[june + pd.DateOffset(years=1), board].notna().all()
    since = wide(after["monthly"], "since_launch")
    assert since.loc[may:, "job_views"].isna().all(), "a total without May would be too low"
    assert since.loc[: pd.Timestamp("2024-04-01"), "job_views"].notna().all()
    restated_months = [pd.Timestamp(f"2026-0{number}-01") for number in (4, 5, 6)]
    assert list(value.loc[restated_months, "registrations"]) == [1, 2, 3]
    untouched = value.index.difference(restated_months)
    assert (value.loc[untouched, "registrations"] == before.loc[untouched, "registrations"]).all()

    jobs = after["jobs"]
    assert set(jobs[jobs["month"] == may]["value_status"]) == {"x"}
    assert jobs[jobs["month"] == may]["jobs_posted"].isna().all()
    assert len(jobs) == len(built["jobs"])
    funnel = after["funnel"].set_index("month")
    assert (funnel.loc[may, "click_through_status"], funnel.loc[may, "job_views_per_visit_status"]) == ("x", None)
    quality = after["data_quality"].set_index(["source", "month"])
    assert quality.loc[("job_board", may), "note"] == "Nothing has arrived for this month."
    with spoilt(lswc) as connection:
        found = {(each.rule_code, each.field) for each in found_by(connection)}
    assert found == {("LSM-521", kpi) for kpi in board}


def test_a_server_that_throttles_pages_and_restates_gives_the_same_marts(
    new_warehouse: Callable[[str], Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    web = ("monthly", "funnel", "channels", "data_quality")
    last = date(2023, 9, 6)
    found = []
    with (
        FakeGoogle() as calm,
        FakeGoogle(page_size=40, throttles_every=3, restates=True) as difficult,
    ):
        for google, days in (
            (calm, [last]),
            (difficult, [date(2023, 8, 10), date(2023, 8, 12), date(2023, 8, 31), date(2023, 9, 2), last]),
        ):
            asked = new_warehouse("asked")
            settings = Settings(
                {**asked.environment, **google.settings(google.write_credentials(tmp_path / "account.json"))}
            )
            for google.today in days:
                pull_web(settings, as_of=google.today, api=client_of(google, tmp_path / "account.json"))
            build(settings, *web)
            found.append(marts(settings, *web))
    smooth, rough = found
    for name in web:
        pd.testing.assert_frame_equal(rough[name], smooth[name], obj=name)
    assert list(smooth["funnel"]["month"]) == [pd.Timestamp("2023-07-01"), pd.Timestamp("2023-08-01")]
    # Without a job board, views and clicks are those Google saw, and say so.
    assert set(smooth["funnel"]["counting_rule"]) == {"ga4_event"}
    assert (smooth["funnel"]["job_views"] == smooth["funnel"]["job_views_in_analytics"]).all()
    monthly = smooth["monthly"]
    assert not monthly["is_synthetic"].any()
    assert set(monthly[monthly["kpi"] == "jobs_posted"]["value_status"]) == {"x"}


def client_of(google: FakeGoogle, credentials: Path) -> DataApi:
    """A client that is patient but never really waits."""
    return DataApi(
        f"{google.root}/v1beta",
        PROPERTY,
        ServiceAccount.read(credentials),
        load_specification("lswc_web").described["api"]["scope"],
        patience=Patience(tries=3, longest_wait_seconds=60),
        longest_quota_wait_seconds=100_000,
        sleep=lambda _: None,
    )
