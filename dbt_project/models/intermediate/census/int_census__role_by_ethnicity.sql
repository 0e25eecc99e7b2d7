with releases as (
    select release_id, is_current from {{ ref('stg_dfe_census__releases') }}
),

units as (
    select authority_code, unit_code from {{ ref('bridge_authority_reporting_unit') }}
),

roles as (
    select published_role, role from {{ ref('workforce_roles') }}
),

groups as (
    select ethnic_group, wide_headcount_measure, wide_share_measure from {{ ref('ethnic_groups') }}
),

long_layout as (
    select
        release_id,
        source_row,
        area_code,
        area_level,
        census_year,
        published_role,
        breakdown as ethnic_group,
        headcount,
        headcount_status,
        headcount_share_pct,
        headcount_share_status,
        fte,
        fte_status
    from {{ ref('stg_dfe_census__role_by_characteristics') }}
    where lower(breakdown_topic) = 'ethnicity major'
),

wide_cells as (
    select release_id, source_row, area_code, area_level, census_year, published_role, measure, value, value_status
    from {{ ref('stg_dfe_census__role_by_ethnicity_wide') }}
),

-- The 2022 layout: headcounts and their shares of Known only, one column a group; no Total and no Not known.
wide_layout as (
    select
        headcounts.release_id,
        headcounts.source_row,
        headcounts.area_code,
        headcounts.area_level,
        headcounts.census_year,
        headcounts.published_role,
        groups.ethnic_group,
        headcounts.value as headcount,
        headcounts.value_status as headcount_status,
        shares.value as headcount_share_pct,
        shares.value_status as headcount_share_status,
        null::numeric as fte,
        'x' as fte_status
    from wide_cells as headcounts
    inner join groups on headcounts.measure = groups.wide_headcount_measure
    left join wide_cells as shares
        on
            headcounts.release_id = shares.release_id
            and headcounts.source_row = shares.source_row
            and groups.wide_share_measure = shares.measure
),

both_layouts as (
    select
        release_id,
        source_row,
        area_code,
        area_level,
        census_year,
        published_role,
        ethnic_group,
        headcount,
        headcount_status,
        headcount_share_pct,
        headcount_share_status,
        fte,
        fte_status
    from long_layout
    union all
    select
        release_id,
        source_row,
        area_code,
        area_level,
        census_year,
        published_role,
        ethnic_group,
        headcount,
        headcount_status,
        headcount_share_pct,
        headcount_share_status,
        fte,
        fte_status
    from wide_layout
),

placed as (
    select
        both_layouts.release_id,
        releases.is_current,
        coalesce(units.unit_code, both_layouts.area_code) as area_code,
        both_layouts.area_level,
        both_layouts.census_year,
        roles.role,
        both_layouts.ethnic_group,
        both_layouts.headcount,
        both_layouts.headcount_status,
        both_layouts.headcount_share_pct,
        both_layouts.headcount_share_status,
        both_layouts.fte,
        both_layouts.fte_status,
        both_layouts.source_row,
        count(both_layouts.headcount) over (
            partition by both_layouts.release_id, both_layouts.source_row
        ) as numbers_in_row
    from both_layouts
    inner join releases on both_layouts.release_id = releases.release_id
    inner join roles on both_layouts.published_role = roles.published_role
    left join units on both_layouts.area_code = units.authority_code
    where both_layouts.area_code is not null
),

-- Half of a joint unit has symbols throughout; the other half has the figures.
final as (
    select distinct on (release_id, area_code, census_year, role, ethnic_group)
        release_id,
        area_code,
        census_year,
        role,
        ethnic_group,
        area_level,
        is_current,
        headcount,
        -- A measure that the layout does not have, or a cell left empty, is unavailable.
        {{ status_or_unavailable('headcount', 'headcount_status') }} as headcount_status,
        headcount_share_pct,
        {{ status_or_unavailable('headcount_share_pct', 'headcount_share_status') }} as headcount_share_status,
        fte,
        {{ status_or_unavailable('fte', 'fte_status') }} as fte_status
    from placed
    order by
        release_id asc,
        area_code asc,
        census_year asc,
        role asc,
        ethnic_group asc,
        numbers_in_row desc,
        source_row asc
)

select * from final
