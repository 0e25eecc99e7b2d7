with area_values as (
    select area_code, census_year, indicator, value
    from {{ ref('int_census__current_by_area') }}
    where area_level = 'local authority'
),

-- A joint area's row stands for each of its authorities.
areas as (
    select distinct
        area_code,
        census_year,
        unnest(string_to_array(area_code, ' / ')) as authority_code
    from area_values
),

-- One model for every census year, so that a trend compares with one group of neighbours.
neighbours as (
    select
        authority_code,
        neighbour_authority_code,
        model_year = max(model_year) over () as is_newest
    from {{ ref('statistical_neighbours') }}
),

-- A joint unit's neighbours are those of all its authorities, each once, and never itself.
pairs as (
    select distinct
        units.unit_code,
        areas.census_year,
        areas.area_code as neighbour_area_code
    from neighbours
    inner join {{ ref('bridge_authority_reporting_unit') }} as units
        on neighbours.authority_code = units.authority_code
    inner join areas on neighbours.neighbour_authority_code = areas.authority_code
    where neighbours.is_newest and areas.area_code <> units.unit_code
),

final as (
    select
        pairs.unit_code,
        pairs.census_year,
        area_values.indicator,
        trim_scale(round(percentile_cont(0.5) within group (order by area_values.value)::numeric, 2))
            as neighbours_median,
        count(area_values.value)::integer as neighbours_counted
    from pairs
    inner join area_values
        on pairs.neighbour_area_code = area_values.area_code and pairs.census_year = area_values.census_year
    group by pairs.unit_code, pairs.census_year, area_values.indicator
)

select * from final
