-- One row per area of the newest quarter: how many of its units are in it, and how many are enough.
with newest as (
    select distinct
        unit_name,
        period_label,
        units_counted,
        units_expected,
        coverage_label
    from marts_candidate.mart_agency__measures
    where
        period_end = (select max(period_end) from marts_candidate.mart_agency__measures)
        and unit_level <> 'authority'
        and measure = 'assignments'
        and role_type = 'all'
),

final as (
    select
        newest.unit_name || ' ' || newest.period_label as place,
        newest.coverage_label,
        newest.units_expected - newest.units_counted as units_missing,
        newest.units_counted * 100 >= newest.units_expected * products.minimum_coverage_pct as is_covered
    from newest
    cross join reference.disclosure_products as products
    where products.product = 'members'
)

select * from final
order by place
