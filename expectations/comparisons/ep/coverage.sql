-- One row per mart, area and quarter: how much of it has sent.
with figures as (
    select
        'establishment' as mart,
        unit_name,
        unit_level,
        period_label,
        coverage_label,
        headcount_status as status
    from marts_candidate.mart_ep__establishment
    where ep_grade = 'all'
    union all
    select 'agency' as mart, unit_name, unit_level, period_label, coverage_label, engagements_status as status
    from marts_candidate.mart_ep__agency
    where ep_grade = 'all'
),

final as (
    select
        mart || ' ' || unit_name || ' ' || period_label as place,
        coverage_label,
        status is distinct from 'x' as is_covered
    from figures
    where unit_level in ('inner_outer', 'london')
)

select * from final
order by place
