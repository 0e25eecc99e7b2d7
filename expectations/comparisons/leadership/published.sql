-- One row per unit and year of DfE's role by ethnicity: its headcounts of roles and of all social workers that the mart of
-- Leadership in Colour shows otherwise, or not at all.
with roles as (
    select
        members.role,
        codes.tier
    from reference.leadership_tier_codes as codes
    inner join reference.leadership_tier_members as members on codes.tier = members.tier
    where codes.tier_kind = 'role'
    union all
    select
        'Total' as role,
        tier
    from reference.leadership_tier_codes
    where tier_kind = 'workforce'
),

compared as (
    select
        published.unit_name || ' ' || published.census_year as place,
        (published.headcount is distinct from shown.headcount)
        or (published.headcount_status is distinct from shown.headcount_status) as is_different
    from marts_candidate.mart_census__role_by_ethnicity as published
    inner join roles on published.role = roles.role
    inner join reference.leadership_groups as groups on published.ethnic_group = groups.published_group
    left join marts_candidate.mart_leadership__representation as shown
        on
            published.unit_code = shown.unit_code
            and published.census_year = shown.as_at_year
            and shown.source = 'dfe'
            and roles.tier = shown.tier
            and groups.ethnic_group = shown.ethnic_group
    where
        published.unit_level in ('inner_outer', 'london')
        or (published.unit_level = 'authority' and groups.is_shown_for_units)
),

final as (
    select
        place,
        count(*) as cells_compared,
        count(*) filter (where is_different) as cells_different
    from compared
    group by place
)

select * from final
order by place
