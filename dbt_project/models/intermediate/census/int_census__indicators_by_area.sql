{{ config(
    materialized='table',
    indexes=[{'columns': ['is_current', 'indicator', 'census_year']}],
    post_hook='analyze {{ this }}'
) }}

with releases as (
    select release_id, is_current from {{ ref('stg_dfe_census__releases') }}
),

cells as (
    select release_id, source_row, census_year, area_level, area_code, region_code, indicator, value, value_status
    from {{ ref('stg_dfe_census__indicators') }}
    where area_code is not null
),

units as (
    select authority_code, unit_code from {{ ref('bridge_authority_reporting_unit') }}
),

-- The 2022 layout has a row for each half of a joint unit: the figures in one, symbols throughout in the other.
placed as (
    select
        cells.release_id,
        releases.is_current,
        coalesce(units.unit_code, cells.area_code) as area_code,
        cells.area_level,
        cells.region_code,
        cells.census_year,
        cells.indicator,
        cells.value,
        cells.value_status,
        cells.source_row,
        count(cells.value) over (partition by cells.release_id, cells.source_row) as numbers_in_row
    from cells
    inner join releases on cells.release_id = releases.release_id
    left join units on cells.area_code = units.authority_code
),

final as (
    select distinct on (release_id, area_code, census_year, indicator)
        release_id,
        area_code,
        census_year,
        indicator,
        area_level,
        region_code,
        is_current,
        value,
        value_status,
        source_row
    from placed
    order by release_id asc, area_code asc, census_year asc, indicator asc, numbers_in_row desc, source_row asc
)

select * from final
