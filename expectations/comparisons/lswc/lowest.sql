-- One row per mart, month and count: the lowest of its figures in the month.
with figures as (
    select
        'mart_lswc__monthly' as table_name,
        month,
        kpi as field,
        value
    from marts_candidate.mart_lswc__monthly
    union all
    select
        'mart_lswc__monthly' as table_name,
        month,
        kpi || ' since launch' as field,
        since_launch as value
    from marts_candidate.mart_lswc__monthly
    union all
    select
        'mart_lswc__jobs' as table_name,
        jobs.month,
        counts.field,
        counts.value
    from marts_candidate.mart_lswc__jobs as jobs
    cross join lateral (
        values
        ('jobs_posted', jobs.jobs_posted),
        ('jobs_reposted', jobs.jobs_reposted),
        ('jobs_live', jobs.jobs_live),
        ('jobs_closed', jobs.jobs_closed),
        ('jobs_shown', jobs.jobs_shown),
        ('jobs_featured', jobs.jobs_featured),
        ('job_views', jobs.job_views),
        ('job_views_featured', jobs.job_views_featured),
        ('apply_clicks', jobs.apply_clicks),
        ('apply_clicks_featured', jobs.apply_clicks_featured),
        ('days_open_mean', jobs.days_open_mean)
    ) as counts (field, value)
    union all
    select
        'mart_lswc__channels' as table_name,
        channels.month,
        counts.field,
        counts.value
    from marts_candidate.mart_lswc__channels as channels
    cross join lateral (
        values
        ('sessions', channels.sessions),
        ('engaged_sessions', channels.engaged_sessions),
        ('active_users', channels.active_users),
        ('new_users', channels.new_users)
    ) as counts (field, value)
    union all
    select
        'mart_lswc__followers' as table_name,
        followers.month,
        counts.field,
        counts.value
    from marts_candidate.mart_lswc__followers as followers
    cross join lateral (
        values
        ('followers', followers.followers),
        ('new_followers', followers.new_followers),
        ('unfollows', followers.unfollows)
    ) as counts (field, value)
),

final as (
    select
        table_name,
        field,
        table_name || ' ' || to_char(month, 'FMMonth YYYY') as place,
        min(value) as lowest
    from figures
    where value is not null
    group by table_name, field, month
)

select * from final
order by table_name, field, place
