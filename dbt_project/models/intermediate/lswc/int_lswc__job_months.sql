-- A table, because the marts read it many times over and the planner must know how small it is.
{{ config(materialized='table', post_hook='analyze {{ this }}') }}

with board_months as (
    select
        month,
        counting_rule
    from {{ ref('int_lswc__board_months') }}
    where is_complete
),

units as (
    select
        authority_code,
        unit_code
    from {{ ref('bridge_authority_reporting_unit') }}
),

jobs as (
    select
        job_id,
        authority_code,
        role_group,
        month,
        posted_date,
        closing_date,
        status,
        views,
        apply_clicks,
        counting_rule,
        apply_counting_rule,
        is_featured
    from {{ ref('stg_lswc_jobs__job_month') }}
    where status is distinct from 'draft'
),

final as (
    select
        jobs.month,
        jobs.job_id,
        -- A joint advert bears the unit's own code.
        coalesce(units.unit_code, jobs.authority_code) as unit_code,
        jobs.role_group,
        jobs.posted_date,
        jobs.closing_date,
        {{ month_of('jobs.posted_date') }} = jobs.month as is_posted,
        {{ month_of('jobs.posted_date') }} = jobs.month and adverts.is_repost as is_reposted,
        jobs.posted_date <= {{ month_end('jobs.month') }}
        and (jobs.closing_date is null or jobs.closing_date >= {{ month_end('jobs.month') }})
        and coalesce(jobs.status, 'live') not in ('filled', 'withdrawn') as is_live_at_month_end,
        coalesce({{ month_of('jobs.closing_date') }} = jobs.month, false) as is_closed,
        jobs.closing_date - jobs.posted_date + 1 as days_open,
        jobs.is_featured,
        jobs.views,
        jobs.apply_clicks,
        jobs.counting_rule,
        jobs.apply_counting_rule
    from jobs
    inner join board_months on jobs.month = board_months.month and jobs.counting_rule = board_months.counting_rule
    inner join {{ ref('int_lswc__adverts') }} as adverts
        on jobs.job_id = adverts.job_id and jobs.posted_date = adverts.posted_date
    left join units on jobs.authority_code = units.authority_code
)

select * from final
