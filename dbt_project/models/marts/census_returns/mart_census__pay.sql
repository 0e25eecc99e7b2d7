with units as (
    select unit_code, unit_name, unit_level from {{ ref('dim_reporting_unit') }}
),

roles as (
    select category as role, category_label as role_label, category_order::integer as role_order
    from {{ ref('int_census_returns__categories') }}
    where measure = 'in_post' and breakdown in ('all', 'role')
),

protected_pay as (
    {{ protected_cells(
        ref('cells_census_pay'),
        'census_pay',
        'members',
        ['unit_code', 'census_year', 'role', 'pay_item', 'units_counted', 'units_expected', 'is_synthetic'],
        measures=['lower_quartile_gbp', 'median_gbp', 'upper_quartile_gbp']
    ) }}
),

protected_breakdowns as (
    {{ protected_cells(
        ref('cells_census_breakdowns'),
        'census_breakdowns',
        'members',
        ['unit_code', 'census_year', 'measure', 'breakdown', 'category']
    ) }}
),

-- Everybody in post has a base salary, so the people of a role may be hidden there and must be here.
hidden_roles as (
    select unit_code, census_year, category as role
    from protected_breakdowns
    where measure = 'in_post' and breakdown in ('all', 'role') and protected_status = 'c'
),

judged as (
    select
        protected_pay.*,
        case
            when protected_pay.protected_status is not null then protected_pay.protected_status
            when protected_pay.pay_item = 'base_salary' and hidden_roles.role is not null then 'c'
        end as people_status,
        {{ disclosure_parameter('members', 'minimum_group_for_averages') }} as minimum_for_medians,
        {{ disclosure_parameter('members', 'minimum_group_for_quartiles') }} as minimum_for_quartiles
    from protected_pay
    left join hidden_roles
        on
            protected_pay.unit_code = hidden_roles.unit_code
            and protected_pay.census_year = hidden_roles.census_year
            and protected_pay.role = hidden_roles.role
),

with_statuses as (
    select
        judged.*,
        case
            when judged.people_status is not null then judged.people_status
            when judged.protected_count = 0 then 'z'
            when judged.protected_count < judged.minimum_for_medians then 'c'
        end as median_status,
        case
            when judged.people_status is not null then judged.people_status
            when judged.protected_count = 0 then 'z'
            when judged.protected_count < judged.minimum_for_quartiles then 'c'
        end as quartiles_status
    from judged
),

pay_items (pay_item, pay_item_label, pay_item_order) as (
    values
    ('base_salary', 'Base salary', 1),
    ('recruitment_retention', 'Recruitment and retention payments', 2),
    ('other_payments', 'Other payments', 3)
),

final as (
    select
        with_statuses.unit_code,
        units.unit_name,
        units.unit_level,
        with_statuses.census_year,
        with_statuses.role,
        roles.role_label,
        roles.role_order,
        with_statuses.pay_item,
        pay_items.pay_item_label,
        pay_items.pay_item_order,
        case when with_statuses.people_status is null then with_statuses.protected_count end as people,
        with_statuses.people_status,
        case when with_statuses.quartiles_status is null then with_statuses.protected_lower_quartile_gbp end
            as lower_quartile_gbp,
        case when with_statuses.median_status is null then with_statuses.protected_median_gbp end as median_gbp,
        case when with_statuses.quartiles_status is null then with_statuses.protected_upper_quartile_gbp end
            as upper_quartile_gbp,
        with_statuses.median_status,
        with_statuses.quartiles_status,
        with_statuses.units_counted,
        with_statuses.units_expected,
        {{ coverage_label('with_statuses.units_counted', 'with_statuses.units_expected') }} as coverage_label,
        with_statuses.is_synthetic
    from with_statuses
    inner join units on with_statuses.unit_code = units.unit_code
    -- Leaves out the tiers, which stand in the cells for the pattern alone.
    inner join roles on with_statuses.role = roles.role
    inner join pay_items on with_statuses.pay_item = pay_items.pay_item
)

select * from final
