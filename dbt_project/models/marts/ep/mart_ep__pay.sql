with cells as (
    {{ protected_cells(
        ref('cells_ep_engagements'), 'ep_engagements', 'members',
        columns=['unit_code', 'period_label', 'ep_grade', 'pay_unit'],
        measures=['mean_gbp', 'median_gbp', 'lower_quartile_gbp', 'upper_quartile_gbp']
    ) }}
),

places as (
    select * from {{ ref('int_ep__places') }}
    where record = 'agency_use' and unit_level = 'london'
),

grades as (
    select ep_grade, ep_grade_label, ep_grade_order from {{ ref('ep_grades') }}
    union all
    select 'all' as ep_grade, 'All grades' as ep_grade_label, 0 as ep_grade_order
),

by_grade as (
    select
        *,
        max(protected_count) filter (where ep_grade = 'all') over (partition by unit_code, period_label, pay_unit)
            as engagements_of_all_grades
    from cells
    where pay_unit <> 'all' and ep_grade is not null
),

judged as (
    select
        *,
        case
            when protected_status is not null then protected_status
            when protected_count = 0 then 'z'
            when protected_count < {{ disclosure_parameter('members', 'minimum_group_for_averages') }} then 'c'
        end as median_status,
        case
            when protected_status is not null then protected_status
            when protected_count = 0 then 'z'
            when protected_count < {{ disclosure_parameter('members', 'minimum_group_for_quartiles') }} then 'c'
        end as quartile_status,
        -- A grade's mean beside that of all grades gives away the mean of the other grades.
        coalesce(engagements_of_all_grades - protected_count, 0) between 1
        and {{ disclosure_parameter('members', 'minimum_group_for_averages') }} - 1 as leaves_too_few
    from by_grade
),

averaged as (
    select
        *,
        case when median_status is null and leaves_too_few then 'c' else median_status end as mean_status
    from judged
),

final as (
    select
        places.unit_code,
        places.unit_name,
        places.unit_level,
        places.period_label,
        places.calendar_label,
        places.period_start,
        places.period_end,
        averaged.ep_grade,
        grades.ep_grade_label,
        grades.ep_grade_order::integer as ep_grade_order,
        averaged.pay_unit,
        case averaged.pay_unit
            when 'HOUR' then 'Per hour'
            when 'DAY' then 'Per day'
            when 'PER_ADVICE' then 'Per piece of statutory advice'
        end as pay_unit_label,
        averaged.protected_count as engagements,
        averaged.protected_status as engagements_status,
        case when averaged.mean_status is null then round(averaged.protected_mean_gbp, 2) end as mean_gbp,
        averaged.mean_status,
        case when averaged.median_status is null then round(averaged.protected_median_gbp, 2) end as median_gbp,
        averaged.median_status,
        case when averaged.quartile_status is null then round(averaged.protected_lower_quartile_gbp, 2) end
            as lower_quartile_gbp,
        case when averaged.quartile_status is null then round(averaged.protected_upper_quartile_gbp, 2) end
            as upper_quartile_gbp,
        averaged.quartile_status,
        places.units_counted,
        places.units_expected,
        {{ coverage_label('places.units_counted', 'places.units_expected') }} as coverage_label,
        places.is_synthetic
    from averaged
    inner join places on averaged.unit_code = places.unit_code and averaged.period_label = places.period_label
    inner join grades on averaged.ep_grade = grades.ep_grade
)

select * from final
