-- One row per area, census year and total of role by ethnicity: the published headcount beside the sum of its parts.
-- Parts: the five groups in Known, Known and Not known in Total, the six roles in all roles.
with headcounts as (
    select
        unit_code,
        unit_name,
        unit_level,
        census_year,
        role,
        ethnic_group,
        share_basis,
        headcount
    from marts_candidate.mart_census__role_by_ethnicity
),

totals as (
    select distinct unit_code, census_year, role, ethnic_group
    from headcounts
),

cells as (
    select distinct role, ethnic_group, share_basis
    from headcounts
),

-- The wide layout publishes neither Total nor Not known: nothing adds up to what is not there.
memberships as (
    select
        totals.unit_code,
        totals.census_year,
        totals.role as whole_role,
        totals.ethnic_group as whole_group,
        cells.role as part_role,
        cells.ethnic_group as part_group,
        case
            when totals.role <> cells.role then 'roles'
            when totals.ethnic_group = 'Known' then 'ethnic groups'
            else 'Known and Not known'
        end as parts
    from totals
    inner join cells
        on
            (
                totals.role = cells.role
                and totals.ethnic_group = 'Known'
                and cells.share_basis = 'known'
            )
            or (
                totals.role = cells.role
                and totals.ethnic_group = 'Total'
                and cells.ethnic_group in ('Known', 'Not known')
            )
            or (
                totals.role = 'Total'
                and cells.role <> 'Total'
                and totals.ethnic_group = cells.ethnic_group
            )
),

added as (
    select
        memberships.unit_code,
        memberships.census_year,
        memberships.whole_role,
        memberships.whole_group,
        memberships.parts,
        sum(headcounts.headcount) as sum_of_parts,
        count(*) - count(headcounts.headcount) as parts_without_number
    from memberships
    left join headcounts
        on
            memberships.unit_code = headcounts.unit_code
            and memberships.census_year = headcounts.census_year
            and memberships.part_role = headcounts.role
            and memberships.part_group = headcounts.ethnic_group
    group by
        memberships.unit_code,
        memberships.census_year,
        memberships.whole_role,
        memberships.whole_group,
        memberships.parts
),

final as (
    select
        headcounts.unit_name || ' ' || headcounts.census_year || ', ' || headcounts.role || ', '
        || headcounts.ethnic_group as place,
        headcounts.unit_level,
        added.parts,
        headcounts.headcount as published,
        coalesce(added.sum_of_parts, 0) as sum_of_parts,
        added.parts_without_number,
        added.parts_without_number > 0 as has_parts_without_number,
        coalesce(added.sum_of_parts, 0) - headcounts.headcount as difference
    from added
    inner join headcounts
        on
            added.unit_code = headcounts.unit_code
            and added.census_year = headcounts.census_year
            and added.whole_role = headcounts.role
            and added.whole_group = headcounts.ethnic_group
    where headcounts.headcount is not null
)

select * from final
order by place, parts
