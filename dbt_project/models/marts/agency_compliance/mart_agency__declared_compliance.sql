with declared as (
    select
        stated.unit_code,
        stated.period_end,
        answers.rule,
        answers.status
    from {{ ref('stg_agency_quarterly__authority_quarter') }} as stated
    cross join lateral (
        values
        ('R2', stated.rule_r2_status),
        ('R3', stated.rule_r3_status),
        ('R4', stated.rule_r4_status),
        ('R5', stated.rule_r5_status),
        ('R6', stated.rule_r6_status),
        ('R7', stated.rule_r7_status)
    ) as answers (rule, status)
),

-- What the halves of a joint unit say together: the same, or the rule is kept in part. Not applicable says nothing of
-- the other half.
unit_answers as (
    select
        unit_code,
        period_end,
        rule,
        case
            when count(distinct status) filter (where status <> 'NA') > 1 then 'PARTIAL'
            else coalesce(max(status) filter (where status <> 'NA'), max(status))
        end as status
    from declared
    group by unit_code, period_end, rule
),

unit_quarters as (
    select unit_code, period_end, is_returned from {{ ref('int_agency_rules__quarters_returned') }}
),

rules as (
    select
        rule,
        rule_code,
        rule_order,
        rule_label,
        authority_of_rule,
        parameter
    from {{ ref('agency_compliance_rules') }}
    where is_declared
),

place_quarters as (
    select
        unit_code,
        unit_level,
        period_label,
        period_start,
        period_end,
        units_counted,
        units_expected,
        is_covered,
        is_synthetic
    from {{ ref('int_agency__place_quarters') }}
),

quarters as (
    select distinct period_start, period_end from place_quarters
),

rules_in_quarter as (
    select distinct rules.rule, quarters.period_end
    from rules
    inner join {{ ref('agency_rules') }} as asked
        on
            rules.rule_code = asked.rule_code
            and rules.authority_of_rule = asked.authority
            and rules.parameter = asked.parameter
    cross join quarters
    where
        quarters.period_end >= asked.valid_from
        and quarters.period_start <= coalesce(asked.valid_to, date '9999-12-31')
),

answered as (
    select
        places.place_code,
        unit_answers.period_end,
        unit_answers.rule,
        count(*) filter (where unit_answers.status = 'FULL')::integer as units_full,
        count(*) filter (where unit_answers.status = 'PARTIAL')::integer as units_partial,
        count(*) filter (where unit_answers.status = 'NONE')::integer as units_none,
        count(*) filter (where unit_answers.status = 'NA')::integer as units_not_applicable,
        max(unit_answers.status) as status
    from unit_answers
    inner join unit_quarters
        on
            unit_answers.unit_code = unit_quarters.unit_code
            and unit_answers.period_end = unit_quarters.period_end
            and unit_quarters.is_returned
    inner join {{ ref('int_agency__places') }} as places on unit_answers.unit_code = places.unit_code
    group by places.place_code, unit_answers.period_end, unit_answers.rule
),

quarter_names as (
    select period_end, calendar_label
    from {{ ref('return_windows') }}
    where collection = 'agency_quarterly'
),

placed as (
    select
        place_quarters.unit_code,
        place_quarters.unit_level,
        place_quarters.period_label,
        place_quarters.period_start,
        place_quarters.period_end,
        place_quarters.units_counted,
        place_quarters.units_expected,
        place_quarters.is_synthetic,
        rules.rule,
        rules.rule_label,
        rules.rule_order,
        rules.authority_of_rule,
        case
            when rules_in_quarter.rule is null then 'z'
            when not place_quarters.is_covered then 'x'
        end as value_status,
        answered.status,
        coalesce(answered.units_full, 0) as units_full,
        coalesce(answered.units_partial, 0) as units_partial,
        coalesce(answered.units_none, 0) as units_none,
        coalesce(answered.units_not_applicable, 0) as units_not_applicable
    from place_quarters
    cross join rules
    left join rules_in_quarter
        on rules.rule = rules_in_quarter.rule and place_quarters.period_end = rules_in_quarter.period_end
    left join answered
        on
            place_quarters.unit_code = answered.place_code
            and place_quarters.period_end = answered.period_end
            and rules.rule = answered.rule
),

final as (
    select
        placed.unit_code,
        units.unit_name,
        placed.unit_level,
        placed.period_label,
        quarter_names.calendar_label,
        placed.period_start,
        placed.period_end,
        placed.rule,
        placed.rule_label,
        placed.rule_order,
        placed.authority_of_rule,
        case
            when placed.unit_level = 'authority' and placed.value_status is null then placed.status
        end as declared_status,
        case when placed.value_status is null then placed.units_full end as units_full,
        case when placed.value_status is null then placed.units_partial end as units_partial,
        case when placed.value_status is null then placed.units_none end as units_none,
        case when placed.value_status is null then placed.units_not_applicable end as units_not_applicable,
        case
            when placed.value_status is null
                then
                    {{ share_pct(
                        'placed.units_full', '(placed.units_full + placed.units_partial + placed.units_none)'
                    ) }}
        end as full_pct,
        {{ share_status(
            'placed.value_status', 'null', '(placed.units_full + placed.units_partial + placed.units_none)'
        ) }} as full_pct_status,
        placed.value_status,
        placed.units_counted,
        placed.units_expected,
        {{ coverage_label('placed.units_counted', 'placed.units_expected') }} as coverage_label,
        placed.is_synthetic
    from placed
    inner join {{ ref('dim_reporting_unit') }} as units on placed.unit_code = units.unit_code
    left join quarter_names on placed.period_end = quarter_names.period_end
)

select * from final
