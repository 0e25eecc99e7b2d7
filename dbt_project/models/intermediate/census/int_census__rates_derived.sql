with published as (
    select area_code, census_year, indicator, value, value_status
    from {{ ref('int_census__indicators_by_area') }}
    where is_current
),

rates as (
    select indicator, numerator, denominator, denominator_adds_numerator, uses_working_days, scale, decimals
    from {{ ref('census_indicators') }}
    where indicator_basis = 'derived'
),

unit_members as (
    select authority_code, unit_code, authorities_in_unit from {{ ref('bridge_authority_reporting_unit') }}
),

-- A joint unit has the children of all its authorities, or no figure where one of them is not known.
population as (
    select
        coalesce(unit_members.unit_code, children.area_code) as area_code,
        children.mid_year as census_year,
        sum(children.children_0_to_17) as children
    from {{ ref('child_population') }} as children
    left join unit_members on children.area_code = unit_members.authority_code
    group by coalesce(unit_members.unit_code, children.area_code), children.mid_year
    having count(*) = coalesce(max(unit_members.authorities_in_unit), 1)
),

areas as (
    select distinct area_code, census_year from published
),

inputs as (
    select area_code, census_year, indicator, value, value_status
    from published
    union all
    select
        areas.area_code,
        areas.census_year,
        'children_0_to_17' as indicator,
        population.children as value,
        case when population.children is null then 'x' end as value_status
    from areas
    left join population on areas.area_code = population.area_code and areas.census_year = population.census_year
),

divided as (
    select
        numerators.area_code,
        numerators.census_year,
        rates.indicator,
        rates.decimals,
        numerators.value_status as numerator_status,
        denominators.value_status as denominator_status,
        {{ rate_divisor('numerators.value', 'denominators.value', 'rates', 'numerators.census_year') }} as divisor,
        numerators.value * rates.scale
        / {{ rate_divisor('numerators.value', 'denominators.value', 'rates', 'numerators.census_year') }} as rate
    from rates
    inner join inputs as numerators on rates.numerator = numerators.indicator
    inner join inputs as denominators
        on
            rates.denominator = denominators.indicator
            and numerators.area_code = denominators.area_code
            and numerators.census_year = denominators.census_year
),

final as (
    select
        area_code,
        census_year,
        indicator,
        trim_scale(round(rate, decimals)) as value,
        {{ rate_status('numerator_status', 'denominator_status', 'divisor') }} as value_status
    from divided
)

select * from final
