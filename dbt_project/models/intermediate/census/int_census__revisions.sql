{{ config(materialized='table') }}

with releases as (
    select release_id, publication_year, release_sequence, is_synthetic
    from {{ ref('stg_dfe_census__releases') }}
    where dataset = 'indicators'
),

pairs as (
    select
        earlier.release_id as from_release_id,
        earlier.publication_year as from_publication_year,
        later.release_id as to_release_id,
        later.publication_year as to_publication_year,
        later.is_synthetic
    from releases as earlier
    inner join releases as later on earlier.release_sequence + 1 = later.release_sequence
),

cells as (
    select release_id, area_code, area_level, census_year, indicator, value, value_status
    from {{ ref('int_census__indicators_by_area') }}
),

covered as (
    select distinct release_id, census_year, indicator from cells
),

-- A year or an indicator that only one of the two releases has is new (or dropped), not revised.
comparable as (
    select
        pairs.from_release_id,
        pairs.to_release_id,
        earlier.census_year,
        earlier.indicator
    from pairs
    inner join covered as earlier on pairs.from_release_id = earlier.release_id
    inner join covered as later
        on
            pairs.to_release_id = later.release_id
            and earlier.census_year = later.census_year
            and earlier.indicator = later.indicator
),

earlier_cells as (
    select
        comparable.to_release_id,
        cells.area_code,
        cells.area_level,
        cells.census_year,
        cells.indicator,
        cells.value,
        cells.value_status
    from cells
    inner join comparable
        on
            cells.release_id = comparable.from_release_id
            and cells.census_year = comparable.census_year
            and cells.indicator = comparable.indicator
),

later_cells as (
    select
        comparable.to_release_id,
        cells.area_code,
        cells.area_level,
        cells.census_year,
        cells.indicator,
        cells.value,
        cells.value_status
    from cells
    inner join comparable
        on
            cells.release_id = comparable.to_release_id
            and cells.census_year = comparable.census_year
            and cells.indicator = comparable.indicator
),

compared as (
    select
        coalesce(later_cells.to_release_id, earlier_cells.to_release_id) as to_release_id,
        coalesce(later_cells.area_code, earlier_cells.area_code) as area_code,
        coalesce(later_cells.area_level, earlier_cells.area_level) as area_level,
        coalesce(later_cells.census_year, earlier_cells.census_year) as census_year,
        coalesce(later_cells.indicator, earlier_cells.indicator) as indicator,
        earlier_cells.value as from_value,
        earlier_cells.value_status as from_status,
        later_cells.value as to_value,
        later_cells.value_status as to_status,
        case
            when earlier_cells.area_code is null then 'appeared'
            when later_cells.area_code is null then 'disappeared'
            when earlier_cells.value <> later_cells.value then 'value_changed'
            when earlier_cells.value is not null and later_cells.value is null then 'number_to_symbol'
            when earlier_cells.value is null and later_cells.value is not null then 'symbol_to_number'
            when earlier_cells.value_status <> later_cells.value_status then 'symbol_changed'
        end as change_kind
    from earlier_cells
    full outer join later_cells
        on
            earlier_cells.to_release_id = later_cells.to_release_id
            and earlier_cells.area_code = later_cells.area_code
            and earlier_cells.census_year = later_cells.census_year
            and earlier_cells.indicator = later_cells.indicator
),

final as (
    select
        pairs.from_release_id,
        compared.to_release_id,
        compared.area_code,
        compared.census_year,
        compared.indicator,
        compared.area_level,
        pairs.from_publication_year,
        pairs.to_publication_year,
        compared.from_value,
        compared.from_status,
        compared.to_value,
        compared.to_status,
        compared.to_value - compared.from_value as change,
        compared.change_kind,
        pairs.is_synthetic
    from compared
    inner join pairs on compared.to_release_id = pairs.to_release_id
    where compared.change_kind is not null
)

select * from final
