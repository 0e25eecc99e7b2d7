-- One row per quarter and rule: days of the quarter it was in force, figures shown, and rows marked not applicable.
with quarters as (
    select distinct period_label, period_start, period_end
    from intermediate.int_agency_rules__quarters_returned
),

days as (
    select
        quarters.period_label,
        rules.rule,
        coalesce(
            sum(
                least(quarters.period_end, coalesce(asked.valid_to, quarters.period_end))
                - greatest(quarters.period_start, asked.valid_from) + 1
            ) filter (where asked.rule_code is not null),
            0
        ) as days_in_force
    from quarters
    cross join reference.agency_compliance_rules as rules
    left join reference.agency_rules as asked
        on
            rules.rule_code = asked.rule_code
            and rules.authority_of_rule = asked.authority
            and rules.parameter = asked.parameter
            and quarters.period_end >= asked.valid_from
            and quarters.period_start <= coalesce(asked.valid_to, quarters.period_end)
    where rules.is_judged and rules.rule_code is not null
    group by quarters.period_label, rules.rule
),

shown as (
    select
        period_label,
        rule,
        count(in_scope) + count(compliance_rate_pct) as figures_shown,
        count(*) filter (where in_scope_status = 'z') as not_applicable
    from marts_candidate.mart_agency__compliance
    group by period_label, rule
),

final as (
    select
        days.period_label || ' ' || days.rule as place,
        days.days_in_force > 0 as is_in_force,
        shown.figures_shown,
        shown.not_applicable
    from days
    inner join shown on days.period_label = shown.period_label and days.rule = shown.rule
)

select * from final
order by place
