-- One row per collection, period and indicator of the benchmark: the fewest units any of its categories has.
with per_category as (
    select
        collection,
        period_label,
        indicator,
        category,
        count(*) as units
    from marts_candidate.mart_member__benchmark
    group by collection, period_label, indicator, category
),

expected as (
    select count(*) as units from reference.reporting_units
    where unit_level = 'authority'
),

final as (
    select
        per_category.collection,
        per_category.period_label,
        per_category.indicator,
        min(per_category.units - expected.units)::integer as units_more_or_less
    from per_category
    cross join expected
    group by per_category.collection, per_category.period_label, per_category.indicator
)

select * from final
order by collection, period_label, indicator
