-- One row per area above the authorities and census year of the mart: how many of its figures are numbers,
-- and how many of its rates could be recomputed.
with years as (
    select distinct census_year from marts_candidate.mart_census__indicators
),

areas as (
    select unit_code, unit_name, unit_level
    from reference.reporting_units
    where unit_level <> 'authority'
),

found as (
    select
        unit_code,
        census_year,
        count(value) as numbers,
        count(recomputed_value) as rates_recomputed
    from marts_candidate.mart_census__indicators
    group by unit_code, census_year
),

final as (
    select
        areas.unit_code,
        areas.unit_level,
        areas.unit_name || ' ' || years.census_year as place,
        coalesce(found.numbers, 0) as numbers,
        coalesce(found.rates_recomputed, 0) as rates_recomputed
    from areas
    cross join years
    left join found on areas.unit_code = found.unit_code and years.census_year = found.census_year
)

select * from final
order by place
