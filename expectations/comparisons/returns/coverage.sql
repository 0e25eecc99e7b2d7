-- One row per collection and period: units that count, by the status, the coverage and the open data.
with by_status as (
    select
        collection,
        period_label,
        period_start,
        count(*) filter (where was_sent) as units_sent,
        string_agg(unit_name, ', ' order by unit_name) filter (where is_overdue) as overdue,
        string_agg(unit_name, ', ' order by unit_name) filter (where has_refused_version) as refused,
        string_agg(unit_name, ', ' order by unit_name) filter (where status = 'partly') as partly
    from marts_candidate.mart_returns__status
    group by collection, period_label, period_start
),

final as (
    select
        by_status.collection || ' ' || by_status.period_label as place,
        coverage.units_counted - by_status.units_sent as coverage_difference,
        open_data.units_counted - by_status.units_sent as public_difference,
        coverage.coverage_label,
        by_status.overdue,
        by_status.refused,
        by_status.partly,
        coverage.is_enough or coverage.deadline >= current_date as is_enough_or_still_open,
        coverage.units_counted - lag(coverage.units_counted) over (
            partition by by_status.collection
            order by by_status.period_start
        ) as change_on_period,
        coverage.deadline < current_date as is_closed
    from by_status
    left join marts_candidate.mart_returns__coverage as coverage
        on by_status.collection = coverage.collection and by_status.period_label = coverage.period_label
    left join open_data_candidate.returns_coverage as open_data
        on by_status.collection = open_data.collection and by_status.period_label = open_data.period_label
)

select
    place,
    coalesce(coverage_difference, -1) as coverage_difference,
    coalesce(public_difference, -1) as public_difference,
    coverage_label,
    overdue,
    refused,
    partly,
    coalesce(is_enough_or_still_open, false) as is_enough_or_still_open,
    case when is_closed then change_on_period end as change_on_period
from final
order by place
