{{ config(materialized='table', post_hook='analyze {{ this }}') }}

-- A table of its own, analysed: the planner cannot tell how many cells are left, and joins them poorly (10 minutes for
-- 1 second).
{% set products = ['members', 'public'] %}
{% set categories = [
    'all',
    'active_at_quarter_end',
    'project_team',
    'over_3_months',
    'over_6_months',
    'over_12_months',
    'covers_vacancy_yes'
] %}
{% set cell_columns = ['unit_code', 'period_end', 'role_type'] %}
{% set cell_measures = ['fte_in_cell', 'cost_in_cell', 'known_in_cell'] %}

with members_cells as (
    {{ protected_cells(
        ref('cells_agency_assignments'), 'agency_assignments', 'members', cell_columns + ['category'], cell_measures
    ) }}
),

members_people as (
    {{ protected_cells(ref('cells_agency_people'), 'agency_people', 'members', cell_columns) }}
),

public_cells as (
    {{ protected_cells(
        ref('cells_agency_assignments'), 'agency_assignments', 'public', cell_columns + ['category'], cell_measures
    ) }}
),

public_people as (
    {{ protected_cells(ref('cells_agency_people'), 'agency_people', 'public', cell_columns) }}
),

cells as (
    {% for product in products %}
        select
            '{{ product }}' as product,
            unit_code,
            period_end,
            role_type,
            category,
            protected_count,
            protected_fte_in_cell,
            protected_cost_in_cell,
            protected_known_in_cell,
            protected_status
        from {{ product }}_cells
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

people as (
    {% for product in products %}
        select
            '{{ product }}' as product,
            unit_code,
            period_end,
            role_type,
            protected_count,
            protected_status
        from {{ product }}_people
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

counts as (
    select
        product,
        unit_code,
        period_end,
        role_type,
        {% for category in categories %}
            max(protected_count) filter (where category = '{{ category }}') as "{{ category }}",
            max(protected_status) filter (where category = '{{ category }}') as "{{ category }}_status",
        {% endfor %}
        max(protected_fte_in_cell) filter (where category = 'active_at_quarter_end') as active_fte,
        max(protected_cost_in_cell) filter (where category = 'all') as quarter_cost_gbp,
        max(protected_known_in_cell) filter (where category = 'covers_vacancy_yes') as covers_vacancy_known
    from cells
    group by product, unit_code, period_end, role_type
),

final as (
    select
        counts.*,
        people.protected_count as people,
        people.protected_status as people_status
    from counts
    inner join people
        on
            counts.product = people.product
            and counts.unit_code = people.unit_code
            and counts.period_end = people.period_end
            and counts.role_type = people.role_type
)

select * from final
