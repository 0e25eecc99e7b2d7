-- One row per collection and period that has a window: how many of London's units the mart has.
with expected as (
    select count(*) as units from reference.reporting_units
    where unit_level = 'authority'
),

shown as (
    select
        collection,
        period_label,
        count(distinct unit_code) as units_found
    from marts_candidate.mart_returns__status
    group by collection, period_label
),

final as (
    select
        windows.collection || ' ' || windows.period_label as place,
        expected.units as units_expected,
        coalesce(shown.units_found, 0) as units_found
    from reference.return_windows as windows
    cross join expected
    left join shown on windows.collection = shown.collection and windows.period_label = shown.period_label
)

select * from final
order by place
