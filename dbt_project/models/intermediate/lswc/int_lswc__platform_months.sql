with months as (
    select
        site,
        month,
        month_end,
        days_in_month
    from {{ ref('int_lswc__months') }}
),

-- LinkedIn does not say who left, so its net change is what came.
days as (
    select
        'linkedin' as platform,
        day,
        new_followers,
        null::bigint as unfollows,
        new_followers as net_change
    from {{ ref('stg_lswc_audience__linkedin_day') }}
    where is_complete
    union all
    select
        'x' as platform,
        day,
        new_follows as new_followers,
        unfollows,
        new_follows - unfollows as net_change
    from {{ ref('stg_lswc_audience__x_day') }}
    where is_complete
),

totals as (
    select
        platform,
        as_at,
        followers
    from {{ ref('stg_lswc_audience__follower_total') }}
    where is_complete
),

platforms as (
    select platform from days
    union distinct
    select platform from totals
),

changes as (
    select
        months.site,
        platforms.platform,
        months.month,
        months.month_end,
        count(days.day) = months.days_in_month as has_every_day,
        sum(days.new_followers)::bigint as new_followers,
        sum(days.unfollows)::bigint as unfollows,
        sum(days.net_change)::bigint as net_change
    from months
    cross join platforms
    left join days
        on platforms.platform = days.platform and days.day between months.month and months.month_end
    group by months.site, platforms.platform, months.month, months.month_end, months.days_in_month
),

-- The newest total seen by the month's end, else the first one after it.
counted_from as (
    select
        changes.*,
        seen.as_at,
        seen.followers as followers_seen
    from changes
    left join lateral (
        select
            totals.as_at,
            totals.followers
        from totals
        where totals.platform = changes.platform
        order by
            totals.as_at > changes.month_end,
            abs(totals.as_at - changes.month_end)
        limit 1
    ) as seen on true
),

between_days as (
    select
        counted_from.platform,
        counted_from.month,
        count(days.day) as days_found,
        coalesce(sum(days.net_change), 0) as net_change_between
    from counted_from
    left join days
        on
            counted_from.platform = days.platform
            and days.day > least(counted_from.as_at, counted_from.month_end)
            and days.day <= greatest(counted_from.as_at, counted_from.month_end)
    group by counted_from.platform, counted_from.month
),

final as (
    select
        counted_from.site,
        counted_from.platform,
        counted_from.month,
        case
            -- A first total of 0 is the day the account was opened.
            when counted_from.as_at > counted_from.month_end and counted_from.followers_seen = 0 then 0
            when between_days.days_found = abs(counted_from.as_at - counted_from.month_end)
                then
                    counted_from.followers_seen
                    + case when counted_from.as_at > counted_from.month_end then -1 else 1 end
                    * between_days.net_change_between
        end::bigint as followers,
        counted_from.as_at as counted_from,
        case when counted_from.has_every_day then counted_from.new_followers end as new_followers,
        case when counted_from.has_every_day then counted_from.unfollows end as unfollows,
        case when counted_from.has_every_day then counted_from.net_change end as net_change
    from counted_from
    inner join between_days
        on counted_from.platform = between_days.platform and counted_from.month = between_days.month
)

select * from final
