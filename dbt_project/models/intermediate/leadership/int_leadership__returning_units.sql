{{ config(materialized='table', post_hook='analyze {{ this }}') }}

with submissions as (
    select
        unit_code,
        authorities_covered,
        is_synthetic,
        extract(year from period_end)::integer as as_at_year
    from {{ ref('stg_returns__submissions') }}
    where collection = 'leadership_in_colour'
),

years as (
    select
        as_at_year,
        bool_or(is_synthetic) as is_synthetic
    from submissions
    group by as_at_year
),

authorities_in_unit as (
    select distinct unit_code, authorities_in_unit from {{ ref('bridge_authority_reporting_unit') }}
),

units as (
    select unit_code, inner_outer_code, parent_unit_code
    from {{ ref('dim_reporting_unit') }}
    where unit_level = 'authority'
),

received as (
    select
        unit_code,
        as_at_year,
        sum(authorities_covered) as authorities_covered
    from submissions
    group by unit_code, as_at_year
),

-- The areas each unit is counted in: itself, its half of London, and London.
final as (
    select
        units.unit_code,
        years.as_at_year,
        areas.area_code,
        coalesce(received.authorities_covered >= authorities_in_unit.authorities_in_unit, false) as has_returned,
        years.is_synthetic
    from units
    cross join years
    cross join unnest(array[units.unit_code, units.inner_outer_code, units.parent_unit_code]) as areas (area_code)
    inner join authorities_in_unit on units.unit_code = authorities_in_unit.unit_code
    left join received on units.unit_code = received.unit_code and years.as_at_year = received.as_at_year
)

select * from final
