-- One row per unit with an agency rate in the newest quarter: the rate, its change, and what an agency FTE costs a month.
with newest as (
    select *
    from marts_candidate.mart_agency__measures
    where
        period_end = (select max(period_end) from marts_candidate.mart_agency__measures)
        and role_type = 'all'
),

final as (
    select
        newest.unit_name || ' ' || newest.period_label as place,
        newest.unit_level,
        max(newest.value) filter (where newest.measure = 'agency_rate_fte') as agency_rate_pct,
        case when newest.unit_level = 'london' then max(newest.value) filter (where newest.measure = 'agency_rate_fte') end
            as london_rate_pct,
        max(newest.change_on_quarter) filter (where newest.measure = 'agency_rate_fte') as change_points,
        max(newest.value) filter (where newest.measure = 'monthly_cost_gbp')
        / nullif(max(newest.value) filter (where newest.measure = 'active_fte'), 0) as cost_per_fte_gbp
    from newest
    group by newest.unit_name, newest.unit_level, newest.period_label
    having count(newest.value) filter (where newest.measure = 'agency_rate_fte') = 1
)

select * from final
order by place
