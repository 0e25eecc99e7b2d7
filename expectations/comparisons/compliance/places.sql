-- One row per quarter and rule: rows of the mart, and how many there must be: every authority over all roles, every area by
-- role too.
with quarters as (
    select distinct period_label from intermediate.int_agency_rules__quarters_returned
),

expected as (
    select
        count(*) filter (where units.unit_level = 'authority')
        + count(*) filter (where units.unit_level <> 'authority')
        * (1 + (select count(*) from reference.agency_role_types)) as rows_expected
    from marts_candidate.dim_reporting_unit as units
    where units.unit_level in ('authority', 'inner_outer', 'london')
),

shown as (
    select
        period_label,
        rule,
        count(*) as mart_rows
    from marts_candidate.mart_agency__compliance
    group by period_label, rule
),

final as (
    select
        quarters.period_label || ' ' || rules.rule as place,
        expected.rows_expected,
        coalesce(shown.mart_rows, 0) as mart_rows
    from quarters
    cross join expected
    cross join reference.agency_compliance_rules as rules
    left join shown on quarters.period_label = shown.period_label and rules.rule = shown.rule
    where rules.is_judged
)

select * from final
order by place
