-- Kingston and Richmond are one unit: one row of a release has its figures. If a release ever has figures for each of
-- them, taking one row would lose the other's, so the build stops here and a person decides.
with rows_with_figures as (
    select
        cells.release_id,
        cells.census_year,
        units.unit_code,
        cells.source_row
    from {{ ref('stg_dfe_census__indicators') }} as cells
    inner join {{ ref('bridge_authority_reporting_unit') }} as units on cells.area_code = units.authority_code
    where units.authorities_in_unit > 1 and cells.value is not null
    group by cells.release_id, cells.census_year, units.unit_code, cells.source_row
),

final as (
    select
        release_id,
        census_year,
        unit_code,
        count(*) as rows_found
    from rows_with_figures
    group by release_id, census_year, unit_code
    having count(*) > 1
)

select * from final
