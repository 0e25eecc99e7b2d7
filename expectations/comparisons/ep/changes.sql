-- One row per unit or area, quarter and figure that was large enough the quarter before: as a multiple of it.
with figures as (
    select unit_name, period_label, period_start, 'headcount' as field, headcount as value
    from marts_candidate.mart_ep__establishment
    where ep_grade = 'all'
    union all
    select unit_name, period_label, period_start, 'engagements' as field, engagements as value
    from marts_candidate.mart_ep__agency
    where ep_grade = 'all'
),

beside as (
    select
        field,
        unit_name || ' ' || period_label as place,
        value,
        period_start,
        lag(value) over (
            partition by field, unit_name
            order by period_start
        ) as value_before,
        lag(period_start) over (
            partition by field, unit_name
            order by period_start
        ) as period_before
    from figures
),

final as (
    select
        field,
        place,
        value,
        value_before,
        value / value_before as times_last_quarter
    from beside
    where value is not null and value_before >= 10 and period_before = period_start - interval '3 months'
)

select * from final
order by place, field
