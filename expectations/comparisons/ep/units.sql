-- One row per mart and quarter: how many rows of one London unit there should be, and are.
with shown as (
    select 'establishment' as mart, period_label, unit_code, unit_level
    from marts_candidate.mart_ep__establishment
    where ep_grade = 'all'
    union all
    select 'agency' as mart, period_label, unit_code, unit_level
    from marts_candidate.mart_ep__agency
    where ep_grade = 'all'
),

expected as (
    select count(*) as units from reference.reporting_units
    where unit_level = 'authority'
),

-- Every quarter of which a return counts.
quarters as (
    select distinct period_label from ledger.current_submissions
    where collection = 'ep_workforce'
),

final as (
    select
        marts.mart || ' ' || quarters.period_label as place,
        expected.units as units_expected,
        count(distinct shown.unit_code) filter (where shown.unit_level = 'authority') as units_found,
        count(distinct shown.unit_code) filter (where shown.unit_level in ('inner_outer', 'london')) as areas_found
    from quarters
    cross join (values ('establishment'), ('agency')) as marts (mart)
    cross join expected
    left join shown on quarters.period_label = shown.period_label and marts.mart = shown.mart
    group by marts.mart, quarters.period_label, expected.units
)

select * from final
order by place
