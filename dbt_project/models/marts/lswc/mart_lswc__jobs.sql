with months as (
    select
        months.site,
        months.month,
        months.month_end,
        board_months.counting_rule,
        board_months.month is not null as has_extract
    from {{ ref('int_lswc__months') }} as months
    left join {{ ref('int_lswc__board_months') }} as board_months
        on months.month = board_months.month and board_months.is_complete
),

board as (
    select
        max(month_end) filter (where has_extract) as data_as_at,
        count(*) filter (where has_extract) as months_received
    from months
),

synthetic as (
    select coalesce(bool_or(is_synthetic), false) as is_synthetic
    from {{ ref('stg_lswc__delivery_periods') }}
    where collection = 'lswc_jobs'
),

units as (
    select
        unit_code,
        unit_name,
        unit_level,
        parent_unit_code
    from {{ ref('dim_reporting_unit') }}
    where unit_level in ('authority', 'london')
),

jobs as (
    select
        jobs.*,
        units.parent_unit_code
    from {{ ref('int_lswc__job_months') }} as jobs
    inner join units on jobs.unit_code = units.unit_code
),

known_groups as (
    select
        role_group,
        role_group_order
    from {{ ref('lswc_role_groups') }}
),

-- A group only an extract knows comes last, under its own name.
role_groups as (
    select
        role_group,
        role_group_order
    from known_groups
    union all
    select distinct
        jobs.role_group,
        99 as role_group_order
    from jobs
    where
        not exists (
            select 1
            from known_groups
            where known_groups.role_group = jobs.role_group
        )
),

-- Every job counts in its unit and in London, in its role group and in all of them.
counted as (
    select
        place.unit_code,
        job_group.role_group,
        jobs.month,
        count(*) as jobs_shown,
        count(*) filter (where jobs.is_posted) as jobs_posted,
        count(*) filter (where jobs.is_reposted) as jobs_reposted,
        count(*) filter (where jobs.is_live_at_month_end) as jobs_live,
        count(*) filter (where jobs.is_closed) as jobs_closed,
        count(*) filter (where jobs.is_featured) as jobs_featured,
        sum(jobs.views)::bigint as job_views,
        coalesce(sum(jobs.views) filter (where jobs.is_featured), 0)::bigint as job_views_featured,
        sum(jobs.apply_clicks)::bigint as apply_clicks,
        coalesce(sum(jobs.apply_clicks) filter (where jobs.is_featured), 0)::bigint as apply_clicks_featured,
        bool_and(jobs.counting_rule = jobs.apply_counting_rule) as is_one_rule,
        round(avg(jobs.days_open) filter (where jobs.is_closed), 1) as days_open_mean
    from jobs
    cross join lateral (values (jobs.unit_code), (jobs.parent_unit_code)) as place (unit_code)
    cross join lateral (values (jobs.role_group), ('All role groups')) as job_group (role_group)
    group by place.unit_code, job_group.role_group, jobs.month
),

filled as (
    select
        months.site,
        months.month,
        months.has_extract,
        months.counting_rule,
        units.unit_code,
        units.unit_name,
        units.unit_level,
        role_groups.role_group,
        role_groups.role_group_order,
        {% for figure in [
            'jobs_shown', 'jobs_posted', 'jobs_reposted', 'jobs_live', 'jobs_closed', 'jobs_featured',
            'job_views', 'job_views_featured', 'apply_clicks', 'apply_clicks_featured'
        ] %}
            case when months.has_extract then coalesce(counted.{{ figure }}, 0) end as {{ figure }},
        {% endfor %}
        coalesce(counted.is_one_rule, true) as is_one_rule,
        counted.days_open_mean
    from months
    cross join units
    cross join role_groups
    left join counted
        on
            months.month = counted.month
            and units.unit_code = counted.unit_code
            and role_groups.role_group = counted.role_group
),

final as (
    select
        filled.site,
        filled.unit_code,
        filled.unit_name,
        filled.unit_level,
        filled.month,
        filled.role_group,
        filled.role_group_order,
        case when not filled.has_extract then 'x' end as value_status,
        filled.jobs_posted,
        filled.jobs_reposted,
        filled.jobs_live,
        filled.jobs_closed,
        filled.jobs_shown,
        filled.jobs_featured,
        filled.job_views,
        filled.job_views_featured,
        filled.apply_clicks,
        filled.apply_clicks_featured,
        {{ part_of('filled.job_views', 'filled.jobs_shown', 1) }} as views_per_job,
        {{ part_status('filled.job_views', 'filled.jobs_shown') }} as views_per_job_status,
        case
            when filled.is_one_rule then {{ part_of('filled.apply_clicks', 'filled.job_views', 100) }}
        end as click_through_pct,
        case
            when filled.has_extract and not filled.is_one_rule then 'z'
            else {{ part_status('filled.apply_clicks', 'filled.job_views') }}
        end as click_through_status,
        filled.days_open_mean,
        case
            when filled.days_open_mean is null and not filled.has_extract then 'x'
            when filled.days_open_mean is null then 'z'
        end as days_open_status,
        filled.counting_rule,
        board.data_as_at,
        synthetic.is_synthetic
    from filled
    cross join board
    cross join synthetic
    -- A warehouse that never had an extract has no empty rows for it either.
    where board.months_received > 0
)

select * from final
