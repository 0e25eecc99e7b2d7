{{ config(materialized='table', post_hook='analyze {{ this }}') }}

with published as (
    select
        unit_code,
        census_year,
        role,
        ethnic_group as published_group,
        headcount,
        headcount_status,
        is_synthetic
    from {{ ref('mart_census__role_by_ethnicity') }}
    where unit_level in ('authority', 'inner_outer', 'london')
),

years as (
    select
        census_year,
        bool_or(is_synthetic) as is_synthetic
    from published
    group by census_year
),

units as (
    select unit_code, unit_level, inner_outer_code, parent_unit_code
    from {{ ref('dim_reporting_unit') }}
    where unit_level in ('authority', 'inner_outer', 'london')
),

tiers as (
    select tier, tier_kind, is_published_for_units from {{ ref('leadership_tier_codes') }}
),

groups as (
    select ethnic_group, published_group, share_basis, is_shown_for_units
    from {{ ref('leadership_groups') }}
    where published_group is not null
),

-- The roles a tier is added up from. All social workers are as published, not added up.
tier_roles as (
    select tiers.tier, members.role
    from tiers
    inner join {{ ref('leadership_tier_members') }} as members on tiers.tier = members.tier
    where tiers.tier_kind <> 'workforce'
    union all
    select tiers.tier, 'Total' as role
    from tiers
    where tiers.tier_kind = 'workforce'
),

roles as (
    select distinct role from tier_roles
),

-- An empty row or a layout without the column is a figure that was not published.
cells as (
    select
        units.unit_code,
        years.census_year,
        roles.role,
        groups.ethnic_group,
        groups.share_basis,
        published.headcount,
        case when published.headcount is null then coalesce(published.headcount_status, 'x') end as headcount_status,
        max(published.headcount) filter (where groups.ethnic_group = 'known') over (
            partition by units.unit_code, years.census_year, roles.role
        ) as known_in_role
    from units
    cross join years
    cross join roles
    cross join groups
    left join published
        on
            units.unit_code = published.unit_code
            and years.census_year = published.census_year
            and roles.role = published.role
            and groups.published_group = published.published_group
),

-- Where nobody's ethnicity is known, DfE prints x for the groups: they add nothing to a sum (domain notes, 2.4).
contributions as (
    select
        *,
        case when share_basis = 'known' and known_in_role = 0 then coalesce(headcount, 0) else headcount end as adds
    from cells
),

added as (
    select
        contributions.unit_code,
        contributions.census_year,
        tier_roles.tier,
        contributions.ethnic_group,
        sum(contributions.adds) as headcount,
        count(*) = count(contributions.adds) as is_complete,
        bool_or(contributions.headcount is null) as has_symbol,
        sum(contributions.known_in_role) as known_headcount,
        min(contributions.headcount_status) as headcount_status
    from contributions
    inner join tier_roles on contributions.role = tier_roles.role
    group by
        contributions.unit_code, contributions.census_year, tier_roles.tier, contributions.ethnic_group
),

groups_added as (
    select
        unit_code,
        census_year,
        tier,
        ethnic_group,
        -- A pooled tier of which nobody's ethnicity is known is no zero either.
        case when is_complete and not (has_symbol and known_headcount = 0) then headcount end as headcount,
        case when not is_complete or (has_symbol and known_headcount = 0) then headcount_status end as headcount_status
    from added
),

-- Global Majority is Known less White, never DfE's own "Non-white" row, which keeps White's count (domain notes, 2.4).
global_majority as (
    select
        known.unit_code,
        known.census_year,
        known.tier,
        'global_majority' as ethnic_group,
        known.headcount - white.headcount as headcount,
        case
            when known.headcount - white.headcount is null then coalesce(white.headcount_status, known.headcount_status)
        end as headcount_status
    from groups_added as known
    inner join groups_added as white
        on
            known.unit_code = white.unit_code
            and known.census_year = white.census_year
            and known.tier = white.tier
    where known.ethnic_group = 'known' and white.ethnic_group = 'white'
),

headcounts as (
    select
        unit_code,
        census_year,
        tier,
        ethnic_group,
        headcount,
        headcount_status
    from groups_added
    union all
    select
        unit_code,
        census_year,
        tier,
        ethnic_group,
        headcount,
        headcount_status
    from global_majority
),

-- A unit's rows that all repeat the year before were probably carried forward, not reported anew.
repeated as (
    select
        this_year.unit_code,
        this_year.census_year,
        count(this_year.headcount) > 0
        and bool_and(
            this_year.headcount is not distinct from last_year.headcount
            and this_year.headcount_status is not distinct from last_year.headcount_status
        ) as is_carried_forward
    from cells as this_year
    left join cells as last_year
        on
            this_year.unit_code = last_year.unit_code
            and this_year.census_year - 1 = last_year.census_year
            and this_year.role = last_year.role
            and this_year.ethnic_group = last_year.ethnic_group
    group by this_year.unit_code, this_year.census_year
),

reported as (
    select
        unit_code,
        census_year,
        count(headcount) > 0 as is_reported
    from cells
    group by unit_code, census_year
),

coverage as (
    select
        areas.unit_code,
        reported.census_year,
        count(*) filter (where reported.is_reported) as units_counted,
        count(*) as units_expected
    from units as areas
    inner join units as parts
        on
            parts.unit_level = 'authority'
            and areas.unit_code in (parts.unit_code, parts.inner_outer_code, parts.parent_unit_code)
    inner join reported on parts.unit_code = reported.unit_code
    group by areas.unit_code, reported.census_year
),

final as (
    select
        headcounts.unit_code,
        headcounts.census_year as as_at_year,
        headcounts.tier,
        headcounts.ethnic_group,
        headcounts.headcount,
        headcounts.headcount_status,
        repeated.is_carried_forward and units.unit_level = 'authority' as is_carried_forward,
        coverage.units_counted::integer as units_counted,
        coverage.units_expected::integer as units_expected,
        years.is_synthetic
    from headcounts
    inner join units on headcounts.unit_code = units.unit_code
    inner join years on headcounts.census_year = years.census_year
    inner join tiers on headcounts.tier = tiers.tier
    inner join {{ ref('leadership_groups') }} as shown on headcounts.ethnic_group = shown.ethnic_group
    inner join repeated
        on headcounts.unit_code = repeated.unit_code and headcounts.census_year = repeated.census_year
    inner join coverage
        on headcounts.unit_code = coverage.unit_code and headcounts.census_year = coverage.census_year
    where units.unit_level <> 'authority' or (tiers.is_published_for_units and shown.is_shown_for_units)
)

select * from final
