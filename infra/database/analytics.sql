-- The ledger of London Social Work for Children: what arrived, what was decided and what counts now.
-- Run as loader, after ledger.sql; running it again changes nothing.

create table if not exists ledger.deliveries (
    delivery_id bigint generated always as identity primary key,
    collection text not null check (collection in ('lswc_web', 'lswc_jobs', 'lswc_audience')),
    dataset text,
    period_start date,
    period_end date,
    as_of date not null,
    sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
    file_name text,
    source text not null check (source in ('sample', 'live', 'files')),
    is_synthetic boolean not null,
    counting_rule text check (counting_rule in ('unique_24h', 'total', 'ga4_event')),
    details jsonb not null default '{}',
    status text not null check (status in ('received', 'accepted', 'accepted_with_queries', 'rejected')),
    rows_read integer not null,
    rows_loaded integer not null,
    rows_refused integer not null,
    received_at timestamptz not null default now(),
    decided_at timestamptz,
    unique (collection, sha256),
    check (rows_read = rows_loaded + rows_refused),
    check (period_start <= period_end)
);
comment on table ledger.deliveries is
'One row per delivery of analytics: a file, or one pull from Google Analytics, for a stretch of days or months. None is ever deleted.';
comment on column ledger.deliveries.dataset is
'pull, screen_export, job_month, registrations, linkedin_followers, x_overview or follower_totals; null where it could not be made out.';
comment on column ledger.deliveries.as_of is 'The day the figures were taken: what a pull says, else the day the file was loaded.';
comment on column ledger.deliveries.file_name is 'Null for a file that was turned away because it was about single people.';
comment on column ledger.deliveries.details is
'For the web: property, time zone, quota left, and for each report whether it was sampled, thresholded or lost rows to (other).';

create table if not exists ledger.delivery_periods (
    delivery_id bigint not null references ledger.deliveries,
    dataset text not null,
    series text not null default '',
    period_start date not null,
    period_end date not null,
    is_complete boolean not null,
    is_sampled boolean,
    sampled_share numeric,
    is_thresholded boolean,
    has_other_row_loss boolean,
    primary key (delivery_id, dataset, series, period_start)
);
comment on table ledger.delivery_periods is
'One row per day or month an accepted delivery speaks for, by dataset; it does so even where it holds no row for it.';
comment on column ledger.delivery_periods.series is
'What keeps figures apart that must never replace each other: the counting rule of jobs, the platform of follower totals; else empty.';
comment on column ledger.delivery_periods.is_complete is
'False while figures may still grow (a day less than two days old, a month not over); such a period never replaces a complete one.';
create index if not exists delivery_periods_dataset on ledger.delivery_periods (dataset, series, period_start);

alter table ledger.findings add column if not exists delivery_id bigint references ledger.deliveries;
comment on column ledger.findings.delivery_id is 'The delivery of analytics the finding is about, if it is about one.';
-- A delivery is read and checked in one step, so its findings need no gate run of their own to hang on.
alter table ledger.findings
alter column gate_run_id drop not null,
drop constraint if exists findings_belong_somewhere,
add constraint findings_belong_somewhere check (gate_run_id is not null or delivery_id is not null);
create index if not exists findings_delivery_id on ledger.findings (delivery_id);

-- A later delivery restates the days and months it covers, and nothing is added up twice. Real data outrank the
-- synthetic sample for a whole collection, so that the two never mix on a page.
create or replace view ledger.current_delivery_periods as
with eligible as (
    select
        delivery_periods.*,
        deliveries.collection,
        deliveries.as_of,
        deliveries.received_at,
        deliveries.decided_at,
        deliveries.is_synthetic,
        bool_and(deliveries.is_synthetic) over (partition by deliveries.collection) as only_synthetic
    from ledger.delivery_periods
    inner join ledger.deliveries on delivery_periods.delivery_id = deliveries.delivery_id
    where deliveries.status in ('accepted', 'accepted_with_queries')
),

ranked as (
    select
        eligible.*,
        row_number() over (
            partition by eligible.collection, eligible.dataset, eligible.series, eligible.period_start
            order by eligible.is_complete desc, eligible.as_of desc, eligible.decided_at desc, eligible.delivery_id desc
        ) as place
    from eligible
    where eligible.is_synthetic = eligible.only_synthetic
)

select
    ranked.collection,
    ranked.dataset,
    ranked.series,
    ranked.period_start,
    ranked.period_end,
    ranked.delivery_id,
    ranked.is_complete,
    ranked.is_sampled,
    ranked.sampled_share,
    ranked.is_thresholded,
    ranked.has_other_row_loss,
    ranked.as_of,
    ranked.received_at,
    ranked.is_synthetic
from ranked
where ranked.place = 1;
comment on view ledger.current_delivery_periods is
'One row per collection, dataset, series and day or month: the accepted delivery whose rows count for it now.';
