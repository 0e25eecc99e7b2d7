-- One row per July to September quarter: agency assignments of London at its end as a multiple of the census of that day.
with final as (
    select
        measures.period_label as place,
        measures.value / census.value as times_census
    from marts_candidate.mart_agency__measures as measures
    inner join marts_candidate.mart_census__indicators as census
        on
            measures.unit_code = census.unit_code
            and measures.period_end = census.as_at_date
            and measures.is_synthetic = census.is_synthetic
    where
        measures.unit_level = 'london'
        and measures.measure = 'active_assignments'
        and measures.role_type = 'all'
        and measures.units_counted = measures.units_expected
        and census.indicator = 'agency_headcount'
        and census.value > 0
        and measures.value is not null
)

select * from final
order by place
