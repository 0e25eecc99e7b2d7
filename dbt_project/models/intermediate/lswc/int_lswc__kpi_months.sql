with months as (
    select
        site,
        site_name,
        month,
        month_end
    from {{ ref('int_lswc__months') }}
),

kpis as (
    select
        kpi,
        measure_kind,
        source
    from {{ ref('lswc_kpis') }}
),

web as (
    select
        month,
        total_users,
        sessions
    from {{ ref('stg_lswc_web__month') }}
    where is_complete
),

-- People of several months are never added: they are asked for over the whole time since the launch.
web_since_launch as (
    select
        month,
        total_users,
        sessions
    from {{ ref('stg_lswc_web__since_launch') }}
    where is_complete
),

board_months as (
    select month
    from {{ ref('int_lswc__board_months') }}
    where is_complete
),

board as (
    select
        board_months.month,
        count(*) filter (where jobs.is_posted) as jobs_posted,
        count(*) filter (where jobs.is_live_at_month_end) as jobs_live,
        coalesce(sum(jobs.views), 0) as job_views,
        min(jobs.counting_rule) as counting_rule,
        -- Clicks counted by several rules in one month make no figure.
        case
            when count(distinct jobs.apply_counting_rule) <= 1 then coalesce(sum(jobs.apply_clicks), 0)
        end as apply_clicks,
        min(jobs.apply_counting_rule) as apply_counting_rule
    from board_months
    left join {{ ref('int_lswc__job_months') }} as jobs on board_months.month = jobs.month
    group by board_months.month
),

events as (
    select
        month,
        event_kind,
        event_count
    from {{ ref('int_lswc__event_months') }}
    where event_kind in ('job_view', 'apply_click')
),

registered as (
    select
        month,
        registrations,
        registrations_to_date
    from {{ ref('stg_lswc_audience__registration_month') }}
    where is_complete
),

-- All platforms or no figure: a total without one of them would look like a fall.
followed as (
    select
        month,
        case when count(followers) = count(*) then sum(followers) end as followers
    from {{ ref('int_lswc__platform_months') }}
    group by month
),

figures as (
    select
        month,
        'visitors' as kpi,
        total_users::numeric as value,
        'ga4_event' as counting_rule,
        'web_month' as source
    from web
    union all
    select
        month,
        'sessions' as kpi,
        sessions::numeric as value,
        'ga4_event' as counting_rule,
        'web_month' as source
    from web
    union all
    select
        month,
        'jobs_posted' as kpi,
        jobs_posted::numeric as value,
        'advert' as counting_rule,
        'job_board' as source
    from board
    union all
    select
        month,
        'jobs_live' as kpi,
        jobs_live::numeric as value,
        'advert' as counting_rule,
        'job_board' as source
    from board
    union all
    select
        month,
        'job_views' as kpi,
        job_views::numeric as value,
        counting_rule,
        'job_board' as source
    from board
    union all
    select
        month,
        'apply_clicks' as kpi,
        apply_clicks::numeric as value,
        apply_counting_rule as counting_rule,
        'job_board' as source
    from board
    union all
    -- Only while there is no job board at all: two sources never make one series.
    select
        month,
        case event_kind when 'job_view' then 'job_views' else 'apply_clicks' end as kpi,
        event_count::numeric as value,
        'ga4_event' as counting_rule,
        'web_events' as source
    from events
    where not exists (select 1 from board)
    union all
    select
        month,
        'registrations' as kpi,
        registrations::numeric as value,
        'registration' as counting_rule,
        'registrations' as source
    from registered
    union all
    select
        month,
        'followers' as kpi,
        followers::numeric as value,
        'follower' as counting_rule,
        'followers' as source
    from followed
),

every_month as (
    select
        months.site,
        months.site_name,
        months.month,
        months.month_end,
        kpis.kpi,
        kpis.measure_kind,
        figures.value,
        coalesce(figures.source, max(figures.source) over whole_series, kpis.source) as source,
        coalesce(figures.counting_rule, max(figures.counting_rule) over whole_series) as counting_rule
    from months
    cross join kpis
    left join figures on months.month = figures.month and kpis.kpi = figures.kpi
    window whole_series as (partition by months.site, kpis.kpi)
),

totals as (
    select
        every_month.*,
        count(every_month.value) over so_far = count(*) over so_far
        and min(every_month.counting_rule) over so_far = max(every_month.counting_rule) over so_far as is_unbroken,
        sum(every_month.value) over so_far as sum_so_far
    from every_month
    window so_far as (
        partition by every_month.site, every_month.kpi
        order by every_month.month
        rows between unbounded preceding and current row
    )
),

since_launch as (
    select
        totals.site,
        totals.kpi,
        totals.month,
        case
            when totals.measure_kind = 'stock' then null
            when totals.kpi = 'visitors' then web_since_launch.total_users
            when totals.kpi = 'sessions' then web_since_launch.sessions
            when totals.kpi = 'registrations' then registered.registrations_to_date
        end::numeric as told,
        case when totals.measure_kind = 'flow' and totals.is_unbroken then totals.sum_so_far end as added
    from totals
    left join web_since_launch on totals.month = web_since_launch.month
    left join registered on totals.month = registered.month
),

final as (
    select
        totals.site,
        totals.site_name,
        totals.month,
        totals.month_end,
        totals.kpi,
        totals.measure_kind,
        totals.value,
        totals.source,
        totals.counting_rule,
        coalesce(since_launch.told, since_launch.added) as since_launch,
        case
            when totals.measure_kind = 'stock' then 'z'
            when coalesce(since_launch.told, since_launch.added) is null then 'x'
        end as since_launch_status,
        case
            when since_launch.told is not null and totals.kpi = 'registrations' then 'stated'
            when since_launch.told is not null then 'asked_for'
            when since_launch.added is not null then 'added'
        end as since_launch_basis
    from totals
    inner join since_launch
        on totals.site = since_launch.site and totals.kpi = since_launch.kpi and totals.month = since_launch.month
)

select * from final
