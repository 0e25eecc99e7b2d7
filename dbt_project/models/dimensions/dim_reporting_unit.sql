with units as (
    select
        unit_code,
        unit_name,
        unit_short_name,
        unit_level,
        dfe_code,
        inner_outer_code,
        region_code as parent_unit_code,
        grid_row,
        grid_column,
        is_very_small
    from {{ ref('reporting_units') }}
),

members as (
    select
        unit_code,
        count(*)::integer as authorities_in_unit,
        string_agg(authority_name, ' and ' order by authority_code) as authority_names
    from {{ ref('authorities') }}
    group by unit_code
),

final as (
    select
        units.unit_code,
        units.unit_name,
        units.unit_short_name,
        units.unit_level,
        units.dfe_code,
        units.inner_outer_code,
        inner_outer.unit_name as inner_outer_name,
        units.parent_unit_code,
        units.grid_row,
        units.grid_column,
        units.is_very_small,
        members.authorities_in_unit,
        members.authority_names
    from units
    left join units as inner_outer on units.inner_outer_code = inner_outer.unit_code
    left join members on units.unit_code = members.unit_code
)

select * from final
