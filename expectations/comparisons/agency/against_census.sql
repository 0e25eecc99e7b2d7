-- One row per July to September quarter: agency assignments at its end as a multiple of the census of that day, over the
-- units that show both.
with paired as (
    select
        measures.period_label,
        measures.value as assignments,
        census.value as census_headcount
    from marts_candidate.mart_agency__measures as measures
    inner join marts_candidate.mart_census__indicators as census
        on
            measures.unit_code = census.unit_code
            and measures.period_end = census.as_at_date
            and measures.is_synthetic = census.is_synthetic
    where
        measures.unit_level = 'authority'
        and measures.measure = 'active_assignments'
        and measures.role_type = 'all'
        and census.indicator = 'agency_headcount'
        and measures.value is not null
        and census.value is not null
),

final as (
    select
        period_label as place,
        sum(assignments) / nullif(sum(census_headcount), 0) as times_census
    from paired
    group by period_label
)

select * from final
order by place
