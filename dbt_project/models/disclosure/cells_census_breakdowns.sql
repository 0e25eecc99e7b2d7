{{ config(materialized='table', tags=['disclosure_cells'], post_hook='analyze {{ this }}') }}

with headcounts as (
    select
        unit_code,
        census_year,
        measure,
        breakdown,
        category,
        headcount,
        headcount_status,
        units_counted,
        units_expected,
        is_synthetic
    from {{ ref('int_census_returns__headcounts') }}
    where measure not in ('agency', 'case_holders')
),

-- The leadership mart shows roles in post by tier, so a role must not be hidden behind one of another tier.
tiers as (
    select
        headcounts.unit_code,
        headcounts.census_year,
        headcounts.measure,
        'tier' as breakdown,
        roles.tier as category,
        case when count(*) = count(headcounts.headcount) then sum(headcounts.headcount) end as headcount,
        min(headcounts.headcount_status) as headcount_status,
        min(headcounts.units_counted) as units_counted,
        min(headcounts.units_expected) as units_expected,
        bool_or(headcounts.is_synthetic) as is_synthetic
    from headcounts
    inner join (
        values
        ('senior_manager', 'managers'),
        ('middle_manager', 'managers'),
        ('first_line_manager', 'managers'),
        ('case_holder', 'frontline'),
        ('qualified_without_cases', 'frontline')
    ) as roles (role, tier)
        on headcounts.category = roles.role
    where headcounts.measure = 'in_post' and headcounts.breakdown = 'role'
    group by headcounts.unit_code, headcounts.census_year, headcounts.measure, roles.tier
),

cells as (
    select * from headcounts
    union all
    select * from tiers
),

placed as (
    select
        cells.*,
        -- Starters are those in post in their first year, so the two stand in one table.
        cells.census_year
        || ' ' || case when cells.measure in ('in_post', 'starters') then 'in_post_and_starters' else cells.measure end
            as table_key,
        cells.measure || ' ' || cells.breakdown || ' ' || cells.category as place
    from cells
),

published as (
    select unit_code, census_year, measure, breakdown, category from {{ ref('int_census_returns__already_public') }}
),

final as (
    select
        placed.unit_code,
        placed.census_year,
        placed.measure,
        placed.breakdown,
        placed.category,
        placed.place,
        placed.table_key,
        {{ cell_key(['placed.table_key', 'placed.unit_code', 'placed.place']) }} as cell_key,
        placed.headcount as count_in_cell,
        placed.headcount_status as count_status,
        published.unit_code is not null as is_already_public,
        placed.units_counted::integer as units_counted,
        placed.units_expected::integer as units_expected,
        placed.is_synthetic
    from placed
    left join published
        on
            placed.unit_code = published.unit_code
            and placed.census_year = published.census_year
            and placed.measure = published.measure
            and placed.breakdown = published.breakdown
            and placed.category = published.category
)

select * from final
