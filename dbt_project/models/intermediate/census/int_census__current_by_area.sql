{{ config(materialized='table', post_hook='analyze {{ this }}') }}

with published as (
    select area_code, area_level, census_year, indicator, value, value_status
    from {{ ref('int_census__indicators_by_area') }}
    where is_current
),

-- An area has one level in a year, whichever its indicators.
areas as (
    select distinct area_code, area_level, census_year from published
),

derived as (
    select
        derived.area_code,
        areas.area_level,
        derived.census_year,
        derived.indicator,
        derived.value,
        derived.value_status
    from {{ ref('int_census__rates_derived') }} as derived
    inner join areas on derived.area_code = areas.area_code and derived.census_year = areas.census_year
),

all_values as (
    select area_code, area_level, census_year, indicator, value, value_status from published
    union all
    select area_code, area_level, census_year, indicator, value, value_status from derived
),

final as (
    select
        all_values.area_code,
        all_values.census_year,
        all_values.indicator,
        all_values.area_level,
        all_values.value,
        all_values.value_status,
        recomputed.recomputed_value,
        recomputed.recomputed_status,
        recomputed.recomputed_value - all_values.value as recomputed_difference,
        recomputed.authorities_left_out
    from all_values
    left join {{ ref('int_census__rates_recomputed') }} as recomputed
        on
            all_values.area_code = recomputed.area_code
            and all_values.census_year = recomputed.census_year
            and all_values.indicator = recomputed.indicator
)

select * from final
