{{ config(materialized='table', post_hook='analyze {{ this }}') }}

with windows as (
    select
        collection,
        case collection
            when 'csww_census' then 'Children''s social work workforce census'
            when 'agency_quarterly' then 'Agency social workers, quarterly return'
            when 'leadership_in_colour' then 'Leadership in Colour, annual return'
            when 'ep_workforce' then 'Educational psychologists, quarterly return'
            else collection
        end as collection_label,
        period_label,
        calendar_label,
        period_start,
        period_end,
        opens,
        closes
    from {{ ref('return_windows') }}
),

units as (
    select unit_code, authorities_in_unit
    from {{ ref('dim_reporting_unit') }}
    where unit_level = 'authority'
),

submissions as (
    select * from {{ ref('int_returns_status__submissions') }}
),

kinds as (
    select distinct collection, is_synthetic from submissions
),

-- What still has to be put right: a refused version of a sender, unless something that counts came after it.
waiting as (
    select newest.submission_id
    from submissions as newest
    left join submissions as counting
        on
            newest.collection = counting.collection
            and newest.period_label = counting.period_label
            and newest.unit_code = counting.unit_code
            and counting.is_current
            and counting.submission_id > newest.submission_id
            -- The other half of a joint unit says nothing about this one.
            and (newest.sender_code = counting.sender_code or counting.authorities_covered > 1)
    where newest.is_newest_of_sender and not newest.is_current and counting.submission_id is null
),

-- When each sender's return was first accepted; a later correction does not make it late.
first_accepted as (
    select
        collection,
        period_label,
        unit_code,
        sender_code,
        authorities_covered,
        min(received_on) as received_on
    from submissions
    where decision in ('accepted', 'accepted_with_queries')
    group by collection, period_label, unit_code, sender_code, authorities_covered
),

-- A joint unit's return is in when the joint one is, or the second of the two.
complete_on as (
    select
        first_accepted.collection,
        first_accepted.period_label,
        first_accepted.unit_code,
        least(
            min(first_accepted.received_on) filter (
                where first_accepted.authorities_covered = units.authorities_in_unit
            ),
            case
                when
                    count(*) filter (where first_accepted.authorities_covered = 1) = units.authorities_in_unit
                    then
                        max(first_accepted.received_on) filter (where first_accepted.authorities_covered = 1)
            end
        ) as received_on
    from first_accepted
    inner join units on first_accepted.unit_code = units.unit_code
    group by first_accepted.collection, first_accepted.period_label, first_accepted.unit_code, units.authorities_in_unit
),

sent as (
    select
        submissions.collection,
        submissions.period_label,
        submissions.unit_code,
        count(*)::integer as versions_received,
        coalesce(sum(submissions.authorities_covered) filter (where submissions.is_current), 0)::integer
            as authorities_returned,
        string_agg(submissions.sender_code, ' / ') filter (where submissions.is_current) as senders,
        max(submissions.version) filter (where submissions.is_current) as version,
        max(submissions.received_on) filter (where submissions.is_current) as updated_on,
        bool_or(submissions.is_current and submissions.authorities_covered > 1) as is_joint,
        bool_or(submissions.is_current and submissions.decision = 'accepted_with_queries') as has_queries,
        bool_or(submissions.is_newest_of_sender and submissions.decision = 'received') as is_being_checked,
        bool_or(waiting.submission_id is not null and submissions.decision = 'rejected') as has_refused_version,
        sum(submissions.errors) filter (where waiting.submission_id is not null or submissions.is_current)::integer
            as findings_errors,
        sum(submissions.queries) filter (where waiting.submission_id is not null or submissions.is_current)::integer
            as findings_queries
    from submissions
    left join waiting on submissions.submission_id = waiting.submission_id
    group by submissions.collection, submissions.period_label, submissions.unit_code
),

judged as (
    select
        windows.collection,
        windows.collection_label,
        windows.period_label,
        windows.calendar_label,
        windows.period_start,
        windows.period_end,
        windows.opens,
        windows.closes,
        units.unit_code,
        units.authorities_in_unit,
        coalesce(sent.authorities_returned, 0) as authorities_returned,
        sent.senders,
        coalesce(sent.versions_received, 0) as versions_received,
        sent.version,
        sent.updated_on,
        coalesce(sent.is_joint, false) as is_joint,
        coalesce(sent.has_refused_version, false) as has_refused_version,
        sent.findings_errors,
        sent.findings_queries,
        case
            when sent.authorities_returned >= units.authorities_in_unit and sent.has_queries
                then 'accepted_with_queries'
            when sent.authorities_returned >= units.authorities_in_unit then 'accepted'
            when sent.authorities_returned > 0 then 'partly'
            when sent.is_being_checked then 'received'
            when sent.versions_received > 0 then 'rejected'
            when current_date < windows.opens then 'not_open'
            when current_date <= windows.closes then 'awaited'
            else 'not_sent'
        end as status,
        coalesce(kinds.is_synthetic, false) as is_synthetic
    from windows
    cross join units
    left join sent
        on
            windows.collection = sent.collection
            and windows.period_label = sent.period_label
            and units.unit_code = sent.unit_code
    left join kinds on windows.collection = kinds.collection
),

final as (
    select
        judged.collection,
        judged.collection_label,
        judged.period_label,
        judged.calendar_label,
        judged.period_start,
        judged.period_end,
        judged.unit_code,
        judged.status in ('accepted', 'accepted_with_queries') as was_sent,
        judged.status,
        judged.version,
        judged.versions_received,
        judged.findings_errors,
        judged.findings_queries,
        case when judged.status in ('accepted', 'accepted_with_queries') then complete_on.received_on end
            as received_on,
        judged.updated_on,
        judged.opens,
        judged.closes as deadline,
        case when judged.status in ('accepted', 'accepted_with_queries') then complete_on.received_on end
        - judged.closes as days_after_deadline,
        judged.status not in ('accepted', 'accepted_with_queries') and current_date > judged.closes as is_overdue,
        judged.is_joint,
        judged.authorities_in_unit,
        judged.authorities_returned,
        judged.senders,
        judged.has_refused_version,
        judged.is_synthetic
    from judged
    left join complete_on
        on
            judged.collection = complete_on.collection
            and judged.period_label = complete_on.period_label
            and judged.unit_code = complete_on.unit_code
)

select * from final
