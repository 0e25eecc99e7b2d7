with current_release as (
    select release_id, publication_year, release_label, is_synthetic
    from {{ ref('stg_dfe_census__releases') }}
    where dataset = 'indicators' and is_current
),

area_values as (
    select
        area_code,
        census_year,
        indicator,
        value,
        value_status,
        recomputed_value,
        recomputed_status,
        recomputed_difference
    from {{ ref('int_census__current_by_area') }}
),

years as (
    select distinct census_year from area_values
),

-- Every unit, year and indicator has a row, so that a gap is seen as a gap.
matrix as (
    select
        units.unit_code,
        years.census_year,
        indicators.indicator,
        indicators.indicator_basis
    from {{ ref('dim_reporting_unit') }} as units
    cross join years
    cross join {{ ref('census_indicators') }} as indicators
),

final as (
    select
        matrix.unit_code,
        matrix.census_year,
        matrix.indicator,
        matrix.indicator_basis,
        area_values.value,
        {{ status_or_unavailable('area_values.value', 'area_values.value_status') }} as value_status,
        area_values.recomputed_value,
        case area_values.recomputed_status when 'blank' then 'x' else area_values.recomputed_status end
            as recomputed_status,
        area_values.recomputed_difference,
        unit_rows.unit_row_status,
        current_release.release_id,
        current_release.publication_year,
        current_release.release_label,
        current_release.is_synthetic
    from matrix
    cross join current_release
    inner join {{ ref('int_census__unit_rows_checked') }} as unit_rows
        on matrix.unit_code = unit_rows.unit_code and matrix.census_year = unit_rows.census_year
    left join area_values
        on
            matrix.unit_code = area_values.area_code
            and matrix.census_year = area_values.census_year
            and matrix.indicator = area_values.indicator
)

select * from final
