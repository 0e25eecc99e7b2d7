{{ config(materialized='table', post_hook='analyze {{ this }}') }}

with engagements as (
    select
        submission_id,
        source_row,
        unit_code,
        period_label,
        pay_unit,
        rate_gbp,
        pqe_years,
        work_mode,
        start_date,
        -- Judged by what is in force on the last day of the engagement in the quarter.
        least(coalesce(end_date, period_end), period_end) as judged_on
    from {{ ref('stg_ep_workforce__agency_use') }}
),

rules as (
    select
        rule_code as principle,
        parameter,
        value,
        scope,
        valid_from,
        coalesce(valid_to, date '9999-12-31') as valid_to
    from {{ ref('agency_rules') }}
    where authority = 'LPEP'
),

principles as (
    select distinct principle from rules
),

-- A rate is agreed for a pay unit: the parameter names it (pay_rate_day). Rows of other units say only that the
-- principle is in force, and so does a rate whose unit is not known.
in_force as (
    select
        engagements.submission_id,
        engagements.source_row,
        principles.principle,
        count(rules.principle) as rows_in_force,
        max(rules.value) filter (
            where
            rules.scope is not null
            and (rules.principle <> 'LPEP_PAY' or rules.parameter = 'pay_rate_' || lower(engagements.pay_unit))
        ) as value_in_force
    from engagements
    cross join principles
    left join rules
        on
            principles.principle = rules.principle
            and engagements.judged_on between rules.valid_from and rules.valid_to
            and (rules.scope is distinct from 'NEW' or engagements.start_date >= rules.valid_from)
    group by engagements.submission_id, engagements.source_row, principles.principle
),

-- A value that is no number says nothing about a rate or years.
numbers as (
    select
        *,
        case when value_in_force ~ '^[0-9]+([.][0-9]+)?$' then value_in_force::numeric end as number_in_force
    from in_force
),

compared as (
    select
        engagements.submission_id,
        engagements.source_row,
        engagements.unit_code,
        engagements.period_label,
        in_force.principle,
        in_force.rows_in_force,
        case in_force.principle
            when 'LPEP_PAY' then engagements.rate_gbp <= in_force.number_in_force
            when 'LPEP_PQE' then engagements.pqe_years >= in_force.number_in_force
            when 'LPEP_REMOTE' then engagements.work_mode = any(string_to_array(in_force.value_in_force, ' '))
        end as is_compliant
    from engagements
    inner join numbers as in_force
        on engagements.submission_id = in_force.submission_id and engagements.source_row = in_force.source_row
),

final as (
    select
        submission_id,
        source_row,
        unit_code,
        period_label,
        principle,
        case
            when rows_in_force = 0 then 'out_of_scope'
            when is_compliant then 'compliant'
            when not is_compliant then 'non_compliant'
            else 'unknown'
        end as outcome
    from compared
)

select * from final
