{% set cells = ['in_scope', 'known', 'compliant', 'non_compliant', 'approved_breach', 'unknown'] %}

with counts as (
    select
        unit_code,
        period_label,
        period_start,
        period_end,
        role_type,
        rule,
        {% for cell in cells %}
            max(assignments) filter (where cell = '{{ cell }}') as {{ cell }},
            max(status) filter (where cell = '{{ cell }}') as {{ cell }}_status,
        {% endfor %}
        units_counted,
        units_expected,
        is_synthetic
    from {{ ref('int_agency_rules__counts_shown') }}
    where rule is not null and payment_basis is null
    group by
        unit_code,
        period_label,
        period_start,
        period_end,
        role_type,
        rule,
        units_counted,
        units_expected,
        is_synthetic
),

rates as (
    select
        *,
        {{ share_pct('compliant', 'known') }} as compliance_rate_pct,
        {{ share_status('compliant_status', 'known_status', 'known') }} as compliance_status,
        {{ share_pct('unknown', 'in_scope') }} as unknown_pct,
        {{ share_status('unknown_status', 'in_scope_status', 'in_scope') }} as unknown_pct_status
    from counts
),

-- Whether an invented cap was in force in the quarter.
synthetic_caps as (
    select distinct quarters.period_end
    from counts as quarters
    inner join {{ ref('price_caps') }} as caps
        on
            caps.source = 'SYNTHETIC'
            and quarters.period_end >= caps.valid_from
            and quarters.period_start <= coalesce(caps.valid_to, date '9999-12-31')
),

quarter_names as (
    select period_end, calendar_label
    from {{ ref('return_windows') }}
    where collection = 'agency_quarterly'
),

role_types as (
    select role_type, role_type_label, role_type_order from {{ ref('agency_role_types') }}
    union all
    select 'all' as role_type, 'All roles' as role_type_label, 0 as role_type_order
),

final as (
    select
        rates.unit_code,
        units.unit_name,
        units.unit_level,
        rates.period_label,
        quarter_names.calendar_label,
        rates.period_start,
        rates.period_end,
        rates.role_type,
        role_types.role_type_label,
        role_types.role_type_order,
        rates.rule,
        rules.rule_label,
        rules.rule_order,
        rules.authority_of_rule,
        rules.definition,
        rates.in_scope::integer as in_scope,
        rates.in_scope_status,
        rates.known::integer as known,
        rates.known_status,
        rates.compliant::integer as compliant,
        rates.compliant_status,
        rates.non_compliant::integer as non_compliant,
        rates.non_compliant_status,
        rates.approved_breach::integer as approved_breaches,
        -- Only the rule on price caps knows an approval.
        case when rates.rule = 'R2' then rates.approved_breach_status else 'z' end as approved_breaches_status,
        rates.unknown::integer as unknown,
        rates.unknown_status,
        rates.compliance_rate_pct,
        rates.compliance_status,
        rates.unknown_pct,
        rates.unknown_pct_status,
        before.compliance_rate_pct as previous_rate_pct,
        rates.compliance_rate_pct - before.compliance_rate_pct as change_points,
        rates.rule in ('R2', 'all') and synthetic_caps.period_end is not null as uses_synthetic_caps,
        rates.units_counted,
        rates.units_expected,
        {{ coverage_label('rates.units_counted', 'rates.units_expected') }} as coverage_label,
        rates.is_synthetic,
        nullif(
            concat_ws(
                ' ',
                case
                    when rates.in_scope_status = 'z'
                        then 'The rule was not in force in this quarter.'
                end,
                case
                    when rates.rule in ('R2', 'all') and synthetic_caps.period_end is not null
                        then 'Judged on synthetic caps, which are not the London Pledge''s.'
                end,
                case
                    when rates.rule in ('R5', 'R5_LONDON')
                        then 'Counts only workers said to have left a permanent role in London.'
                end,
                case
                    when units.authorities_in_unit > 1
                        then units.authority_names || ' report together; their figures cannot be split.'
                end
            ),
            ''
        ) as note
    from rates
    inner join {{ ref('dim_reporting_unit') }} as units on rates.unit_code = units.unit_code
    inner join {{ ref('agency_compliance_rules') }} as rules on rates.rule = rules.rule
    inner join role_types on rates.role_type = role_types.role_type
    left join quarter_names on rates.period_end = quarter_names.period_end
    left join synthetic_caps on rates.period_end = synthetic_caps.period_end
    left join rates as before
        on
            rates.unit_code = before.unit_code
            and rates.role_type = before.role_type
            and rates.rule = before.rule
            and before.period_end = rates.period_start - 1
)

select * from final
