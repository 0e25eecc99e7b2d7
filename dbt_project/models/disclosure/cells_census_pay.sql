{{ config(materialized='table', tags=['disclosure_cells'], post_hook='analyze {{ this }}') }}

with pay as (
    select
        unit_code,
        census_year,
        role,
        pay_item,
        people,
        people_status,
        lower_quartile_gbp,
        median_gbp,
        upper_quartile_gbp,
        units_counted,
        units_expected,
        is_synthetic
    from {{ ref('int_census_returns__pay') }}
),

-- As in cells_census_breakdowns: a role must not be hidden behind one of another tier.
tiers as (
    select
        pay.unit_code,
        pay.census_year,
        roles.tier as role,
        pay.pay_item,
        case when count(*) = count(pay.people) then sum(pay.people) end as people,
        min(pay.people_status) as people_status,
        null::numeric as lower_quartile_gbp,
        null::numeric as median_gbp,
        null::numeric as upper_quartile_gbp,
        min(pay.units_counted) as units_counted,
        min(pay.units_expected) as units_expected,
        bool_or(pay.is_synthetic) as is_synthetic
    from pay
    inner join (
        values
        ('senior_manager', 'managers'),
        ('middle_manager', 'managers'),
        ('first_line_manager', 'managers'),
        ('case_holder', 'frontline'),
        ('qualified_without_cases', 'frontline')
    ) as roles (role, tier)
        on pay.role = roles.role
    group by pay.unit_code, pay.census_year, pay.pay_item, roles.tier
),

cells as (
    select * from pay
    union all
    select * from tiers
),

final as (
    select
        unit_code,
        census_year,
        role,
        pay_item,
        census_year || ' ' || pay_item as table_key,
        {{ cell_key(['census_year', 'pay_item', 'unit_code', 'role']) }} as cell_key,
        people::numeric as count_in_cell,
        people_status as count_status,
        lower_quartile_gbp,
        median_gbp,
        upper_quartile_gbp,
        units_counted::integer as units_counted,
        units_expected::integer as units_expected,
        is_synthetic
    from cells
)

select * from final
