{{ config(materialized='view') }}

{#- Categories of assignments that are measures of their own in the benchmark. -#}
{% set assignment_measures = {
    'all': 'assignments',
    'active_at_quarter_end': 'active_assignments',
    'project_team': 'project_team_assignments',
    'over_3_months': 'over_3_months',
    'over_6_months': 'over_6_months',
    'over_12_months': 'over_12_months'
} %}

with assignment_cells as (
    {{ protected_cells(
        ref('cells_agency_assignments'), 'agency_assignments', 'own',
        ['unit_code', 'period_label', 'period_end', 'role_type', 'category', 'is_synthetic'],
        ['fte_in_cell', 'cost_in_cell']
    ) }}
),

people_cells as (
    {{ protected_cells(
        ref('cells_agency_people'), 'agency_people', 'own',
        ['unit_code', 'period_label', 'period_end', 'role_type', 'is_synthetic']
    ) }}
),

rule_cells as (
    {{ protected_cells(
        ref('cells_agency_compliance'), 'agency_compliance', 'own',
        ['unit_code', 'period_label', 'period_end', 'role_type', 'rule', 'cell', 'payment_basis', 'is_synthetic']
    ) }}
),

in_post as (
    select unit_code, period_end, in_post_fte from {{ ref('int_agency__in_post') }}
),

measures as (
    select measure, measure_label, measure_unit, decimals from {{ ref('agency_measures') }}
),

rules as (
    select rule, rule_label from {{ ref('agency_compliance_rules') }}
),

assignments as (
    select
        unit_code,
        period_label,
        period_end,
        is_synthetic,
        case category
            {% for category, measure in assignment_measures.items() %}
                when '{{ category }}' then '{{ measure }}'
            {% endfor %}
            else 'assignments'
        end as measure,
        role_type,
        case category
            {% for category in assignment_measures %}
                when '{{ category }}' then 'all'
            {% endfor %}
            else category
        end as category,
        protected_count as value,
        protected_status as value_status
    from assignment_cells
),

people as (
    select
        unit_code,
        period_label,
        period_end,
        is_synthetic,
        'people' as measure,
        role_type,
        'all' as category,
        protected_count as value,
        protected_status as value_status
    from people_cells
),

active_fte as (
    select
        unit_code,
        period_label,
        period_end,
        is_synthetic,
        'active_fte' as measure,
        role_type,
        'all' as category,
        protected_fte_in_cell as value,
        coalesce(protected_status, case when protected_fte_in_cell is null then 'x' end) as value_status
    from assignment_cells
    where category = 'active_at_quarter_end'
),

costs as (
    select
        unit_code,
        period_label,
        period_end,
        is_synthetic,
        'quarter_cost_gbp' as measure,
        role_type,
        'all' as category,
        protected_cost_in_cell as value,
        coalesce(protected_status, case when protected_cost_in_cell is null then 'x' end) as value_status
    from assignment_cells
    where category = 'all' and role_type = 'all'
),

rates as (
    select
        active_fte.unit_code,
        active_fte.period_label,
        active_fte.period_end,
        active_fte.is_synthetic,
        'agency_rate_fte' as measure,
        active_fte.role_type,
        active_fte.category,
        trim_scale(round(100 * active_fte.value / nullif(active_fte.value + in_post.in_post_fte, 0), 4)) as value,
        case
            when active_fte.value_status is not null then active_fte.value_status
            when in_post.in_post_fte is null then 'x'
            when active_fte.value + in_post.in_post_fte = 0 then 'z'
        end as value_status
    from active_fte
    left join in_post on active_fte.unit_code = in_post.unit_code and active_fte.period_end = in_post.period_end
    where active_fte.role_type = 'all'
),

measured as (
    select * from assignments
    union all
    select * from people
    union all
    select * from active_fte
    union all
    select * from costs
    union all
    select * from rates
),

rule_counts as (
    select
        unit_code,
        period_label,
        period_end,
        role_type,
        rule,
        bool_or(is_synthetic) as is_synthetic,
        max(protected_count) filter (where cell = 'compliant') as compliant,
        max(protected_count) filter (where cell = 'known') as known,
        max(protected_status) filter (where cell = 'known') as known_status
    from rule_cells
    where rule is not null and payment_basis is null
    group by unit_code, period_label, period_end, role_type, rule
),

final as (
    select
        measured.unit_code,
        'agency_quarterly' as collection,
        measured.period_label,
        measured.period_end,
        measured.measure as indicator,
        measures.measure_label as indicator_label,
        measures.measure_unit as indicator_unit,
        measures.decimals,
        {{ breakdown_of(['measured.role_type', 'measured.category']) }} as breakdown,
        {{ category_of(['measured.role_type', 'measured.category']) }} as category,
        measured.value,
        measured.value_status,
        measured.is_synthetic
    from measured
    inner join measures on measured.measure = measures.measure
    union all
    select
        rule_cells.unit_code,
        'agency_quarterly' as collection,
        rule_cells.period_label,
        rule_cells.period_end,
        'compliance_' || lower(rule_cells.rule) || '_assignments' as indicator,
        rules.rule_label || ': assignments' as indicator_label,
        'assignments' as indicator_unit,
        0 as decimals,
        {{ breakdown_of(['rule_cells.role_type', 'rule_cells.cell']) }} as breakdown,
        {{ category_of(['rule_cells.role_type', 'rule_cells.cell']) }} as category,
        rule_cells.protected_count as value,
        rule_cells.protected_status as value_status,
        rule_cells.is_synthetic
    from rule_cells
    inner join rules on rule_cells.rule = rules.rule
    where rule_cells.payment_basis is null
    union all
    select
        rule_counts.unit_code,
        'agency_quarterly' as collection,
        rule_counts.period_label,
        rule_counts.period_end,
        'compliance_' || lower(rule_counts.rule) as indicator,
        'Compliance: ' || rules.rule_label as indicator_label,
        'percent' as indicator_unit,
        1 as decimals,
        {{ breakdown_of(['rule_counts.role_type']) }} as breakdown,
        {{ category_of(['rule_counts.role_type']) }} as category,
        trim_scale(round(100 * rule_counts.compliant / nullif(rule_counts.known, 0), 4)) as value,
        coalesce(rule_counts.known_status, case when rule_counts.known = 0 then 'z' end) as value_status,
        rule_counts.is_synthetic
    from rule_counts
    inner join rules on rule_counts.rule = rules.rule
)

select * from final
