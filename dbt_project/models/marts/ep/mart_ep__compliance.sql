with cells as (
    {{ protected_cells(
        ref('cells_ep_engagements'), 'ep_engagements', 'members',
        columns=['unit_code', 'period_label', 'item']
    ) }}
),

places as (
    select * from {{ ref('int_ep__places') }}
    where record = 'agency_use' and unit_level <> 'authority'
),

rules as (
    select
        rule_code as principle,
        value,
        scope,
        valid_from,
        coalesce(valid_to, date '9999-12-31') as valid_to
    from {{ ref('agency_rules') }}
    where authority = 'LPEP'
),

periods as (
    select distinct period_label, period_start, period_end from places
),

-- Whether any value of the principle, with its scope, is in force on a day of the period.
principles as (
    select
        periods.period_label,
        rules.principle,
        coalesce(
            bool_or(rules.value is not null and rules.scope is not null) filter (
                where rules.valid_from <= periods.period_end and rules.valid_to >= periods.period_start
            ),
            false
        ) as is_value_known
    from periods
    cross join rules
    group by periods.period_label, rules.principle
),

outcomes as (
    select
        places.unit_code,
        places.period_label,
        principles.principle,
        principles.is_value_known,
        max(cells.protected_count) filter (where cells.item = principles.principle || '_in_scope') as in_scope,
        max(cells.protected_status) filter (where cells.item = principles.principle || '_in_scope')
            as in_scope_status,
        max(cells.protected_count) filter (where cells.item = principles.principle || '_compliant') as compliant,
        max(cells.protected_status) filter (where cells.item = principles.principle || '_compliant')
            as compliant_status,
        max(cells.protected_count) filter (where cells.item = principles.principle || '_non_compliant')
            as non_compliant,
        max(cells.protected_status) filter (where cells.item = principles.principle || '_non_compliant')
            as non_compliant_status,
        max(cells.protected_count) filter (where cells.item = principles.principle || '_unknown') as unknown,
        max(cells.protected_status) filter (where cells.item = principles.principle || '_unknown')
            as unknown_status
    from places
    inner join principles on places.period_label = principles.period_label
    inner join cells on places.unit_code = cells.unit_code and places.period_label = cells.period_label
    group by places.unit_code, places.period_label, principles.principle, principles.is_value_known
),

rated as (
    select
        outcomes.*,
        case
            when outcomes.compliant_status is not null then outcomes.compliant_status
            when outcomes.non_compliant_status is not null then outcomes.non_compliant_status
            when not outcomes.is_value_known then 'x'
            when outcomes.compliant + outcomes.non_compliant = 0 then 'z'
        end as compliance_status
    from outcomes
),

final as (
    select
        places.unit_code,
        places.unit_name,
        places.unit_level,
        places.period_label,
        places.calendar_label,
        places.period_start,
        places.period_end,
        rated.principle,
        case rated.principle
            when 'LPEP_PAY' then 'Pay rate'
            when 'LPEP_PQE' then 'Post-qualified experience'
            when 'LPEP_REMOTE' then 'Remote working'
            else rated.principle
        end as principle_label,
        rated.is_value_known,
        rated.in_scope,
        rated.in_scope_status,
        rated.compliant,
        rated.compliant_status,
        rated.non_compliant,
        rated.non_compliant_status,
        rated.unknown,
        rated.unknown_status,
        case
            when rated.compliance_status is null
                then {{ share_pct('rated.compliant', '(rated.compliant + rated.non_compliant)') }}
        end as compliance_rate_pct,
        rated.compliance_status,
        {{ share_pct('rated.unknown', 'rated.in_scope') }} as unknown_pct,
        {{ share_status('rated.unknown_status', 'rated.in_scope_status', 'rated.in_scope') }} as unknown_pct_status,
        places.units_counted,
        places.units_expected,
        {{ coverage_label('places.units_counted', 'places.units_expected') }} as coverage_label,
        case
            when not rated.is_value_known
                then 'What the pledge sets is not known here, so every outcome is unknown.'
        end as note,
        places.is_synthetic
    from rated
    inner join places on rated.unit_code = places.unit_code and rated.period_label = places.period_label
)

select * from final
