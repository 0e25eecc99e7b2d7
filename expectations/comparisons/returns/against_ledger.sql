-- One row per collection, period and unit: what the mart says of its return beside what the ledger says.
with counting as (
    select
        submissions.collection,
        submissions.period_label,
        coalesce(units.unit_code, submissions.authority_code) as unit_code,
        sum(cardinality(string_to_array(submissions.authority_code, ' / '))) as authorities,
        sum(submissions.queries) as queries
    from ledger.current_submissions as submissions
    left join marts_candidate.bridge_authority_reporting_unit as units
        on submissions.authority_code = units.authority_code
    group by submissions.collection, submissions.period_label, coalesce(units.unit_code, submissions.authority_code)
),

final as (
    select
        status.unit_name || ' ' || status.collection || ' ' || status.period_label as place,
        status.was_sent = coalesce(counting.authorities >= status.authorities_in_unit, false) as is_same,
        -- A refused version has queries of its own.
        case
            when status.was_sent and not status.has_refused_version
                then status.findings_queries - coalesce(counting.queries, 0)
        end as queries_difference,
        status.received_on is null or status.received_on >= status.opens as is_after_opening
    from marts_candidate.mart_returns__status as status
    left join counting
        on
            status.collection = counting.collection
            and status.period_label = counting.period_label
            and status.unit_code = counting.unit_code
)

select * from final
order by place
