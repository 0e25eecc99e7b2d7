{{ config(materialized='table', post_hook='analyze {{ this }}') }}

-- Which people are broken down by what. Starters have no time in post, as all of them are in their first year.
with breakdowns (measure, breakdown, breakdown_order) as (
    values
    ('in_post', 'time_in_post', 1),
    ('in_post', 'age_band', 2),
    ('in_post', 'role', 3),
    ('in_post', 'sex', 4),
    ('in_post', 'qualification_route', 5),
    ('starters', 'origin', 1),
    ('starters', 'age_band', 2),
    ('starters', 'role', 3),
    ('starters', 'sex', 4),
    ('starters', 'qualification_route', 5),
    ('leavers', 'destination', 1),
    ('leavers', 'leaving_reason', 2),
    ('leavers', 'time_in_post', 3),
    ('leavers', 'age_band', 4),
    ('leavers', 'role', 5),
    ('leavers', 'sex', 6),
    ('leavers', 'qualification_route', 7),
    ('absent', 'absence_reason', 1)
),

-- Codes differ from year to year, categories do not.
categories as (
    select distinct
        breakdown,
        category,
        category_label,
        category_order
    from {{ ref('census_return_codes') }}
    where breakdown is not null
),

final as (
    select
        breakdowns.measure,
        breakdowns.breakdown,
        breakdowns.breakdown_order,
        categories.category,
        categories.category_label,
        categories.category_order,
        -- A unit's few starters and leavers would mostly be hidden: they are broken down for areas only.
        breakdowns.measure = 'in_post' as is_for_units
    from breakdowns
    inner join categories on breakdowns.breakdown = categories.breakdown
    union all
    select
        measure,
        'all' as breakdown,
        0 as breakdown_order,
        'all' as category,
        'All' as category_label,
        0 as category_order,
        true as is_for_units
    from (values ('in_post'), ('starters'), ('leavers'), ('absent')) as measures (measure)
)

select * from final
