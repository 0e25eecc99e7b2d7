with cells as (
    {{ protected_cells(
        ref('cells_ep_engagements'), 'ep_engagements', 'members',
        columns=['unit_code', 'period_label', 'item', 'ep_grade', 'pay_unit', 'pqe_known'],
        measures=['pqe_median_years']
    ) }}
),

totals as (
    select * from cells
    where pay_unit = 'all'
),

-- What is told of the engagements is shown of all grades of an area or of London: elsewhere it would be of a handful.
told as (
    select
        unit_code,
        period_label,
        'all' as ep_grade,
        max(protected_count) filter (where item = 'remote') as remote,
        case
            when bool_or(item = 'remote') then max(protected_status) filter (where item = 'remote')
            else 'z'
        end as remote_status,
        max(protected_count) filter (where item = 'hcpc_registered') as hcpc_registered,
        case
            when bool_or(item = 'hcpc_registered') then max(protected_status) filter (where item = 'hcpc_registered')
            else 'z'
        end as hcpc_registered_status,
        max(protected_count) filter (where item = 'pqe_known') as pqe_known,
        case
            when bool_or(item = 'pqe_known') then max(protected_status) filter (where item = 'pqe_known')
            else 'z'
        end as pqe_known_status
    from cells
    where item in ('remote', 'hcpc_registered', 'pqe_known')
    group by unit_code, period_label
),

places as (
    select * from {{ ref('int_ep__places') }}
    where record = 'agency_use'
),

grades as (
    select ep_grade, ep_grade_label, ep_grade_order from {{ ref('ep_grades') }}
    union all
    select 'all' as ep_grade, 'All grades' as ep_grade_label, 0 as ep_grade_order
),

put_together as (
    select
        totals.unit_code,
        totals.period_label,
        totals.ep_grade,
        totals.protected_count as engagements,
        totals.protected_status as engagements_status,
        told.remote,
        told.hcpc_registered,
        told.pqe_known,
        case when told.unit_code is null then 'z' else told.remote_status end as remote_status,
        case when told.unit_code is null then 'z' else told.hcpc_registered_status end
            as hcpc_registered_status,
        case when told.unit_code is null then 'z' else told.pqe_known_status end as pqe_known_status,
        totals.protected_pqe_median_years as pqe_median_years,
        case
            when places.unit_level = 'authority' then 'z'
            when totals.protected_status is not null then totals.protected_status
            when totals.protected_count = 0 then 'z'
            when totals.pqe_known < {{ disclosure_parameter('members', 'minimum_group_for_averages') }} then 'c'
        end as pqe_median_status,
        places.unit_name,
        places.unit_level,
        places.calendar_label,
        places.period_start,
        places.period_end,
        places.units_counted,
        places.units_expected,
        places.is_synthetic
    from totals
    inner join places on totals.unit_code = places.unit_code and totals.period_label = places.period_label
    left join told
        on
            totals.unit_code = told.unit_code
            and totals.period_label = told.period_label
            and totals.ep_grade = told.ep_grade
),

final as (
    select
        put_together.unit_code,
        put_together.unit_name,
        put_together.unit_level,
        put_together.period_label,
        put_together.calendar_label,
        put_together.period_start,
        put_together.period_end,
        put_together.ep_grade,
        grades.ep_grade_label,
        grades.ep_grade_order::integer as ep_grade_order,
        put_together.engagements,
        put_together.engagements_status,
        put_together.remote,
        put_together.remote_status,
        {{ share_pct('put_together.remote', 'put_together.engagements') }} as remote_pct,
        {{ share_status(
            'put_together.remote_status', 'put_together.engagements_status', 'put_together.engagements'
        ) }} as remote_pct_status,
        put_together.hcpc_registered,
        put_together.hcpc_registered_status,
        {{ share_pct('put_together.hcpc_registered', 'put_together.engagements') }} as hcpc_registered_pct,
        {{ share_status(
            'put_together.hcpc_registered_status', 'put_together.engagements_status', 'put_together.engagements'
        ) }} as hcpc_registered_pct_status,
        put_together.pqe_known,
        put_together.pqe_known_status,
        case when put_together.pqe_median_status is null then round(put_together.pqe_median_years, 1) end
            as pqe_median_years,
        put_together.pqe_median_status,
        put_together.units_counted,
        put_together.units_expected,
        {{ coverage_label('put_together.units_counted', 'put_together.units_expected') }} as coverage_label,
        put_together.is_synthetic
    from put_together
    inner join grades on put_together.ep_grade = grades.ep_grade
)

select * from final
