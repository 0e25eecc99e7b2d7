-- One row per London reporting unit and census year of the mart: is the unit there, and are its figures its own?
with years as (
    select distinct census_year from marts_candidate.mart_census__indicators
),

units as (
    select unit_code, unit_name
    from reference.reporting_units
    where unit_level = 'authority'
),

found as (
    select
        unit_code,
        census_year,
        count(*) as mart_rows,
        min(unit_row_status) as unit_row_status
    from marts_candidate.mart_census__indicators
    group by unit_code, census_year
),

role_years as (
    select distinct census_year from marts_candidate.mart_census__role_by_ethnicity
),

found_by_role as (
    select
        unit_code,
        census_year,
        count(headcount) as headcounts
    from marts_candidate.mart_census__role_by_ethnicity
    group by unit_code, census_year
),

final as (
    select
        units.unit_code,
        units.unit_name || ' ' || years.census_year as place,
        coalesce(found.mart_rows, 0) as mart_rows,
        found.unit_row_status,
        -- Null for a year that role by ethnicity does not cover.
        case when role_years.census_year is not null then coalesce(found_by_role.headcounts, 0) end as role_headcounts
    from units
    cross join years
    left join found on units.unit_code = found.unit_code and years.census_year = found.census_year
    left join role_years on years.census_year = role_years.census_year
    left join found_by_role
        on units.unit_code = found_by_role.unit_code and years.census_year = found_by_role.census_year
)

select * from final
order by place
