{{ config(materialized='table') }}

with returned as (
    select unit_code, census_year, indicator, value, value_status, units_counted, units_expected, is_synthetic
    from {{ ref('int_returns__census_indicators') }}
),

published as (
    select area_code, census_year, indicator, value, value_status
    from {{ ref('int_census__current_by_area') }}
),

-- Invented returns are compared with the invented publication only, real ones with DfE's.
releases as (
    select is_synthetic from {{ ref('stg_dfe_census__releases') }}
    where is_current and dataset = 'indicators'
),

registry as (
    select indicator, decimals from {{ ref('census_indicators') }}
),

compared as (
    select
        returned.unit_code,
        returned.census_year,
        returned.indicator,
        published.value as published_value,
        published.value_status as published_status,
        returned.value as returns_value,
        returned.value_status as returns_status,
        returned.value - published.value as returns_difference,
        -- Published figures are rounded half up, so the figure behind one is at most half its last decimal away.
        0.5 * power(10::numeric, -registry.decimals) as half_a_decimal,
        returned.units_counted,
        returned.units_expected,
        returned.is_synthetic
    from returned
    inner join releases on returned.is_synthetic = releases.is_synthetic
    inner join published
        on
            returned.unit_code = published.area_code
            and returned.census_year = published.census_year
            and returned.indicator = published.indicator
    inner join registry on returned.indicator = registry.indicator
),

final as (
    select
        unit_code,
        census_year,
        indicator,
        published_value,
        published_status,
        returns_value,
        returns_status,
        trim_scale(returns_difference) as returns_difference,
        case
            when returns_difference is not null then abs(returns_difference) <= half_a_decimal
            -- More than nothing, but published as `low` because it rounds to nothing.
            when published_status = 'low' and returns_value is not null
                then returns_value > 0 and returns_value < half_a_decimal
            when returns_status = published_status then true
        end as is_within_rounding,
        units_counted,
        units_expected,
        is_synthetic
    from compared
)

select * from final
