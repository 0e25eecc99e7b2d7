{{ config(materialized='table', post_hook='analyze {{ this }}') }}

with rules as (
    select
        judged.rule,
        judged.rule_code,
        judged.authority_of_rule,
        asked.scope,
        asked.valid_from,
        coalesce(asked.valid_to, date '9999-12-31') as valid_to,
        -- What the rule asks for, in weeks, months or years; null where it is not known.
        case when asked.value ~ '^\d+(\.\d+)?$' then asked.value::numeric end as asked
    from {{ ref('agency_compliance_rules') }} as judged
    inner join {{ ref('agency_rules') }} as asked
        on
            judged.rule_code = asked.rule_code
            and judged.authority_of_rule = asked.authority
            and judged.parameter = asked.parameter
    where judged.is_judged and asked.value is distinct from 'false'
),

assignments as (
    select
        submission_id,
        assignment_id,
        authority_code,
        unit_code,
        period_label,
        period_start,
        period_end,
        role_type,
        payment_basis,
        headroom_gbp,
        notice_weeks,
        substantive_notice_weeks,
        pqe_years,
        pqe_3plus,
        left_substantive_date,
        cool_off_exemption,
        references_received,
        is_outside_london_pledge,
        is_signed_off,
        start_date,
        judged_on,
        is_synthetic,
        -- The return cannot tell "never in a permanent role in London" from "not known when they left one"; where
        -- nothing is said of leaving, the rule on cooling off is not about the worker.
        coalesce(left_substantive_date::text, left_dfe_code, cool_off_exemption) is not null as has_left_permanent_role
    from {{ ref('int_agency__assignments_judged') }}
),

-- No row of a rule in force on the day, or one for assignments that began since it held: out of scope.
in_scope as (
    select
        assignments.submission_id,
        assignments.assignment_id,
        rules.rule,
        rules.rule_code,
        -- When the rule is kept; null where the return does not say (domain notes, section 9.2).
        case rules.rule_code
            when 'R2' then assignments.headroom_gbp >= 0
            when 'R4'
                then
                    case
                        when rules.asked is not null
                            then assignments.notice_weeks >= least(rules.asked, assignments.substantive_notice_weeks)
                    end
            when 'R5'
                then
                    assignments.cool_off_exemption is not null
                    or assignments.start_date
                    >= assignments.left_substantive_date + make_interval(months => rules.asked::integer)
            when 'R6'
                then
                    case
                        when assignments.pqe_years >= rules.asked or assignments.pqe_3plus = 'Y' then true
                        when assignments.pqe_years < rules.asked or assignments.pqe_3plus = 'N' then false
                    end
            when 'R7' then case assignments.references_received when 'Y' then true when 'N' then false end
        end as is_kept,
        assignments.is_signed_off
    from assignments
    inner join rules
        on
            assignments.judged_on between rules.valid_from and rules.valid_to
            and (rules.scope = 'ALL' or (rules.scope = 'NEW' and assignments.start_date >= rules.valid_from))
            and (rules.rule_code <> 'R5' or assignments.has_left_permanent_role)
            and not (rules.authority_of_rule = 'LONDON_PLEDGE' and assignments.is_outside_london_pledge)
),

outcomes as (
    select
        submission_id,
        assignment_id,
        rule,
        case
            when is_kept is null then 'unknown'
            when is_kept then 'compliant'
            when rule_code = 'R2' and is_signed_off then 'approved_breach'
            else 'non_compliant'
        end as outcome
    from in_scope
    union all
    -- Every rule in scope: unknown while one of them is, so that the rate is of assignments known in full.
    select
        submission_id,
        assignment_id,
        'all' as rule,
        case
            when count(is_kept) < count(*) then 'unknown'
            when bool_and(is_kept) then 'compliant'
            else 'non_compliant'
        end as outcome
    from in_scope
    group by submission_id, assignment_id
),

judged_rules as (
    select rule from {{ ref('agency_compliance_rules') }}
    where is_judged
),

final as (
    select
        assignments.submission_id,
        assignments.assignment_id,
        assignments.authority_code,
        assignments.unit_code,
        assignments.period_label,
        assignments.period_start,
        assignments.period_end,
        assignments.role_type,
        assignments.payment_basis,
        judged_rules.rule,
        coalesce(outcomes.outcome, 'out_of_scope') as outcome,
        assignments.headroom_gbp,
        assignments.is_synthetic
    from assignments
    cross join judged_rules
    left join outcomes
        on
            assignments.submission_id = outcomes.submission_id
            and assignments.assignment_id = outcomes.assignment_id
            and judged_rules.rule = outcomes.rule
)

select * from final
