{{ config(materialized='table', post_hook='analyze {{ this }}') }}

with units as (
    select authority_code, unit_code from {{ ref('bridge_authority_reporting_unit') }}
),

received as (
    select
        submissions.submission_id,
        submissions.collection,
        submissions.period_label,
        submissions.authority_code as sender_code,
        -- A joint return bears the unit's own code.
        coalesce(units.unit_code, submissions.authority_code) as unit_code,
        cardinality(string_to_array(submissions.authority_code, ' / ')) as authorities_covered,
        submissions.version,
        submissions.decision,
        submissions.is_synthetic,
        -- A return sent late in the evening arrives on the day people in London read on the calendar.
        (submissions.received_at at time zone 'Europe/London')::date as received_on
    from {{ source('returns_received', 'submissions') }} as submissions
    left join units on submissions.authority_code = units.authority_code
    where submissions.authority_code is not null and submissions.period_label is not null
),

-- As in the ledger's current_submissions: real returns outrank invented ones for a whole collection.
kinds as (
    select
        collection,
        coalesce(
            bool_and(is_synthetic) filter (where decision in ('accepted', 'accepted_with_queries')),
            bool_and(is_synthetic)
        ) as is_synthetic
    from received
    group by collection
),

counting as (
    select submission_id, status from {{ ref('stg_returns__submissions') }}
),

-- A submission that was checked again has findings of each run: those of its last run count.
findings as (
    select
        submission_id,
        gate_run_id,
        sum(occurrences) filter (where severity = 'error') as errors,
        sum(occurrences) filter (where severity = 'query') as queries,
        row_number() over (
            partition by submission_id
            order by gate_run_id desc
        ) as place_from_last
    from {{ source('returns_received', 'findings') }}
    where submission_id is not null
    group by submission_id, gate_run_id
),

final as (
    select
        received.submission_id,
        received.collection,
        received.period_label,
        received.unit_code,
        received.sender_code,
        received.authorities_covered::integer as authorities_covered,
        received.version,
        coalesce(received.decision, 'received') as decision,
        counting.submission_id is not null as is_current,
        row_number() over (
            partition by received.collection, received.period_label, received.sender_code
            order by received.submission_id desc
        ) = 1 as is_newest_of_sender,
        coalesce(findings.errors, 0)::integer as errors,
        coalesce(findings.queries, 0)::integer as queries,
        received.received_on,
        received.is_synthetic
    from received
    inner join kinds on received.collection = kinds.collection and received.is_synthetic = kinds.is_synthetic
    left join counting on received.submission_id = counting.submission_id
    left join findings on received.submission_id = findings.submission_id and findings.place_from_last = 1
)

select * from final
