-- One row per unit or area and census year: how much of it has returned, and how much it needs.
with members as (
    select
        unit_code,
        census_year,
        count(*) filter (where has_returned) as units_counted,
        count(*) as units_expected
    from intermediate.int_census_returns__members
    group by unit_code, census_year
),

final as (
    select
        units.unit_level,
        units.unit_name || ' ' || members.census_year as place,
        round(100.0 * members.units_counted / members.units_expected, 1) as coverage_pct,
        coalesce(
            100 * members.units_counted >= products.minimum_coverage_pct * members.units_expected, false
        ) as is_enough
    from members
    inner join reference.reporting_units as units on members.unit_code = units.unit_code
    cross join (
        select minimum_coverage_pct from reference.disclosure_products
        where product = 'members'
    ) as products
)

select * from final
order by place
