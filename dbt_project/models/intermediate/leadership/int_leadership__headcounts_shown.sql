{{ config(materialized='table', post_hook='analyze {{ this }}') }}

{%- set cell_columns = [
    'unit_code', 'as_at_year', 'tier', 'ethnic_group', 'units_counted', 'units_expected', 'is_synthetic'
] %}

with units as (
    select unit_code, unit_level from {{ ref('dim_reporting_unit') }}
),

published as (
    select
        unit_code,
        as_at_year,
        tier,
        ethnic_group,
        headcount,
        headcount_status,
        is_carried_forward,
        units_counted,
        units_expected,
        is_synthetic
    from {{ ref('int_leadership__published_headcounts') }}
),

for_members as (
    {{ protected_cells(ref('cells_leadership_headcount'), 'leadership_headcount', 'members', cell_columns) }}
),

for_the_public as (
    {{ protected_cells(ref('cells_leadership_headcount'), 'leadership_headcount', 'public', cell_columns) }}
),

returned as (
    select
        'members' as product,
        for_members.*,
        units.unit_level = 'authority'
        or {{ is_covered('for_members.units_counted', 'for_members.units_expected', 'members') }} as is_covered
    from for_members
    inner join units on for_members.unit_code = units.unit_code
    union all
    -- The public sees no single unit's returns.
    select
        'public' as product,
        for_the_public.*,
        {{ is_covered('for_the_public.units_counted', 'for_the_public.units_expected', 'public') }} as is_covered
    from for_the_public
    inner join units on for_the_public.unit_code = units.unit_code
    where units.unit_level <> 'authority'
),

final as (
    select
        'published' as product,
        'dfe' as source,
        unit_code,
        as_at_year,
        tier,
        ethnic_group,
        headcount,
        headcount_status,
        is_carried_forward,
        -- Five groups allow no other definition.
        'gm_not_white' as gm_definition,
        units_counted,
        units_expected,
        is_synthetic
    from published
    union all
    select
        product,
        'returns' as source,
        unit_code,
        as_at_year,
        tier,
        ethnic_group,
        case when is_covered then protected_count end as headcount,
        case when is_covered then protected_status else 'x' end as headcount_status,
        false as is_carried_forward,
        '{{ var('global_majority_definition', 'gm_not_white') }}' as gm_definition,
        units_counted,
        units_expected,
        is_synthetic
    from returned
)

select * from final
