{{ config(materialized='table', post_hook='analyze {{ this }}') }}

with years as (
    select
        census_year,
        bool_or(is_synthetic) as is_synthetic
    from {{ ref('int_returns__census_measures') }}
    group by census_year
),

returned as (
    select unit_code, census_year from {{ ref('int_returns__census_measures') }}
),

units as (
    select unit_code, unit_level, inner_outer_code
    from {{ ref('dim_reporting_unit') }}
    where unit_level in ('authority', 'inner_outer', 'london')
),

-- A unit counts for itself, in Inner or Outer London, and in London.
final as (
    select
        areas.unit_code,
        years.census_year,
        members.unit_code as member_code,
        returned.unit_code is not null as has_returned,
        years.is_synthetic
    from units as members
    inner join units as areas
        on
            members.unit_code = areas.unit_code
            or members.inner_outer_code = areas.unit_code
            or areas.unit_level = 'london'
    cross join years
    left join returned
        on
            members.unit_code = returned.unit_code
            and years.census_year = returned.census_year
    where members.unit_level = 'authority'
)

select * from final
