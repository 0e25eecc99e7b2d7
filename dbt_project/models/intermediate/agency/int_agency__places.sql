{{ config(materialized='table', post_hook='analyze {{ this }}') }}

-- A unit counts for itself, in Inner or Outer London, and in London.
with units as (
    select unit_code, unit_level, inner_outer_code
    from {{ ref('dim_reporting_unit') }}
    where unit_level in ('authority', 'inner_outer', 'london')
),

final as (
    select
        places.unit_code as place_code,
        places.unit_level as place_level,
        members.unit_code
    from units as members
    inner join units as places
        on
            members.unit_code = places.unit_code
            or members.inner_outer_code = places.unit_code
            or places.unit_level = 'london'
    where members.unit_level = 'authority'
)

select * from final
