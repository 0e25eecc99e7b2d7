with authorities as (
    select authority_code, dfe_code, authority_name, liia_code, unit_code from {{ ref('authorities') }}
),

units as (
    select unit_code, unit_name, inner_outer_code from {{ ref('reporting_units') }}
),

final as (
    select
        authorities.authority_code,
        authorities.authority_name,
        authorities.dfe_code::text as dfe_code,
        authorities.liia_code,
        authorities.unit_code,
        units.unit_name,
        units.inner_outer_code,
        inner_outer.unit_name as inner_outer_name
    from authorities
    inner join units on authorities.unit_code = units.unit_code
    inner join units as inner_outer on units.inner_outer_code = inner_outer.unit_code
)

select * from final
