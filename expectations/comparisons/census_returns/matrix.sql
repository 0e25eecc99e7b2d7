-- One row per mart and census year: the rows it has, and those of every unit, area and combination it should have.
with years as (
    select distinct census_year from intermediate.int_census_returns__members
),

units as (
    select
        count(*) as units,
        count(*) filter (where unit_level <> 'authority') as areas
    from reference.reporting_units
    where unit_level in ('authority', 'inner_outer', 'london')
),

expected as (
    select
        'mart_census__from_returns' as table_name,
        units.units * (
            select count(*) from reference.census_indicators
            where indicator_basis = 'published'
        ) as rows_expected
    from units
    union all
    select
        'mart_census__breakdowns' as table_name,
        sum(case when categories.is_for_units then units.units else units.areas end) as rows_expected
    from intermediate.int_census_returns__categories as categories
    cross join units
    union all
    select
        'mart_census__pay' as table_name,
        units.units * 3 * (
            select count(*) from intermediate.int_census_returns__categories
            where measure = 'in_post' and breakdown in ('all', 'role')
        ) as rows_expected
    from units
    union all
    select
        'mart_census__allowances' as table_name,
        units.units * 8 as rows_expected
    from units
),

found as (
    select 'mart_census__from_returns' as table_name, census_year, count(*) as rows_found
    from marts_candidate.mart_census__from_returns
    group by census_year
    union all
    select 'mart_census__breakdowns' as table_name, census_year, count(*) as rows_found
    from marts_candidate.mart_census__breakdowns
    group by census_year
    union all
    select 'mart_census__pay' as table_name, census_year, count(*) as rows_found
    from marts_candidate.mart_census__pay
    group by census_year
    union all
    select 'mart_census__allowances' as table_name, census_year, count(*) as rows_found
    from marts_candidate.mart_census__allowances
    group by census_year
),

final as (
    select
        expected.table_name,
        expected.table_name || ' ' || years.census_year as place,
        coalesce(found.rows_found, 0) - expected.rows_expected as difference
    from expected
    cross join years
    left join found on expected.table_name = found.table_name and years.census_year = found.census_year
)

select * from final
order by place
