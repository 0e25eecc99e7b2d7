with statuses as (
    select * from {{ ref('int_returns_status__units') }}
),

units as (
    select unit_code, unit_name, unit_level, inner_outer_name from {{ ref('dim_reporting_unit') }}
),

-- Of a joint unit that is only partly there: who is missing.
not_sent as (
    select
        statuses.collection,
        statuses.period_label,
        statuses.unit_code,
        string_agg(authorities.authority_name, ' and ' order by authorities.authority_code) as authority_names
    from statuses
    inner join {{ ref('authorities') }} as authorities
        on
            statuses.unit_code = authorities.unit_code
            and authorities.authority_code <> all(string_to_array(statuses.senders, ' / '))
    where statuses.status = 'partly'
    group by statuses.collection, statuses.period_label, statuses.unit_code
),

final as (
    select
        statuses.collection,
        statuses.collection_label,
        statuses.period_label,
        statuses.calendar_label,
        statuses.period_start,
        statuses.period_end,
        statuses.unit_code,
        units.unit_name,
        units.unit_level,
        units.inner_outer_name,
        statuses.was_sent,
        statuses.status,
        case statuses.status
            when 'accepted' then 'Accepted'
            when 'accepted_with_queries' then 'Accepted, with queries'
            when 'partly' then 'Partly sent'
            when 'received' then 'Being checked'
            when 'rejected' then 'Refused, to be sent again'
            when 'awaited' then 'Not yet sent'
            when 'not_sent' then 'Not sent'
            when 'not_open' then 'Not yet open'
        end as status_label,
        statuses.version,
        statuses.versions_received,
        statuses.findings_errors,
        statuses.findings_queries,
        statuses.received_on,
        statuses.updated_on,
        statuses.opens,
        statuses.deadline,
        statuses.days_after_deadline,
        statuses.is_overdue,
        statuses.is_joint,
        statuses.authorities_in_unit,
        statuses.authorities_returned,
        statuses.has_refused_version,
        case
            when statuses.status = 'partly'
                then
                    not_sent.authority_names || ' has not sent. '
                    || units.unit_name || ' counts once both authorities have.'
            when statuses.was_sent and statuses.has_refused_version
                then 'A newer version was refused; the one before it counts.'
        end as note,
        statuses.is_synthetic
    from statuses
    inner join units on statuses.unit_code = units.unit_code
    left join not_sent
        on
            statuses.collection = not_sent.collection
            and statuses.period_label = not_sent.period_label
            and statuses.unit_code = not_sent.unit_code
)

select * from final
