{{ config(materialized='table', post_hook='analyze {{ this }}') }}

-- The first return with pay (domain notes, section 2.5).
{% set pay_since = 2025 %}

with members as (
    select unit_code, census_year, member_code, has_returned, is_synthetic
    from {{ ref('int_census_returns__members') }}
),

codes as (
    select code, category as role
    from {{ ref('census_return_codes') }}
    where item = 'org_role'
),

people as (
    select
        unit_code,
        census_year,
        role as role_code,
        base_salary_gbp,
        recruitment_retention_payments_gbp,
        other_payments_gbp
    from {{ ref('int_census_returns__people') }}
    where measure = 'in_post' and census_year >= {{ pay_since }}
),

-- A base salary of 0 is no salary; of the payments only those who had one are counted.
paid as (
    select
        people.unit_code,
        people.census_year,
        coalesce(codes.role, 'not_known') as role,
        items.pay_item,
        items.amount_gbp
    from people
    left join codes on people.role_code = codes.code
    cross join
        lateral (
            values
            ('base_salary', people.base_salary_gbp),
            ('recruitment_retention', people.recruitment_retention_payments_gbp),
            ('other_payments', people.other_payments_gbp)
        ) as items (pay_item, amount_gbp)
    where items.amount_gbp > 0
),

roles as (
    select category as role from {{ ref('int_census_returns__categories') }}
    where measure = 'in_post' and breakdown in ('all', 'role')
),

pay_items (pay_item) as (
    values ('base_salary'), ('recruitment_retention'), ('other_payments')
),

statistics as (
    select
        members.unit_code,
        members.census_year,
        paid.pay_item,
        coalesce(paid.role, 'all') as role,
        count(*) as people,
        percentile_cont(array[0.25, 0.5, 0.75]) within group (order by paid.amount_gbp) as quartiles
    from members
    inner join paid on members.member_code = paid.unit_code and members.census_year = paid.census_year
    group by grouping sets (
        (members.unit_code, members.census_year, paid.pay_item),
        (members.unit_code, members.census_year, paid.pay_item, paid.role)
    )
),

areas as (
    select
        unit_code,
        census_year,
        count(*) filter (where has_returned) as units_counted,
        count(*) as units_expected,
        bool_or(is_synthetic) as is_synthetic
    from members
    group by unit_code, census_year
),

final as (
    select
        areas.unit_code,
        areas.census_year,
        roles.role,
        pay_items.pay_item,
        case
            when
                areas.census_year >= {{ pay_since }}
                and areas.units_counted > 0
                and {{ is_covered('areas.units_counted', 'areas.units_expected') }}
                then coalesce(statistics.people, 0)
        end as people,
        case
            when areas.census_year < {{ pay_since }} then 'z'
            when
                areas.units_counted = 0
                or not {{ is_covered('areas.units_counted', 'areas.units_expected') }}
                then 'x'
        end as people_status,
        trim_scale(round(statistics.quartiles[1]::numeric, 2)) as lower_quartile_gbp,
        trim_scale(round(statistics.quartiles[2]::numeric, 2)) as median_gbp,
        trim_scale(round(statistics.quartiles[3]::numeric, 2)) as upper_quartile_gbp,
        areas.units_counted,
        areas.units_expected,
        areas.is_synthetic
    from areas
    cross join roles
    cross join pay_items
    left join statistics
        on
            areas.unit_code = statistics.unit_code
            and areas.census_year = statistics.census_year
            and roles.role = statistics.role
            and pay_items.pay_item = statistics.pay_item
)

select * from final
