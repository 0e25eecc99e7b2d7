-- One row per area of the newest quarter: the percentage of its units that sent, and the least that is enough.
with newest as (
    select max(period_end) as period_end from marts_candidate.mart_agency__compliance
),

final as (
    select distinct
        figures.unit_name || ' ' || figures.period_label as place,
        100.0 * figures.units_counted / figures.units_expected - products.minimum_coverage_pct as over_the_minimum,
        figures.coverage_label as coverage
    from marts_candidate.mart_agency__compliance as figures
    inner join newest on figures.period_end = newest.period_end
    cross join reference.disclosure_products as products
    where figures.unit_level <> 'authority' and products.product = 'members'
)

select * from final
order by place
