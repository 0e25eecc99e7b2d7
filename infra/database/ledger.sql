-- The ledger: what arrived, what was decided and why. Run as loader; running it again changes nothing.

create table if not exists ledger.releases (
    release_id bigint generated always as identity primary key,
    collection text not null,
    dataset text not null,
    layout text not null,
    publication_year integer not null,
    sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
    file_name text not null,
    source text not null check (source in ('sample', 'live', 'files')),
    source_reference text not null,
    data_set_version text,
    is_synthetic boolean not null,
    status text not null check (status in ('received', 'accepted', 'accepted_with_queries', 'rejected')),
    rows_read integer not null,
    rows_loaded integer not null,
    rows_refused integer not null,
    unknown_columns text[] not null default '{}',
    received_at timestamptz not null default now(),
    decided_at timestamptz,
    unique (collection, sha256),
    check (rows_read = rows_loaded + rows_refused)
);
comment on table ledger.releases is
'One row per publication of DfE statistics received: a file, known by the hash of its bytes. None is ever deleted.';
comment on column ledger.releases.publication_year is 'The newest census year in the file.';
comment on column ledger.releases.status is
'received: loaded, gate still to run; accepted or accepted_with_queries: may be current; rejected: rows removed, file in quarantine.';

create table if not exists ledger.refused_files (
    refused_file_id bigint generated always as identity primary key,
    collection text not null,
    sha256 text not null,
    file_name text not null,
    source text not null,
    source_reference text not null,
    reason text not null,
    refused_at timestamptz not null default now(),
    unique (collection, sha256, reason)
);
comment on table ledger.refused_files is
'One row per file that could not be read as a release at all (not CSV, a column missing, empty), with the reason.';

create table if not exists ledger.submissions (
    submission_id bigint generated always as identity primary key,
    collection text not null,
    authority_code text,
    period_label text,
    period_start date,
    period_end date,
    version integer not null check (version > 0),
    sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
    file_names text[] not null,
    landing_path text not null,
    status text not null default 'received'
    check (status in ('received', 'accepted', 'accepted_with_queries', 'rejected', 'superseded')),
    decision text check (decision in ('accepted', 'accepted_with_queries', 'rejected')),
    is_synthetic boolean not null,
    specification_version text,
    key_id text not null,
    rows_read integer not null default 0,
    rows_loaded integer not null default 0,
    rows_refused integer not null default 0,
    rows_sha256 text,
    errors integer not null default 0,
    queries integer not null default 0,
    received_at timestamptz not null default now(),
    decided_at timestamptz,
    receipt_written_at timestamptz,
    receipt_sent_at timestamptz,
    unique nulls not distinct (collection, authority_code, period_label, sha256),
    check (rows_read = rows_loaded + rows_refused),
    check ((decision is null) = (status = 'received')),
    check (decision is not null or decided_at is null)
);
comment on table ledger.submissions is
'One row per return received for a collection, authority and period, known by the hash of its bytes. None is ever deleted.';
comment on column ledger.submissions.collection is '`unknown` where the landing folder is no collection.';
comment on column ledger.submissions.authority_code is
'ONS code, or both codes of a joint return; null where the landing folder names no authority.';
comment on column ledger.submissions.version is 'Place among everything received for the same collection, authority and period.';
comment on column ledger.submissions.sha256 is 'Of the file; of the sorted hashes where several CSV files are one return.';
comment on column ledger.submissions.file_names is 'Names as sent, made safe to show.';
comment on column ledger.submissions.landing_path is 'The folder of the landing area where it arrived and its receipt stands.';
comment on column ledger.submissions.status is
'received: still to be checked; accepted or accepted_with_queries: counts; superseded: was accepted, a newer one counts; rejected.';
comment on column ledger.submissions.decision is 'What the gate decided; it stays when the submission is superseded.';
comment on column ledger.submissions.key_id is 'Which key made its pseudonyms and encrypted its original.';
comment on column ledger.submissions.rows_sha256 is 'Hash of the rows as loaded, to tell whether a re-check changes any.';
comment on column ledger.submissions.errors is 'Places with an error, not listed ones included.';
comment on column ledger.submissions.receipt_written_at is 'When the newest receipt was written beside the file.';
comment on column ledger.submissions.receipt_sent_at is 'When the newest receipt was sent by e-mail.';

create table if not exists ledger.gate_runs (
    gate_run_id bigint generated always as identity primary key,
    gate text not null check (gate in ('release', 'submission', 'mart', 'disclosure')),
    subject text not null,
    outcome text not null check (outcome in ('passed', 'passed_with_queries', 'failed')),
    rules_run integer not null,
    errors integer not null,
    queries integer not null,
    reason text,
    started_at timestamptz not null,
    finished_at timestamptz not null default now()
);
alter table ledger.gate_runs
drop constraint if exists gate_runs_gate_check,
add constraint gate_runs_gate_check check (gate in ('release', 'submission', 'mart', 'disclosure'));
comment on table ledger.gate_runs is
'One row per run of a quality gate; reason says in one line why a failed gate stopped publication.';

create table if not exists ledger.findings (
    finding_id bigint generated always as identity primary key,
    gate_run_id bigint not null references ledger.gate_runs,
    release_id bigint references ledger.releases,
    rule_code text not null,
    severity text not null check (severity in ('error', 'query')),
    field text,
    source_row integer,
    occurrences integer not null default 1,
    message text not null,
    fix text not null,
    owner text not null
);
alter table ledger.findings
add column if not exists submission_id bigint references ledger.submissions,
add column if not exists sheet text,
add column if not exists source_column text;
comment on table ledger.findings is
'One row per failed rule at one place. Holds no personal value; source_row is the row as a spreadsheet shows it, or the line of an XML file.';
comment on column ledger.findings.source_column is 'The letter of the spreadsheet''s column.';
create index if not exists findings_gate_run_id on ledger.findings (gate_run_id);
create index if not exists findings_submission_id on ledger.findings (submission_id);

create table if not exists ledger.publications (
    publication_id bigint generated always as identity primary key,
    gate_run_id bigint not null references ledger.gate_runs,
    releases bigint[] not null,
    tables_published integer not null,
    published_at timestamptz not null default now()
);
comment on table ledger.publications is 'One row per time the gate let the candidate marts become the published ones.';

-- Publication is one transaction of the transformer's, ledger row included.
grant insert on ledger.publications to transformer;

-- Real data outranks the synthetic sample for a whole collection, so that the two never mix on a page.
-- Within one publication year the newest file received is current (DfE updates a release in place);
-- an older release that arrives late does not become current.
create or replace view ledger.current_releases as
with eligible as (
    select
        releases.*,
        bool_and(releases.is_synthetic) over (partition by releases.collection) as only_synthetic
    from ledger.releases
    where releases.status in ('accepted', 'accepted_with_queries')
)

select
    eligible.*,
    row_number() over (
        partition by eligible.collection, eligible.dataset
        order by eligible.publication_year desc, eligible.received_at desc, eligible.release_id desc
    ) = 1 as is_current
from eligible
where eligible.is_synthetic = eligible.only_synthetic;
comment on view ledger.current_releases is
'Accepted releases that count (all real, or all synthetic where nothing real has arrived), the current one of each dataset marked.';

-- What counts among the returns. Within one authority and period the status says it: the newest accepted one, or none of a
-- member's own once a joint return is accepted. Real returns outrank synthetic ones for a whole collection.
create or replace view ledger.current_submissions as
with eligible as (
    select
        submissions.*,
        bool_and(submissions.is_synthetic) over (partition by submissions.collection) as only_synthetic
    from ledger.submissions
    where submissions.status in ('accepted', 'accepted_with_queries')
)

select
    eligible.submission_id,
    eligible.collection,
    eligible.authority_code,
    eligible.period_label,
    eligible.period_start,
    eligible.period_end,
    eligible.version,
    eligible.status,
    eligible.is_synthetic,
    eligible.specification_version,
    eligible.rows_loaded,
    eligible.queries,
    eligible.received_at,
    eligible.decided_at
from eligible
where eligible.is_synthetic = eligible.only_synthetic;
comment on view ledger.current_submissions is
'One row per collection, authority and period: the return that counts (all real, or all synthetic where nothing real has arrived).';
