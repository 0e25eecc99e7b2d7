-- One row per collection, period and indicator of authorities' own figures: units without a row for the whole, and
-- figures withheld that should not be.
with expected as (
    select count(*) as units from reference.reporting_units
    where unit_level = 'authority'
),

final as (
    select
        own.collection,
        own.period_label,
        own.indicator,
        max(expected.units)::integer - (count(*) filter (where own.breakdown = 'all'))::integer as units_lost,
        -- Pay of two or three people is theirs, not the authority's figure.
        (count(*) filter (where own.value_status = 'c' and own.indicator !~ '(quartile|median)_gbp$'))::integer as withheld
    from restricted_candidate.mart_member__own_figures as own
    cross join expected
    where own.breakdown = 'all' or own.value_status = 'c'
    group by own.collection, own.period_label, own.indicator
)

select * from final
order by collection, period_label, indicator
