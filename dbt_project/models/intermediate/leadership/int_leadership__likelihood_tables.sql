{{ config(materialized='table', post_hook='analyze {{ this }}') }}

with tiers as (
    select tier, tier_kind, is_shown_for_units from {{ ref('leadership_tier_codes') }}
),

focus_groups as (
    select ethnic_group, is_shown_for_units from {{ ref('leadership_groups') }}
    where is_focus_group
),

units as (
    select unit_code, unit_level from {{ ref('dim_reporting_unit') }}
),

headcounts as (
    select
        unit_code,
        as_at_year,
        source,
        tier,
        ethnic_group,
        headcount,
        headcount_status
    from {{ ref('int_leadership__headcounts_shown') }}
    where product in ('published', 'members')
),

beside_the_workforce as (
    select
        unit_code,
        as_at_year,
        source,
        tier,
        ethnic_group,
        headcount,
        headcount_status,
        max(headcount) filter (where tier = 'all') over (
            partition by unit_code, as_at_year, source, ethnic_group
        ) as workforce_headcount,
        max(headcount_status) filter (where tier = 'all') over (
            partition by unit_code, as_at_year, source, ethnic_group
        ) as workforce_status
    from headcounts
),

-- Of a single unit no role and no group beside the Global Majority: the base of a senior role is about four people.
compared as (
    select
        focus.unit_code,
        focus.as_at_year,
        focus.source,
        focus.tier,
        focus.ethnic_group as focus_group,
        reference.ethnic_group as reference_group,
        focus.headcount as focus_in_tier,
        focus.workforce_headcount as focus_in_workforce,
        reference.headcount as reference_in_tier,
        reference.workforce_headcount as reference_in_workforce,
        coalesce(
            focus.headcount_status, reference.headcount_status, focus.workforce_status, reference.workforce_status
        ) as counts_status
    from beside_the_workforce as focus
    inner join beside_the_workforce as reference
        on
            focus.unit_code = reference.unit_code
            and focus.as_at_year = reference.as_at_year
            and focus.source = reference.source
            and focus.tier = reference.tier
            and reference.ethnic_group = 'white'
    inner join focus_groups on focus.ethnic_group = focus_groups.ethnic_group
    inner join tiers on focus.tier = tiers.tier
    inner join units on focus.unit_code = units.unit_code
    where
        tiers.tier_kind <> 'workforce'
        and (units.unit_level <> 'authority' or (tiers.is_shown_for_units and focus_groups.is_shown_for_units))
),

final as (
    select
        row_number() over (
            order by unit_code, as_at_year, source, tier, focus_group, reference_group
        ) as table_id,
        unit_code,
        as_at_year,
        source,
        tier,
        focus_group,
        reference_group,
        case when counts_status is null then focus_in_tier end as focus_in_tier,
        case when counts_status is null then focus_in_workforce end as focus_in_workforce,
        case when counts_status is null then reference_in_tier end as reference_in_tier,
        case when counts_status is null then reference_in_workforce end as reference_in_workforce,
        counts_status,
        case
            when counts_status is not null then counts_status
            when focus_in_tier + reference_in_tier < {{ disclosure_parameter('members', 'minimum_group_for_ratios') }}
                then 'c'
        end as base_status
    from compared
)

select * from final
