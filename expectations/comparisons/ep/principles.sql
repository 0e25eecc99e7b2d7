-- One row per area, quarter and principle of the London Pledge for Educational Psychologists that agency_rules has: whether the
-- mart has it, and whether it says anything that the rules in force in the quarter cannot say.
with quarters as (
    select distinct unit_code, unit_name, period_label, period_start, period_end
    from marts_candidate.mart_ep__agency
    where unit_level in ('inner_outer', 'london')
),

principles as (
    select
        quarters.unit_code,
        quarters.unit_name,
        quarters.period_label,
        rules.rule_code as principle,
        bool_or(in_force.is_in_force) as is_in_force,
        bool_or(in_force.is_in_force and rules.value is not null and rules.scope is not null) as is_value_known
    from quarters
    cross join reference.agency_rules as rules
    cross join
        lateral (
            select
                rules.valid_from <= quarters.period_end
                and coalesce(rules.valid_to, date '9999-12-31') >= quarters.period_start as is_in_force
        ) as in_force
    where rules.authority = 'LPEP'
    group by quarters.unit_code, quarters.unit_name, quarters.period_label, rules.rule_code
),

final as (
    select
        principles.unit_name || ' ' || principles.period_label || ' ' || principles.principle as place,
        compliance.principle is not null as is_there,
        principles.is_in_force or coalesce(compliance.in_scope, 0) = 0 as is_in_force_or_out_of_scope,
        principles.is_value_known
        or (
            coalesce(compliance.compliant, 0) = 0
            and coalesce(compliance.non_compliant, 0) = 0
            and compliance.compliance_rate_pct is null
        ) as is_known_or_unknown
    from principles
    left join marts_candidate.mart_ep__compliance as compliance
        on
            principles.unit_code = compliance.unit_code
            and principles.period_label = compliance.period_label
            and principles.principle = compliance.principle
)

select * from final
order by place
