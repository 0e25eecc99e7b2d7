{{ config(materialized='table', tags=['disclosure_cells'], post_hook='analyze {{ this }}') }}

-- The other headcounts of the census stand in cells_census_breakdowns: each count is decided on in one place only.
with headcounts as (
    select unit_code, census_year, measure, headcount, headcount_status, units_counted, units_expected, is_synthetic
    from {{ ref('int_census_returns__headcounts') }}
    where measure in ('agency', 'case_holders')
),

published as (
    select unit_code, census_year, measure from {{ ref('int_census_returns__already_public') }}
    where breakdown = 'all'
),

final as (
    select
        headcounts.unit_code,
        headcounts.census_year,
        headcounts.measure,
        headcounts.census_year::text as table_key,
        {{ cell_key(['headcounts.census_year', 'headcounts.unit_code', 'headcounts.measure']) }} as cell_key,
        headcounts.headcount as count_in_cell,
        headcounts.headcount_status as count_status,
        published.unit_code is not null as is_already_public,
        headcounts.units_counted::integer as units_counted,
        headcounts.units_expected::integer as units_expected,
        headcounts.is_synthetic
    from headcounts
    left join published
        on
            headcounts.unit_code = published.unit_code
            and headcounts.census_year = published.census_year
            and headcounts.measure = published.measure
)

select * from final
