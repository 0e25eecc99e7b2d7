{{ config(materialized='table', tags=['disclosure_cells'], post_hook='analyze {{ this }}') }}

-- No cell is the sum of others: someone at two authorities, or in two roles, is one person of the whole.
with assignments as (
    select distinct
        unit_code,
        period_end,
        role_type,
        worker_pseudonym
    from {{ ref('int_agency__assignments') }}
    where unit_is_counted
),

place_quarters as (
    select
        unit_code,
        period_label,
        period_start,
        period_end,
        units_counted,
        units_expected,
        is_covered,
        is_synthetic
    from {{ ref('int_agency__place_quarters') }}
),

role_types as (
    select role_type from {{ ref('agency_role_types') }}
    union all
    select 'all' as role_type
),

counts as (
    select
        places.place_code,
        assignments.period_end,
        coalesce(assignments.role_type, 'all') as role_type,
        count(distinct assignments.worker_pseudonym) as people
    from assignments
    inner join {{ ref('int_agency__places') }} as places on assignments.unit_code = places.unit_code
    group by places.place_code, assignments.period_end, grouping sets ((assignments.role_type), ())
),

final as (
    select
        place_quarters.unit_code,
        place_quarters.period_label,
        place_quarters.period_start,
        place_quarters.period_end,
        role_types.role_type,
        place_quarters.period_label as table_key,
        {{ cell_key(['place_quarters.period_label', 'place_quarters.unit_code', 'role_types.role_type']) }} as cell_key,
        case when place_quarters.is_covered then coalesce(counts.people, 0)::numeric end as count_in_cell,
        case when not place_quarters.is_covered then 'x' end as count_status,
        place_quarters.units_counted,
        place_quarters.units_expected,
        place_quarters.is_synthetic
    from place_quarters
    cross join role_types
    left join counts
        on
            place_quarters.unit_code = counts.place_code
            and place_quarters.period_end = counts.period_end
            and role_types.role_type = counts.role_type
)

select * from final
