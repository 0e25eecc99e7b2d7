with current_release as (
    select release_id, publication_year, release_label, is_synthetic
    from {{ ref('stg_dfe_census__releases') }}
    where dataset = 'role_by_ethnicity' and is_current
),

headcounts as (
    select
        published.area_code,
        published.census_year,
        published.role,
        published.ethnic_group,
        published.headcount,
        published.headcount_status,
        published.headcount_share_pct,
        published.headcount_share_status,
        published.fte,
        published.fte_status
    from {{ ref('int_census__role_by_ethnicity') }} as published
    -- As one value, so that the older releases are never read.
    where published.release_id = (select current_release.release_id from current_release)
),

roles as (
    select distinct role, role_order from {{ ref('workforce_roles') }}
),

final as (
    select
        units.unit_code,
        units.unit_name,
        units.unit_level,
        headcounts.census_year,
        headcounts.role,
        roles.role_order,
        headcounts.ethnic_group,
        groups.ethnic_group_order,
        headcounts.headcount,
        headcounts.headcount_status,
        headcounts.fte,
        headcounts.fte_status,
        headcounts.headcount_share_pct as share_pct,
        headcounts.headcount_share_status as share_status,
        groups.share_basis,
        current_release.release_id,
        current_release.publication_year,
        current_release.release_label,
        current_release.is_synthetic
    from headcounts
    cross join current_release
    inner join {{ ref('dim_reporting_unit') }} as units on headcounts.area_code = units.unit_code
    inner join roles on headcounts.role = roles.role
    inner join {{ ref('ethnic_groups') }} as groups on headcounts.ethnic_group = groups.ethnic_group
)

select * from final
