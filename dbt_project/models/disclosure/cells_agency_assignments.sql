{{ config(materialized='table', tags=['disclosure_cells'], post_hook='analyze {{ this }}') }}

-- Whatever divides a quarter's assignments is a category of one table, the pay groups too: a hidden part is otherwise
-- the whole less what another table shows. One role of one authority is not divided further: nearly every such count is
-- of a few people, and what hiding them takes along are the figures that people need.
{% set payment_bases = ['PAYE', 'UMBRELLA', 'LTD', 'UNKNOWN'] %}
{% set rate_bases = ['WORKER_PAY', 'INC_ONCOST', 'CHARGE'] %}
{% set categories = {
    'all': 'true',
    'project_team': 'is_project_team',
    'other': 'is_project_team is not true',
    'up_to_3_months': "length_band = 'up_to_3_months'",
    'from_3_to_6_months': "length_band = 'from_3_to_6_months'",
    'from_6_to_12_months': "length_band = 'from_6_to_12_months'",
    'over_12_months': "length_band = 'over_12_months'",
    'over_3_months': 'is_over_3_months',
    'over_6_months': 'is_over_6_months',
    'covers_vacancy_yes': "covers_vacancy = 'Y'",
    'covers_vacancy_no_or_unknown': "coalesce(covers_vacancy, 'U') <> 'Y'",
    'active_at_quarter_end': 'is_active_at_quarter_end',
    'ended_in_quarter': 'not is_active_at_quarter_end'
} %}
{% for payment_basis in payment_bases %}{% for rate_basis in rate_bases %}
    {% set _ = categories.update({
        'pay_' ~ payment_basis ~ '_' ~ rate_basis:
        "payment_basis = '" ~ payment_basis ~ "' and rate_basis = '" ~ rate_basis ~ "'"
    }) %}
{% endfor %}{% endfor %}

with assignments as (
    select
        unit_code,
        period_end,
        role_type,
        payment_basis,
        rate_basis,
        fte,
        is_project_team,
        covers_vacancy,
        length_band,
        is_active_at_quarter_end,
        is_over_3_months,
        is_over_6_months
    from {{ ref('int_agency__assignments') }}
    where unit_is_counted
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
        quarter_cost_gbp,
        is_synthetic
    from {{ ref('int_agency__place_quarters') }}
),

role_types as (
    select role_type from {{ ref('agency_role_types') }}
    union all
    select 'all' as role_type
),

-- One pass over the assignments; everything larger is made of these sums.
unit_counts as (
    select
        unit_code,
        period_end,
        role_type,
        {% for category, condition in categories.items() %}
            count(*) filter (where {{ condition }}) as "{{ category }}",
        {% endfor %}
        -- What the percentage of known is of. It is shown nowhere, so that how few are unknown cannot be worked out.
        count(*) filter (where covers_vacancy in ('Y', 'N')) as covers_vacancy_known,
        {{ total_where('fte', 'is_active_at_quarter_end') }} as active_fte
    from assignments
    group by unit_code, period_end, role_type
),

unit_cells as (
    select
        unit_counts.unit_code,
        unit_counts.period_end,
        unit_counts.role_type,
        counted.category,
        counted.assignments,
        case when counted.category = 'active_at_quarter_end' then unit_counts.active_fte end as active_fte,
        case when counted.category = 'covers_vacancy_yes' then unit_counts.covers_vacancy_known end
            as covers_vacancy_known
    from unit_counts
    cross join lateral (
        values
        {% for category in categories %}
            ('{{ category }}', unit_counts."{{ category }}"){{ ',' if not loop.last }}
        {% endfor %}
    ) as counted (category, assignments)
),

counts as (
    select
        places.place_code,
        unit_cells.period_end,
        coalesce(unit_cells.role_type, 'all') as role_type,
        unit_cells.category,
        sum(unit_cells.assignments) as assignments,
        sum(unit_cells.active_fte) as active_fte,
        sum(unit_cells.covers_vacancy_known) as covers_vacancy_known
    from unit_cells
    inner join {{ ref('int_agency__places') }} as places on unit_cells.unit_code = places.unit_code
    group by
        places.place_code,
        unit_cells.period_end,
        unit_cells.category,
        grouping sets ((unit_cells.role_type), ())
),

matrix as (
    select
        place_quarters.unit_code,
        place_quarters.period_label,
        place_quarters.period_start,
        place_quarters.period_end,
        place_quarters.units_counted,
        place_quarters.units_expected,
        place_quarters.is_covered,
        place_quarters.quarter_cost_gbp,
        place_quarters.is_synthetic,
        role_types.role_type,
        categories.category
    from place_quarters
    cross join role_types
    cross join (
        values
        {% for category in categories %}
            ('{{ category }}'){{ ',' if not loop.last }}
        {% endfor %}
    ) as categories (category)
    where place_quarters.unit_level <> 'authority' or role_types.role_type = 'all' or categories.category = 'all'
),

cells as (
    select
        matrix.unit_code,
        matrix.period_label,
        matrix.period_start,
        matrix.period_end,
        matrix.role_type,
        matrix.category,
        case when matrix.is_covered then coalesce(counts.assignments, 0) end as count_in_cell,
        case when not matrix.is_covered then 'x' end as count_status,
        case
            when matrix.is_covered and matrix.category = 'active_at_quarter_end'
                then case when coalesce(counts.assignments, 0) = 0 then 0 else counts.active_fte end
        end as fte_in_cell,
        case
            when matrix.is_covered and matrix.category = 'all' and matrix.role_type = 'all'
                then matrix.quarter_cost_gbp
        end as cost_in_cell,
        case
            when matrix.is_covered and matrix.category = 'covers_vacancy_yes'
                then coalesce(counts.covers_vacancy_known, 0)
        end as known_in_cell,
        matrix.units_counted,
        matrix.units_expected,
        matrix.is_synthetic
    from matrix
    left join counts
        on
            matrix.unit_code = counts.place_code
            and matrix.period_end = counts.period_end
            and matrix.role_type = counts.role_type
            and matrix.category = counts.category
),

final as (
    select
        unit_code,
        period_label,
        period_start,
        period_end,
        role_type,
        category,
        period_label as table_key,
        {{ cell_key(['period_label', 'unit_code', 'role_type', 'category']) }} as cell_key,
        count_in_cell,
        count_status,
        fte_in_cell,
        cost_in_cell,
        known_in_cell,
        units_counted,
        units_expected,
        is_synthetic
    from cells
)

select * from final
