with source_months as (
    select
        site,
        month,
        completeness = 'complete' as is_there,
        coalesce(is_sampled, false) as is_sampled,
        coalesce(is_thresholded, false) as is_thresholded,
        coalesce(has_other_row_loss, false) as has_other_row_loss,
        is_synthetic
    from {{ ref('int_lswc__source_months') }}
    where source = 'web_channels'
),

delivered as (
    select
        month,
        channel,
        sessions,
        engaged_sessions,
        active_users,
        new_users
    from {{ ref('stg_lswc_web__channel_month') }}
    where is_complete
),

channels as (
    select distinct channel from delivered
),

-- A channel without a row had no visits, unless Google left rows about few people out.
filled as (
    select
        source_months.*,
        channels.channel,
        case
            when not source_months.is_there then 'x'
            when delivered.channel is not null and delivered.sessions is null then 'x'
            when delivered.channel is null and source_months.is_thresholded then 'c'
        end as value_status,
        source_months.is_there and not source_months.is_thresholded and delivered.channel is null as is_without_visits,
        delivered.sessions,
        delivered.engaged_sessions,
        delivered.active_users,
        delivered.new_users
    from source_months
    cross join channels
    left join delivered
        on
            source_months.is_there
            and source_months.month = delivered.month
            and channels.channel = delivered.channel
),

counted as (
    select
        site,
        month,
        channel,
        value_status,
        {% for figure in ['sessions', 'engaged_sessions', 'active_users', 'new_users'] %}
            case when is_without_visits then 0 else {{ figure }} end as {{ figure }},
        {% endfor %}
        is_sampled,
        is_thresholded,
        has_other_row_loss,
        is_synthetic
    from filled
),

shared as (
    select
        counted.*,
        sum(counted.sessions) over (partition by counted.site, counted.month) as sessions_of_all
    from counted
),

final as (
    select
        site,
        month,
        channel,
        sessions,
        value_status,
        engaged_sessions,
        active_users,
        new_users,
        {{ part_of('sessions', 'sessions_of_all', 100) }} as share_of_sessions_pct,
        coalesce(value_status, {{ part_status('sessions', 'sessions_of_all') }}) as share_status,
        'ga4_event' as counting_rule,
        is_sampled,
        is_thresholded,
        has_other_row_loss,
        is_synthetic
    from shared
)

select * from final
